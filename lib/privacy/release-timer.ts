/** The time, and a way to wait for it; tests bring their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch; somebody may set it. */
  now(): number;
  /** Milliseconds since some moment; nobody can set it. */
  monotonic(): number;
  /** Calls back once; the result cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** How long after an interval's end its values are sent; far longer than it takes to make them. */
export const RELEASE_OFFSET_MS = 50;
/** Two boundaries closer than an interval less this share were not an interval apart: the clock was set. */
const TOLERANCE = 0.01;
const LEAST_TOLERANCE_MS = 20;

/**
 * Calls `prepare` at every whole multiple of an interval since 1970 (UTC), and what that returns a fixed time later.
 * Releases are sent on this tick and never "when ready": how long the sampler takes depends on what it draws (Jin et
 * al., S&P 2022), and how long booking takes on the disk. Where preparing takes longer than the offset, sending waits
 * for the next multiple of it.
 *
 * A machine that slept skips the missed ticks; one whose clock was set goes on with the new time's boundaries. The
 * first of them comes after a full interval at least, since an event must not touch more releases than it was
 * calibrated for, and after less than two.
 */
export class ReleaseTimer {
  private cancel: () => void;
  private boundary: number;
  /** Monotonic time of the last boundary that was used. */
  private lastUsed = Number.NEGATIVE_INFINITY;
  private readonly sending = new Set<() => void>();

  /** @param prepare is given the boundary, milliseconds since the Unix epoch, and returns how to send. */
  constructor(
    private readonly intervalMs: number,
    private readonly clock: Clock,
    private readonly prepare: (boundary: number) => (() => void) | undefined,
    private readonly offsetMs = RELEASE_OFFSET_MS,
  ) {
    this.boundary = this.following(clock.now());
    this.cancel = this.wait();
  }

  /** What is prepared and not yet sent is dropped. */
  stop(): void {
    this.cancel();
    for (const cancel of this.sending) cancel();
    this.sending.clear();
  }

  private following(now: number): number {
    return (Math.floor(now / this.intervalMs) + 1) * this.intervalMs;
  }

  private wait(): () => void {
    return this.clock.after(this.boundary - this.clock.now(), () => this.fire());
  }

  private fire(): void {
    const now = this.clock.now();
    // A timer may come a millisecond early, and the clock may have been set back meanwhile.
    const reached = now >= this.boundary;
    this.boundary = this.following(now);
    this.cancel = this.wait();
    if (!reached) return;
    const boundary = this.boundary - this.intervalMs;
    const passedAt = this.clock.monotonic() - (now - boundary);
    const tolerance = Math.max(LEAST_TOLERANCE_MS, this.intervalMs * TOLERANCE);
    if (passedAt - this.lastUsed < this.intervalMs - tolerance) return;
    this.lastUsed = passedAt;
    const send = this.prepare(boundary);
    if (send) this.sendAfter(passedAt, send);
  }

  private sendAfter(passedAt: number, send: () => void): void {
    const elapsed = this.clock.monotonic() - passedAt;
    const slot = (Math.floor(elapsed / this.offsetMs) + 1) * this.offsetMs;
    const cancel = this.clock.after(Math.ceil(slot - elapsed), () => {
      this.sending.delete(cancel);
      send();
    });
    this.sending.add(cancel);
  }
}
