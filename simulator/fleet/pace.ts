import type { SeededRandom } from "../../lib/common/seeded-random.js";

/** Behind by more than this (a busy machine) the pace starts over instead of catching up in a burst. */
const MAX_LAG_MS = 1000;
/** Timers are no finer than this. */
const SHORTEST_WAIT_MS = 1;

export interface Pace {
  rateHz: number;
  /** Largest deviation of one interval from the mean, as a share of it, 0..1. */
  jitter: number;
}

/** Calls `act` at a mean rate, first after a random part of an interval, until the returned function is called. */
export function paced({ rateHz, jitter }: Pace, random: SeededRandom, act: () => void): () => void {
  const periodMs = 1000 / rateHz;
  let due = performance.now() + periodMs * random.uniform();
  let timer: NodeJS.Timeout | undefined;
  const run = () => {
    const now = performance.now();
    if (now - due > MAX_LAG_MS) due = now;
    while (due <= now) {
      act();
      due += periodMs * (1 + jitter * (2 * random.uniform() - 1));
    }
    timer = setTimeout(run, Math.max(SHORTEST_WAIT_MS, due - now));
  };
  timer = setTimeout(run, Math.max(SHORTEST_WAIT_MS, due - performance.now()));
  return () => clearTimeout(timer);
}
