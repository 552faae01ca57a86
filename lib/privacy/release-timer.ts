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
/** A boundary that follows a release by less than an interval and this share: the clock was set, no timer is so late. */
const TOLERANCE = 0.05;
const LEAST_TOLERANCE_MS = 250;

/**
 * Calls `prepare` at every whole multiple of an interval since 1970 (UTC), and what that returns a fixed time later.
 * Releases are sent on this tick and never "when ready": how long the sampler takes depends on what it draws (Jin et
 * al., S&P 2022), and how long booking takes on the disk. Where preparing takes longer than the offset, sending waits
 * for the next multiple of it.
 *
 * A machine that slept skips the missed ticks; one whose clock was set goes on with the new time's boundaries. The
 * first of them comes after a full interval at least, since an event must not touch more releases than it was
 * calibrated for, and unless the clock is set again before the end of the second.
 */
export class ReleaseTimer {
  private cancel: () => void;
  private boundary: number;
  /** Monotonic time at which the last interval was really closed. */
  private lastClosed = Number.NEGATIVE_INFINITY;
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
    for (const cancel of [...this.sending]) cancel();
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
    const closing = this.clock.monotonic();
    const passedAt = closing - (now - boundary);
    const tolerance = Math.max(LEAST_TOLERANCE_MS, this.intervalMs * TOLERANCE);
    if (passedAt - this.lastClosed < this.intervalMs - tolerance) return;
    this.lastClosed = closing;
    this.prepareAndSend(boundary, passedAt);
  }

  private prepareAndSend(boundary: number, passedAt: number): void {
    let send: (() => void) | undefined;
    const sendNow = () => send?.();
    const elapsed = () => this.clock.monotonic() - passedAt;
    // Set before preparing, so that not even the rounding of timers depends on how long that takes.
    const slot = this.offsetMs * (Math.floor(elapsed() / this.offsetMs) + 1);
    const cancel = this.later(slot - elapsed(), sendNow);
    send = this.prepare(boundary);
    if (elapsed() < slot) return;
    cancel();
    this.later(this.offsetMs - (elapsed() % this.offsetMs), sendNow);
  }

  private later(milliseconds: number, callback: () => void): () => void {
    const stop = this.clock.after(milliseconds, () => {
      this.sending.delete(cancel);
      callback();
    });
    const cancel = () => {
      this.sending.delete(cancel);
      stop();
    };
    this.sending.add(cancel);
    return cancel;
  }
}
