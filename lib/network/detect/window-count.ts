const BUCKETS = 8;

/**
 * Counts events of the last so many seconds in fixed space: eight parts of the window, the oldest dropped as a whole.
 * Most counters never see a second part; they are a sum only.
 */
export class WindowCount {
  private counts: number[] | undefined;
  private readonly width: number;
  private newest = -1;
  private sum = 0;

  constructor(seconds: number) {
    this.width = seconds / BUCKETS;
  }

  /** @param by negative to take events back. @returns the count within the window; at least 0. */
  add(now: number, by = 1): number {
    this.moveTo(now);
    if (this.counts !== undefined) {
      const slot = this.newest % BUCKETS;
      this.counts[slot] = (this.counts[slot] as number) + by;
    }
    this.sum += by;
    return Math.max(0, this.sum);
  }

  at(now: number): number {
    this.moveTo(now);
    return Math.max(0, this.sum);
  }

  clear(): void {
    this.counts = undefined;
    this.sum = 0;
    this.newest = -1;
  }

  private moveTo(now: number): void {
    const bucket = Math.max(0, Math.floor(now / this.width));
    const steps = bucket - this.newest;
    if (steps <= 0) return;
    if (this.newest < 0 || steps >= BUCKETS) {
      this.counts = undefined;
      this.sum = 0;
    } else if (this.sum !== 0 || this.counts !== undefined) {
      this.advance(steps);
    }
    this.newest = bucket;
  }

  private advance(steps: number): void {
    if (this.counts === undefined) {
      this.counts = new Array<number>(BUCKETS).fill(0);
      this.counts[this.newest % BUCKETS] = this.sum;
    }
    for (let step = 1; step <= steps; step++) {
      const slot = (this.newest + step) % BUCKETS;
      this.sum -= this.counts[slot] as number;
      this.counts[slot] = 0;
    }
  }
}
