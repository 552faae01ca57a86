import { randomBytes } from "node:crypto";
import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, type JsonObject, parseJsonObject } from "../common/json.js";
import type { AnomalyVerdict, DeviceInfo } from "../common/message.js";
import { Rejection } from "../common/rejection.js";

/** One reading as it stands in a batch's `logs`. */
export interface OutboundRecord {
  device_id: string;
  /** Key epoch and message counter, null where the envelope profile has none. */
  epoch: number | null;
  counter: number | null;
  /** What duplicates are told by where there is no counter; unique within the device. */
  record_id: string;
  authenticated: boolean;
  profile: string;
  /** Gateway clock at reception, milliseconds since the Unix epoch. */
  received_at: number;
  /** The reading. */
  payload: JsonObject;
  anomaly?: { score: number; isAnomaly: boolean; model: string };
  /** Whether a detector of the gateway called it an anomaly or an attack. */
  is_attack: boolean;
}

/** What of a message is needed. */
export interface SpoolableMessage {
  payload?: unknown;
  device?: DeviceInfo;
  anomaly?: AnomalyVerdict;
  verdict?: { status?: string };
  intake?: { journal: string; n: number };
}

export const MAX_RECORD_BYTES = 65_536;
export const MAX_RECORD_DEPTH = 18;
/** Refused by a reader of JSON, or changes what is written. */
const NOT_PLAIN: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype", "toJSON"]);

function isCounter(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function counterOf(value: number | undefined): number | null {
  return isCounter(value) ? value : null;
}

/** What tells one record of a device from all its others, wherever and however often it arrives. */
export function recordKey({
  epoch,
  counter,
  record_id,
}: Pick<OutboundRecord, "epoch" | "counter" | "record_id">): string {
  return epoch !== null && counter !== null ? `${epoch}:${counter}` : record_id;
}

/**
 * Whether a reader of the JSON gets what it is written from: members of plain values, as nearly all readings are, some
 * of them one level down. Whatever JSON.stringify might write as something else is read back instead.
 */
function isPlain(members: object, levels = 1): boolean {
  const prototype = Object.getPrototypeOf(members);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const name of Object.keys(members)) {
    if (NOT_PLAIN.has(name)) return false;
    const value = (members as JsonObject)[name];
    if (typeof value === "number") {
      if (!Number.isFinite(value)) return false;
    } else if (typeof value === "object" && value !== null) {
      if (levels === 0 || !isPlain(value, levels - 1)) return false;
    } else if (typeof value !== "string" && typeof value !== "boolean" && value !== null) {
      return false;
    }
  }
  return true;
}

/**
 * A message as the bytes that go to the disk and, unchanged, to the server.
 *
 * @throws {Rejection} SCHEMA: no verified reading; FORMAT: not JSON; SIZE; RANGE.
 */
export function outboundRecord(msg: SpoolableMessage): Buffer {
  const { device, payload, intake, anomaly, verdict } = msg;
  if (!device || !isIdentifier(device.id)) {
    throw new Rejection("SCHEMA", "the message has no msg.device: put a verify node before this one");
  }
  if (!isJsonObject(payload)) throw new Rejection("SCHEMA", "the payload is not an object");
  const record: OutboundRecord = {
    device_id: device.id,
    epoch: counterOf(device.epoch),
    counter: counterOf(device.counter),
    record_id: intake ? `${intake.journal}:${intake.n}` : randomBytes(12).toString("hex"),
    authenticated: device.authenticated === true,
    profile: String(device.profile),
    received_at: device.receivedAt,
    payload,
    ...(anomaly ? { anomaly: { score: anomaly.score, isAnomaly: anomaly.isAnomaly, model: anomaly.model } } : {}),
    is_attack: anomaly?.isAnomaly === true || verdict?.status === "anomaly",
  };
  let text: string;
  try {
    text = JSON.stringify(record);
  } catch {
    throw new Rejection("FORMAT", "the payload cannot be written as JSON");
  }
  const bytes = Buffer.from(text);
  // What the server would refuse must not take the rest of its batch with it.
  const limits = { maxBytes: MAX_RECORD_BYTES, maxDepth: MAX_RECORD_DEPTH };
  const isAsWritten = bytes.length <= limits.maxBytes && isPlain(record, 2);
  readOutboundRecord(isAsWritten ? record : parseJsonObject(bytes, limits));
  return bytes;
}

/**
 * Reads a record of a batch.
 *
 * @throws {Rejection} SCHEMA, RANGE.
 */
export function readOutboundRecord(value: unknown): OutboundRecord {
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "a record is not an object");
  const { device_id, epoch, counter, record_id, authenticated, profile, received_at, payload, anomaly } = value;
  if (!isIdentifier(device_id)) throw new Rejection("SCHEMA", "device_id is not an identifier");
  const isNumbered = isCounter(epoch) && isCounter(counter);
  if (!isNumbered && !((epoch === null || isCounter(epoch)) && (counter === null || isCounter(counter)))) {
    throw new Rejection("RANGE", "epoch or counter is neither null nor a whole number from 0 on");
  }
  if (typeof record_id !== "string" || !/^[0-9a-f:]{1,64}$/.test(record_id)) {
    throw new Rejection("SCHEMA", "record_id is missing");
  }
  if (typeof authenticated !== "boolean" || !isIdentifier(profile)) {
    throw new Rejection("SCHEMA", "authenticated or profile is missing");
  }
  if (typeof received_at !== "number" || received_at < 0 || received_at > Date.UTC(2200, 0, 1)) {
    throw new Rejection("RANGE", "received_at is outside 1970..2200");
  }
  if (!isJsonObject(payload)) throw new Rejection("SCHEMA", "payload is not an object");
  return {
    device_id,
    epoch: epoch as number | null,
    counter: counter as number | null,
    record_id,
    authenticated,
    profile,
    received_at,
    payload,
    ...readAnomaly(anomaly),
    is_attack: value.is_attack === true,
  };
}

function readAnomaly(value: unknown): Pick<OutboundRecord, "anomaly"> {
  if (value === undefined) return {};
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "anomaly is not an object");
  const { score, isAnomaly, model } = value;
  if (typeof score !== "number" || typeof isAnomaly !== "boolean" || typeof model !== "string") {
    throw new Rejection("SCHEMA", "anomaly needs score, isAnomaly and model");
  }
  return { anomaly: { score, isAnomaly, model } };
}
