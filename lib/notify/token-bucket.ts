/** Share of the allowance that only authenticated sources may use up. */
const RESERVED = 0.3;
const MS_PER_MINUTE = 60_000;

/**
 * An allowance of so many alerts a minute, which may be used at once and refills evenly.
 *
 * The last three tenths are kept for authenticated sources: who invents names must not silence the devices.
 */
export class TokenBucket {
  private tokens: number;
  private readonly reserve: number;

  /**
   * @param perMinute allowance and size, at least 1.
   * @param updated monotonic milliseconds.
   */
  constructor(
    private readonly perMinute: number,
    private updated: number,
  ) {
    this.tokens = perMinute;
    this.reserve = Math.floor(perMinute * RESERVED);
  }

  /** @param now monotonic milliseconds. */
  take(now: number, authenticated: boolean): boolean {
    this.refill(now);
    if (this.tokens < 1 + (authenticated ? 0 : this.reserve)) return false;
    this.tokens--;
    return true;
  }

  /** Takes a token in any case; what is missing has to be refilled first. */
  force(now: number): void {
    this.refill(now);
    this.tokens--;
  }

  private refill(now: number): void {
    const gained = ((now - this.updated) * this.perMinute) / MS_PER_MINUTE;
    this.tokens = Math.min(this.perMinute, this.tokens + Math.max(0, gained));
    this.updated = now;
  }
}
