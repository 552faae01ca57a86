/** Messages that may come at once: a backlog after a reconnect and redeliveries. What is more is not ordinary. */
const CAPACITY = 6;
/** So many messages over in a row are a burst, not a sender without rhythm. */
const OVER_IN_A_ROW = 3;
/** After a burst only a pair may come at once, and no hurry, until there was none for this many seconds. */
const CAPACITY_ON_PROBATION = 2;
const PROBATION_SEC = 60;
/** What a message costs that was made right after the one before it: such are not waiting for a connection. */
const COST_OF_A_HURRY = 2;
/** Made within this part of a usual interval. */
const HURRY = 0.1;
/** A source may send this many times its usual rate for as long as it likes: jitter, and Poisson senders. */
const MARGIN = 3;
/** Messages a second that every source may send, however seldom it usually does. */
const LEAST_REFILL = 0.5;
/** Intervals from which the usual rate is first taken. */
const INTERVALS_TO_LEARN = 20;
/** Afterwards it follows its source with this time constant, seconds. */
const TIME_CONSTANT_SEC = 3600;
/** A pause counts as at most this many usual intervals, and at first as this many seconds: it tells nothing of a rate. */
const LONGEST_PAUSE = 4;
const LONGEST_FIRST_PAUSE_SEC = 10;

/** One pause among twenty intervals would make a quick sender a slow one. */
function meanWithoutPauses(intervals: readonly number[]): number {
  const sorted = [...intervals].sort((a, b) => a - b);
  const longest = LONGEST_PAUSE * (sorted[sorted.length >> 1] ?? 0);
  const counted = longest > 0 ? sorted.filter((interval) => interval <= longest) : sorted;
  return counted.reduce((sum, interval) => sum + interval, 0) / counted.length;
}

/** Messages a second that a source may send while its usual rate is unknown. */
export const DEFAULT_NEW_SOURCE_RATE = 5;

/**
 * What one source may send: a token bucket (Turner 1986) of {@link CAPACITY} messages that refills at three times the
 * source's usual rate. The usual rate is learned from the source itself, and only while its bucket is at least half
 * full: a flood empties it first, and so never becomes usual. A rise to less than three times the usual rate is
 * allowed and becomes usual within hours. Who sent a burst gets little at once for a minute: a second one after a short
 * pause has no allowance to spend again.
 */
export class Allowance {
  private tokens = CAPACITY;
  /** Seconds until the source has its whole allowance again. */
  private probation = 0;
  private overInARow = 0;
  /** Mean interval in seconds. */
  private meanInterval = 0;
  private intervals = 0;
  /** Until there are enough to learn from. */
  private first: number[] | undefined = [];

  /** Messages a second; null until enough intervals were seen. */
  get usualRate(): number | null {
    return this.intervals < INTERVALS_TO_LEARN || this.meanInterval <= 0 ? null : 1 / this.meanInterval;
  }

  /**
   * Takes one message out of the allowance.
   *
   * @param interval seconds since the source's last message; null for its first.
   * @param newSourceRate messages a second while the usual rate is unknown.
   * @param sentInterval seconds between the two by the sender's own clock; null where it does not say. A backlog was
   *   made at the usual pace, a burst was not.
   * @param isUsual whether the interval tells how often the source sends.
   * @returns whether nothing was left for it.
   */
  isOver(interval: number | null, newSourceRate: number, sentInterval: number | null = null, isUsual = true): boolean {
    if (interval !== null) {
      this.probation = Math.max(0, this.probation - interval);
      const capacity = this.probation > 0 ? CAPACITY_ON_PROBATION : CAPACITY;
      this.tokens = Math.min(capacity, this.tokens + interval * this.refillRate(newSourceRate));
      if (isUsual && this.tokens >= CAPACITY / 2) this.learn(interval);
    }
    const { usualRate } = this;
    const isHurry = usualRate !== null && sentInterval !== null && sentInterval * usualRate < HURRY;
    const cost = isHurry ? COST_OF_A_HURRY : 1;
    if (this.tokens < cost || (isHurry && this.probation > 0)) {
      if (++this.overInARow >= OVER_IN_A_ROW) this.probation = PROBATION_SEC;
      return true;
    }
    this.overInARow = 0;
    this.tokens -= cost;
    return false;
  }

  /** Messages a second that the source may send for as long as it likes. */
  refillRate(newSourceRate: number): number {
    return Math.max(LEAST_REFILL, this.usualRate === null ? newSourceRate : MARGIN * this.usualRate);
  }

  private learn(interval: number): void {
    const longest =
      this.intervals < INTERVALS_TO_LEARN
        ? Math.max(LONGEST_FIRST_PAUSE_SEC, LONGEST_PAUSE * this.meanInterval)
        : LONGEST_PAUSE * this.meanInterval;
    const counted = Math.min(interval, longest);
    if (this.intervals < INTERVALS_TO_LEARN) {
      this.intervals++;
      this.first?.push(counted);
      this.meanInterval = meanWithoutPauses(this.first ?? []);
      if (this.intervals === INTERVALS_TO_LEARN) this.first = undefined;
      return;
    }
    // Weighed by the usual interval, not by this one, which would count long intervals twice.
    this.meanInterval += Math.min(1, this.meanInterval / TIME_CONSTANT_SEC) * (counted - this.meanInterval);
  }
}
