import { isJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { parseTimestamp } from "../common/timestamp.js";
import { parseTrustedAlarm, type TrustedAlarm } from "./alarms.js";

/** What a controller is sent: a reading or a trusted alarm. */
export type HvacInput =
  | { kind: "reading"; timestampMs: number; temperatureC: number }
  | { kind: "alarm"; alarm: TrustedAlarm };

/**
 * Tells readings, `{timestamp, <field>: number}`, from alarms, `{alarm, state, since, ...}`.
 *
 * @param field name of the temperature.
 * @throws {Rejection} SCHEMA or RANGE.
 */
export function parseHvacInput(payload: unknown, field: string): HvacInput {
  if (!isJsonObject(payload)) throw new Rejection("SCHEMA", "the payload is not an object");
  if (Object.hasOwn(payload, "alarm")) return { kind: "alarm", alarm: parseTrustedAlarm(payload) };
  const temperatureC = Object.hasOwn(payload, field) ? payload[field] : undefined;
  if (typeof temperatureC !== "number") throw new Rejection("SCHEMA", `the reading has no number in "${field}"`);
  return { kind: "reading", timestampMs: parseTimestamp(payload.timestamp), temperatureC };
}
