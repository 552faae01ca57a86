import { randomInt } from "node:crypto";

const FIRST_MS = 500;
const LONGEST_MS = 60_000;
/** A server may ask for more than our longest delay, but not for ever. */
export const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** Uniform in [0, 1). */
export function uniform(): number {
  return randomInt(0x1_0000_0000) / 0x1_0000_0000;
}

/**
 * Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): uniform between 0 and
 * 0.5 s, 1 s, 2 s ... 60 s. Nobody comes back sooner than the server asked.
 *
 * @param attempts failed so far, from 1.
 * @param retryAfterMs what the server asked for.
 * @param random uniform in [0, 1).
 * @returns milliseconds.
 */
export function backOff(attempts: number, retryAfterMs: number | undefined, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 16));
  return Math.min(LONGEST_RETRY_AFTER_MS, retryAfterMs ?? 0) + random() * ceiling;
}
