import type { SeededRandom } from "../../lib/common/seeded-random.js";

/** Behind by more than this (a busy machine) the pace starts over instead of catching up in a burst. */
const MAX_LAG_MS = 1000;
/** Timers of a machine with little to do are late by less than this. */
const TIMER_LAG_MS = 20;
/** Timers are no finer than this. */
const SHORTEST_WAIT_MS = 1;

export interface Pace {
  rateHz: number;
  /** Largest deviation of one interval from the mean, as a share of it, 0..1. */
  jitter: number;
  /**
   * What comes too late by more than half an interval is left out, as by a device that measures when it wakes; else up to
   * a second is caught up with, as an attacker does who keeps to a rate.
   */
  skips?: boolean;
}

/** Calls `act` at a mean rate, first after a random part of an interval, until the returned function is called. */
export function paced({ rateHz, jitter, skips }: Pace, random: SeededRandom, act: () => void): () => void {
  const periodMs = 1000 / rateHz;
  const maxLagMs = skips ? Math.max(TIMER_LAG_MS, periodMs / 2) : MAX_LAG_MS;
  let due = performance.now() + periodMs * random.uniform();
  let timer: NodeJS.Timeout | undefined;
  const run = () => {
    const now = performance.now();
    if (now - due > maxLagMs) due = now;
    while (due <= now) {
      act();
      due += periodMs * (1 + jitter * (2 * random.uniform() - 1));
    }
    timer = setTimeout(run, Math.max(SHORTEST_WAIT_MS, due - now));
  };
  timer = setTimeout(run, Math.max(SHORTEST_WAIT_MS, due - performance.now()));
  return () => clearTimeout(timer);
}
