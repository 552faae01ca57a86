import { Rejection } from "../common/rejection.js";
import { checkTime } from "./session.js";
import type { LocalTime } from "./wifi-log/local-time.js";
import { parseWallTime } from "./wifi-log/wall-time.js";

const UNIX = /^\d{9,10}$/;
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?:(:\d{2})(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Reads a time that a person gives: Unix seconds, as a number or 9 to 10 digits, or ISO 8601 as far as it is given
 * (`2026-11-21`, `2026-11-21T09:00`, with seconds or a zone); one without a zone is local.
 *
 * @returns Unix seconds; parts of a second are cut.
 * @throws {Rejection} FORMAT, RANGE.
 */
export function readMoment(value: unknown, what: string, local: LocalTime): number {
  if (typeof value === "number") return checkTime(value, what);
  const text = typeof value === "string" && value.length <= 40 ? value : "";
  if (UNIX.test(text)) return checkTime(Number(text), what);
  const [, day, clock = "00:00", seconds = ":00", zone = ""] = ISO.exec(text) ?? [];
  if (day === undefined) {
    throw new Rejection("FORMAT", `${what} must be a time like 2026-11-21 or 2026-11-21T09:00, or Unix seconds`);
  }
  return checkTime(parseWallTime(`${day} ${clock}${seconds}${zone}`, local), what);
}
