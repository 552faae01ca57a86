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
