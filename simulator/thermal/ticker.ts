/** Behind by more than this (a suspended machine) the clock starts over instead of catching up in a burst. */
const MAX_LAG_MS = 2000;

/**
 * Calls `tick` every `periodMs` against the monotonic clock, without drift.
 *
 * @param tick returns false to end.
 * @returns how to stop, and a promise that resolves when the ticking has ended either way.
 */
export function startTicker(periodMs: number, tick: () => boolean): { stop(): void; ended: Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let resolveEnded: () => void = () => {};
  let rejectEnded: (error: unknown) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    resolveEnded = resolve;
    rejectEnded = reject;
  });
  let due = performance.now();

  const run = () => {
    try {
      if (!tick()) {
        resolveEnded();
        return;
      }
    } catch (error) {
      rejectEnded(error);
      return;
    }
    due += periodMs;
    const now = performance.now();
    if (now - due > MAX_LAG_MS) due = now;
    timer = setTimeout(run, Math.max(0, due - now));
  };
  timer = setTimeout(run, 0);
  return {
    stop: () => {
      clearTimeout(timer);
      resolveEnded();
    },
    ended,
  };
}
