import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import type { Absence } from "../common/security.js";
import { parseTimestamp } from "../common/timestamp.js";

/** How far a device's clock may be off, seconds, where a counter tells copies. */
export const DEFAULT_MAX_CLOCK_DIFFERENCE = 300;

/**
 * Whose clock a message's time is, for messages with a counter. A device without a clock says 0 or nothing; the counter
 * alone then keeps copies out, and an old message that was held back can arrive late.
 *
 * @param now receiver's clock, milliseconds since the Unix epoch.
 * @param maxDifference seconds, either way.
 * @param away the receiver's last absence: what was made in it could not arrive earlier.
 * @throws {Rejection} STALE, or SCHEMA or RANGE for a timestamp that is none.
 */
export function clockOf(payload: JsonObject, now: number, maxDifference: number, away?: Absence): "device" | "gateway" {
  const { timestamp } = payload;
  if (timestamp === undefined || timestamp === 0) return "gateway";
  const sentAt = parseTimestamp(timestamp);
  const earliest = Math.min(now, away?.from ?? now) - maxDifference * 1000;
  if (sentAt >= earliest && sentAt <= now + maxDifference * 1000) return "device";
  throw new Rejection("STALE", `the device's time is more than ${maxDifference} s off`);
}
