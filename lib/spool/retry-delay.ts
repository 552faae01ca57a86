import { randomInt } from "node:crypto";

const FIRST_MS = 500;
const LONGEST_MS = 60_000;
const LONGEST_ASKED_MS = 600_000;
const RESOLUTION = 0x1_0000_0000;

/**
 * Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): uniform between 0 and
 * 0.5 s, 1 s, 2 s ... 60 s; never sooner than the server asked for, which may ask for ten minutes.
 *
 * @param failures so far, from 1.
 * @param random uniform in [0, 1).
 * @returns milliseconds.
 */
export function retryDelay(
  failures: number,
  retryAfterMs = 0,
  random: () => number = () => randomInt(RESOLUTION) / RESOLUTION,
): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return Math.min(LONGEST_ASKED_MS, retryAfterMs) + random() * ceiling;
}
