/** The time, and a way to wait for it; tests bring their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls back once; the result cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/**
 * Calls back at every whole multiple of an interval since 1970 (UTC). Releases happen on this tick and never "when
 * ready": how long the sampler takes depends on what it draws (Jin et al., S&P 2022). A machine that slept skips
 * the missed ticks; one whose clock was set goes on with the new time's next boundary.
 */
export class ReleaseTimer {
  private cancel: () => void;
  private boundary: number;

  /** @param onBoundary is given the boundary, milliseconds since the Unix epoch. */
  constructor(
    private readonly intervalMs: number,
    private readonly clock: Clock,
    private readonly onBoundary: (boundary: number) => void,
  ) {
    this.boundary = this.following(clock.now());
    this.cancel = this.wait();
  }

  stop(): void {
    this.cancel();
  }

  private following(now: number): number {
    return (Math.floor(now / this.intervalMs) + 1) * this.intervalMs;
  }

  private wait(): () => void {
    return this.clock.after(this.boundary - this.clock.now(), () => this.fire());
  }

  private fire(): void {
    const now = this.clock.now();
    const following = this.following(now);
    // A timer may come a millisecond early.
    const reached = now >= this.boundary;
    this.boundary = following;
    this.cancel = this.wait();
    if (reached) this.onBoundary(following - this.intervalMs);
  }
}
