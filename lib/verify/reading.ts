import type { JsonObject } from "../common/json.js";
import type { Reading } from "../common/message.js";
import { Rejection } from "../common/rejection.js";
import { parseTimestamp } from "../common/timestamp.js";

/** Members that seed systems call otherwise, by the name that the rest of the flow knows. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["client_id", "device_id"],
  ["temp", "temperature"],
  ["sequence_number", "sequence_no"],
]);

/** Where a number is expected; other members may be anything. */
const NUMERIC = ["temperature", "humidity", "message_rate"];
/** Numbers that measure nothing. */
const NO_QUANTITY: ReadonlySet<string> = new Set(["timestamp", "sequence_no", "message_rate"]);

/**
 * The name that a message gives itself (`device_id` or `client_id`), whatever it is worth.
 *
 * @returns undefined where it has none, or something else than text.
 */
export function nameOf(payload: JsonObject): string | undefined {
  const name = Object.hasOwn(payload, "device_id") ? payload.device_id : payload.client_id;
  return typeof name === "string" ? name : undefined;
}

/** Under its usual name, once; two names that disagree are a riddle that nobody should solve. */
function renamed(payload: JsonObject): Reading {
  const reading: Reading = {};
  for (const member of Object.keys(payload)) {
    const value = payload[member];
    const name = ALIASES.get(member) ?? member;
    if (Object.hasOwn(reading, name) && reading[name] !== value) {
      throw new Rejection("SCHEMA", `the message has two different values of ${name}`);
    }
    reading[name] = value;
  }
  return reading;
}

/**
 * When a message says it was made.
 *
 * @returns milliseconds since the Unix epoch.
 * @throws {Rejection} SCHEMA without a usable timestamp, RANGE for one outside 1970..2200.
 */
export function timeOf(payload: JsonObject): number {
  return parseTimestamp(payload.timestamp);
}

/**
 * Brings a payload into the form that the rest of the flow relies on: `device_id` (text), `temperature` (degrees
 * Celsius), `humidity` (percent), `timestamp` (ISO 8601 UTC), `sequence_no`; other members stay as they are.
 *
 * @param payload parsed by `parseJsonObject`, so that its numbers are finite.
 * @throws {Rejection} SCHEMA for a member of the wrong type, contradicting names or no quantity at all; RANGE.
 */
export function normaliseReading(payload: JsonObject): Reading {
  const reading = renamed(payload);
  if (reading.device_id !== undefined && typeof reading.device_id !== "string") {
    throw new Rejection("SCHEMA", "device_id is not text");
  }
  if (reading.timestamp !== undefined) reading.timestamp = new Date(timeOf(reading)).toISOString();
  for (const name of NUMERIC) {
    const value = reading[name];
    if (value === undefined) continue;
    if (typeof value !== "number") throw new Rejection("SCHEMA", `${name} is not a number`);
    if (!Number.isFinite(value)) throw new Rejection("RANGE", `${name} is not finite`);
  }
  const { sequence_no } = reading;
  if (sequence_no !== undefined && !(Number.isSafeInteger(sequence_no) && (sequence_no as number) >= 0)) {
    throw new Rejection("SCHEMA", "sequence_no is not a whole number from 0");
  }
  if (!Object.keys(reading).some((name) => typeof reading[name] === "number" && !NO_QUANTITY.has(name))) {
    throw new Rejection("SCHEMA", "the message measures nothing: it holds no number");
  }
  return reading;
}
