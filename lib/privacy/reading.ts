import { isIdentifier } from "../common/identifier.js";
import { isJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { parseTimestamp } from "../common/timestamp.js";

/** Group of readings that name none. */
export const DEFAULT_GROUP = "default";
/** Sensor of readings that name none. */
export const UNNAMED_DEVICE = "unnamed";

/** What the mask takes from a message; nothing else of it is ever used. */
export interface MaskReading {
  device: string;
  group: string;
  /** The sensor's clock, milliseconds since the Unix epoch. */
  timestamp: number;
  value: number;
  isAnomaly: boolean | undefined;
}

function own(object: unknown, property: string): unknown {
  return isJsonObject(object) && Object.hasOwn(object, property) ? object[property] : undefined;
}

function readName(value: unknown, what: string, fallback: string): string {
  if (value === undefined || value === null) return fallback;
  if (!isIdentifier(value)) throw new Rejection("SCHEMA", `the ${what} name is not an identifier`);
  return value;
}

/**
 * @param message `payload` {timestamp, [field]: number, group?, device_id?}, `device` {id} as decrypt adds it (it
 *   outranks the payload's own claim), `anomaly` {isAnomaly} as anomaly-score adds it.
 * @throws {Rejection} SCHEMA for a missing or wrong property, RANGE for a number or time that is none.
 */
export function readMaskInput(
  message: { payload?: unknown; device?: unknown; anomaly?: unknown },
  field: string,
): MaskReading {
  const { payload } = message;
  if (!isJsonObject(payload)) throw new Rejection("SCHEMA", "the payload is not an object");
  const value = own(payload, field);
  if (typeof value !== "number") throw new Rejection("SCHEMA", `the reading has no number "${field}"`);
  if (!Number.isFinite(value)) throw new Rejection("RANGE", `"${field}" is not a finite number`);
  const verdict = own(message.anomaly, "isAnomaly");
  return {
    device: readName(own(message.device, "id") ?? own(payload, "device_id"), "device", UNNAMED_DEVICE),
    group: readName(own(payload, "group"), "group", DEFAULT_GROUP),
    timestamp: parseTimestamp(own(payload, "timestamp")),
    value,
    isAnomaly: typeof verdict === "boolean" ? verdict : undefined,
  };
}
