import { isJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { DAY } from "./cell.js";

/** Longest name of an access point, UTF-8 bytes. */
export const MAX_AP_BYTES = 255;
/** Longer sessions are stored in pieces. */
export const MAX_PIECE_SEC = 31 * DAY;
/** A longer one is a fault of the log, and would fill thousands of cells. */
export const MAX_DURATION_SEC = 366 * DAY;
const MAX_TIME = 0xffff_ffff;

/** One stay of a device at an access point. */
export interface Session {
  /** Any usual spelling: `aa:bb:cc:dd:ee:ff`, with dashes or dots, or 12 hex digits. */
  mac: string;
  /** Name of the access point, 1 to 255 bytes of UTF-8. */
  ap: string;
  /** Unix seconds, an integer. */
  start: number;
  /** Seconds, an integer, 0 allowed; `"open"` while the end is not known. */
  duration: number | "open";
}

/** @throws {Rejection} FORMAT for a text that is no MAC address. */
export function parseMac(text: unknown): Buffer {
  const digits = typeof text === "string" && text.length <= 32 ? text.trim().replaceAll(/[:.-]/g, "") : "";
  if (!/^[0-9a-f]{12}$/i.test(digits)) throw new Rejection("FORMAT", "the MAC address must have 12 hex digits");
  return Buffer.from(digits, "hex");
}

/** `aa:bb:cc:dd:ee:ff`. */
export function formatMac(mac: Uint8Array): string {
  return [...mac].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** @throws {Rejection} FORMAT for a name that is empty, too long or not well-formed. */
export function checkAp(name: unknown): string {
  if (typeof name !== "string" || name === "" || Buffer.byteLength(name) > MAX_AP_BYTES || !isWellFormed(name)) {
    throw new Rejection("FORMAT", `the access point must be a name of 1 to ${MAX_AP_BYTES} bytes`);
  }
  return name;
}

/** A lone surrogate has no UTF-8 bytes: two such names would become one. */
function isWellFormed(text: string): boolean {
  return Buffer.from(text).toString("utf8") === text;
}

/** @throws {Rejection} RANGE for a time that is no integer of 0 … 2^32 - 1 seconds. */
export function checkTime(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_TIME) {
    throw new Rejection("RANGE", `${what} must be Unix seconds, an integer from 0 to ${MAX_TIME}`);
  }
  return value;
}

/** @throws {Rejection} RANGE unless `from < to`. */
export function checkPeriod(from: unknown, to: unknown): { from: number; to: number } {
  const period = { from: checkTime(from, "from"), to: checkTime(to, "to") };
  if (period.from >= period.to) throw new Rejection("RANGE", "from must be before to");
  return period;
}

/**
 * Checks a session from outside.
 *
 * @returns the session with its MAC in one spelling.
 * @throws {Rejection} SCHEMA, FORMAT or RANGE.
 */
export function checkSession(value: unknown): Session {
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "a session must be an object");
  const mac = formatMac(parseMac(value.mac));
  const ap = checkAp(value.ap);
  const start = checkTime(value.start, "start");
  const { duration } = value;
  if (duration === "open") return { mac, ap, start, duration };
  if (typeof duration !== "number" || !Number.isInteger(duration) || duration < 0 || duration > MAX_DURATION_SEC) {
    throw new Rejection("RANGE", `the duration must be whole seconds from 0 to ${MAX_DURATION_SEC}, or "open"`);
  }
  checkTime(start + duration, "the end");
  return { mac, ap, start, duration };
}
