import type { AlarmLevel } from "../common/hold-alarm.js";
import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, type JsonObject } from "../common/json.js";

/** `group`: one alarm for all sensors of a group, without telling which; `sensor`: one per sensor, named. */
export const ALARM_SCOPES = ["group", "sensor"] as const;
export type AlarmScope = (typeof ALARM_SCOPES)[number];

/** An alarm on the raw readings: on a level of the masked field, or on the verdict of anomaly-score. */
export type AlarmSetting = { name: string; holdSec: number } & (AlarmLevel | { source: "anomaly" });

export const DEFAULT_ALARMS: readonly AlarmSetting[] = [
  { name: "overheat", op: ">=", threshold: 30, clear: 29.8, holdSec: 20 },
  { name: "undercool", op: "<=", threshold: 21, clear: 21.2, holdSec: 20 },
  { name: "prolonged-anomaly", source: "anomaly", holdSec: 20 },
];

const MAX_ALARMS = 16;
const LONGEST_HOLD_SEC = 86_400;

function readLevel(name: string, raw: JsonObject): AlarmLevel {
  const { op, threshold, clear = threshold } = raw;
  if (op !== ">=" && op !== "<=") throw new RangeError(`alarm ${name}: op must be ">=" or "<="`);
  if (typeof threshold !== "number" || !Number.isFinite(threshold)) {
    throw new RangeError(`alarm ${name}: threshold must be a number`);
  }
  if (typeof clear !== "number" || !(op === ">=" ? clear <= threshold : clear >= threshold)) {
    throw new RangeError(`alarm ${name}: clear must lie on the safe side of threshold`);
  }
  return { op, threshold, clear };
}

function readAlarm(raw: unknown): AlarmSetting {
  if (!isJsonObject(raw)) throw new RangeError("each alarm must be an object");
  const { name, holdSec = 0 } = raw;
  if (!isIdentifier(name)) throw new RangeError("each alarm needs a name of letters, digits, and . _ -");
  if (typeof holdSec !== "number" || !(holdSec >= 0 && holdSec <= LONGEST_HOLD_SEC)) {
    throw new RangeError(`alarm ${name}: holdSec must be from 0 to ${LONGEST_HOLD_SEC}`);
  }
  if (raw.source === "anomaly") return { name, holdSec, source: "anomaly" };
  if (raw.source !== undefined) throw new RangeError(`alarm ${name}: the only other source is "anomaly"`);
  return { name, holdSec, ...readLevel(name, raw) };
}

/**
 * Reads a list of alarms, as JSON text or already parsed; missing or empty text means {@link DEFAULT_ALARMS}.
 *
 * @throws {RangeError} that names the alarm and what is wrong with it.
 */
export function parseAlarms(raw: unknown): readonly AlarmSetting[] {
  if (raw === undefined || raw === null || raw === "") return DEFAULT_ALARMS;
  let list = raw;
  if (typeof raw === "string") {
    try {
      list = JSON.parse(raw);
    } catch {
      throw new RangeError("alarms must be a JSON list");
    }
  }
  if (!Array.isArray(list) || list.length > MAX_ALARMS) {
    throw new RangeError(`alarms must be a list of at most ${MAX_ALARMS}`);
  }
  const alarms = list.map(readAlarm);
  if (new Set(alarms.map(({ name }) => name)).size < alarms.length) {
    throw new RangeError("two alarms have the same name");
  }
  return alarms;
}
