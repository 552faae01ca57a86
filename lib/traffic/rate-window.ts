const BUCKET_MS = 100;
/** The last second and, in part, the bucket before it. */
const BUCKETS = 11;

/**
 * Counts the messages of the last second in a fixed space, however many there are: ten buckets of 100 ms, and the one
 * that is leaving by the part of it that still lies within the second.
 */
export class RateWindow {
  private readonly counts: number[] = new Array(BUCKETS).fill(0);
  private newest = Number.NEGATIVE_INFINITY;

  /**
   * Counts one message.
   *
   * @param at its reception, milliseconds since the Unix epoch.
   * @returns messages within the last second, this one included.
   */
  add(at: number): number {
    const bucket = Math.floor(at / BUCKET_MS);
    this.moveTo(bucket);
    const slot = this.newest % BUCKETS;
    this.counts[slot] = (this.counts[slot] as number) + 1;
    let sum = 0;
    for (const count of this.counts) sum += count;
    const elapsed = Math.max(0, Math.min(1, at / BUCKET_MS - this.newest));
    const leaving = this.counts[(this.newest + 1) % BUCKETS] as number;
    return Math.max(1, Math.round(sum - elapsed * leaving));
  }

  private moveTo(bucket: number): void {
    const steps = bucket - this.newest;
    // A clock that is set back by more than the window starts a new one; a smaller step counts as now.
    if (steps >= BUCKETS || steps <= -BUCKETS) this.counts.fill(0);
    else if (steps <= 0) return;
    else for (let step = 1; step <= steps; step++) this.counts[(this.newest + step) % BUCKETS] = 0;
    this.newest = bucket;
  }
}
