import { Rejection } from "./rejection.js";

const ISO_8601 = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/;
/** Numbers below this are seconds, from it on milliseconds (1e11 s is the year 5138; 1e11 ms is 1973). */
const MILLISECONDS_FROM = 1e11;
const LATEST = Date.UTC(2200, 0, 1);

/**
 * Reads a message's own timestamp: ISO 8601 text (no zone means UTC) or Unix time in seconds or milliseconds.
 *
 * @returns milliseconds since the Unix epoch.
 * @throws {Rejection} SCHEMA for another type or text, RANGE outside 1970..2200.
 */
export function parseTimestamp(value: unknown): number {
  let milliseconds: number;
  if (typeof value === "number") {
    milliseconds = Math.abs(value) < MILLISECONDS_FROM ? value * 1000 : value;
  } else if (typeof value === "string" && ISO_8601.test(value)) {
    const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(value) ? value : `${value}Z`;
    milliseconds = Date.parse(zoned.replace(" ", "T"));
  } else {
    throw new Rejection("SCHEMA", "timestamp is neither ISO 8601 text nor Unix time");
  }
  if (Number.isNaN(milliseconds)) throw new Rejection("SCHEMA", "timestamp is not a calendar date");
  if (milliseconds < 0 || milliseconds > LATEST) throw new Rejection("RANGE", "timestamp is outside 1970..2200");
  return milliseconds;
}
