/**
 * Notices devices that fall silent. Only devices that gave an authenticated sign of life are watched, so that nobody
 * can lower the trust of a device by naming it; a silence is told once, however long it lasts.
 *
 * All times are of a monotonic clock (`performance.now()`): by the wall clock every device would fall silent when
 * somebody sets it forward.
 */
export class HeartbeatWatch {
  /** In the order of the last sign of life. */
  private readonly lastSeen = new Map<string, number>();

  /** @param timeoutSec silence after which a device counts as lost, seconds. */
  constructor(private readonly timeoutSec: number) {}

  /**
   * @param device that gave a sign of life.
   * @param now milliseconds.
   */
  seen(device: string, now: number): void {
    this.lastSeen.delete(device);
    this.lastSeen.set(device, now);
  }

  /** The device is gone for good: its silence means nothing. */
  forget(device: string): void {
    this.lastSeen.delete(device);
  }

  /** Nobody could be heard until now, so that no silence before counts. */
  restart(now: number): void {
    for (const device of this.lastSeen.keys()) this.lastSeen.set(device, now);
  }

  /** @returns the devices that fell silent since the last call, the longest silent first. */
  lost(now: number): string[] {
    const lost: string[] = [];
    for (const [device, at] of this.lastSeen) {
      if (now - at < this.timeoutSec * 1000) break;
      lost.push(device);
    }
    for (const device of lost) this.lastSeen.delete(device);
    return lost;
  }
}
