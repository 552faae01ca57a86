/** Readings per second of the fastest sensor, counted by the gateway's clock over the last full window. */
export class RateMeter {
  private readonly counts = new Map<string, number>();
  private start: number | undefined;
  private most = 0;
  private lastRate = 0;
  private lastSeen = 0;

  /** @param windowSec length of a window, seconds. */
  constructor(private readonly windowSec: number) {}

  observe(device: string, now: number): void {
    this.lastSeen = now;
    this.start ??= now;
    if (now - this.start >= this.windowSec * 1000 || now < this.start) {
      this.lastRate = this.most / this.windowSec;
      this.counts.clear();
      this.most = 0;
      this.start = now;
    }
    const count = (this.counts.get(device) ?? 0) + 1;
    this.counts.set(device, count);
    this.most = Math.max(this.most, count);
  }

  /** Never 0 once something was observed: the higher of the last window's rate and the current one's so far. */
  get perSecond(): number {
    if (this.start === undefined) return 1;
    const elapsed = Math.max(1, (this.lastSeen - this.start) / 1000);
    return Math.max(this.lastRate, this.lastRate > 0 ? this.most / this.windowSec : this.most / elapsed);
  }
}
