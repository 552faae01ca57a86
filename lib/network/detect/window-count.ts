const BUCKETS = 8;

/** Counts events of the last so many seconds in fixed space: eight parts of the window, the oldest dropped as a whole. */
export class WindowCount {
  private readonly counts = new Array<number>(BUCKETS).fill(0);
  private readonly width: number;
  private newest = Number.NEGATIVE_INFINITY;
  private sum = 0;

  constructor(seconds: number) {
    this.width = seconds / BUCKETS;
  }

  /** @param by negative to take events back. @returns the count within the window; at least 0. */
  add(now: number, by = 1): number {
    this.moveTo(now);
    const slot = this.newest % BUCKETS;
    this.counts[slot] = (this.counts[slot] as number) + by;
    this.sum += by;
    return Math.max(0, this.sum);
  }

  at(now: number): number {
    this.moveTo(now);
    return Math.max(0, this.sum);
  }

  clear(): void {
    this.counts.fill(0);
    this.sum = 0;
    this.newest = Number.NEGATIVE_INFINITY;
  }

  private moveTo(now: number): void {
    const bucket = Math.max(0, Math.floor(now / this.width));
    const steps = bucket - this.newest;
    if (steps === 0) return;
    if (steps >= BUCKETS || steps <= -BUCKETS) {
      this.counts.fill(0);
      this.sum = 0;
    } else if (steps < 0) {
      return;
    } else {
      for (let step = 1; step <= steps; step++) {
        const slot = (this.newest + step) % BUCKETS;
        this.sum -= this.counts[slot] as number;
        this.counts[slot] = 0;
      }
    }
    this.newest = bucket;
  }
}
