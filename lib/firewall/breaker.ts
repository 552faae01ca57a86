const WINDOW_MS = 60_000;

/**
 * So many new blocks within a minute and no more: where everybody turns hostile at once, the fault is more likely in
 * what we believe than in everybody.
 */
export class Breaker {
  private readonly times: number[] = [];

  constructor(readonly perMinute: number) {}

  /** @param now monotonic milliseconds. */
  recent(now: number): number {
    while (this.times.length > 0 && now - (this.times[0] as number) >= WINDOW_MS) this.times.shift();
    return this.times.length;
  }

  isOpen(now: number): boolean {
    return this.recent(now) >= this.perMinute;
  }

  /** Counts a block; false where there were too many. */
  take(now: number): boolean {
    if (this.isOpen(now)) return false;
    this.times.push(now);
    return true;
  }

  /** Takes back the latest one, which did not happen. */
  giveBack(): void {
    this.times.pop();
  }
}
