import type { AlarmState } from "../common/hold-alarm.js";
import { isIdentifier } from "../common/identifier.js";
import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { parseTimestamp } from "../common/timestamp.js";

/** An alarm as the mask decided it on raw values, before any noise. */
export interface TrustedAlarm {
  alarm: string;
  state: AlarmState;
  /** When it began or ended, milliseconds since the Unix epoch. */
  sinceMs: number;
  /** Zone it speaks for; empty where the sender names none. */
  group: string;
  /** Sensor it speaks for, where the mask tells; else empty. */
  device: string;
}

/** An alarm that the controller raises itself. */
export interface HvacAlarm {
  alarm: "overheat" | "undercool" | "night-door" | "no-data";
  state: AlarmState;
  /** When it began or ended, ISO 8601. */
  since: string;
  /** Decided on the values received here, or on an alarm from the mask. */
  source: "received" | "trusted";
  group?: string;
}

/**
 * Reads `{alarm, state, since, group?, device?}`.
 *
 * @throws {Rejection} SCHEMA or RANGE.
 */
export function parseTrustedAlarm(payload: JsonObject): TrustedAlarm {
  const { alarm, state, since, group = "", device = "" } = payload;
  if (!isIdentifier(alarm)) throw new Rejection("SCHEMA", "the alarm has no valid name");
  if (state !== "on" && state !== "off") throw new Rejection("SCHEMA", "an alarm's state is on or off");
  if (group !== "" && !isIdentifier(group)) throw new Rejection("SCHEMA", "the alarm's group is not a valid name");
  if (device !== "" && !isIdentifier(device)) throw new Rejection("SCHEMA", "the alarm's device is not a valid name");
  return { alarm, state, sinceMs: parseTimestamp(since), group, device };
}
