import { isJsonObject, parseJsonObject } from "../common/json.js";
import type { DeviceInfo, RejectionInfo } from "../common/message.js";
import { Rejection } from "../common/rejection.js";
import type { ReceptionInfo } from "../common/security.js";
import { parseTimestamp } from "../common/timestamp.js";
import type { TrafficSample } from "./traffic-meter.js";

/** What of a message tells who sent it, when and how much. */
export interface MeasurableMessage {
  payload?: unknown;
  topic?: unknown;
  received?: ReceptionInfo;
  device?: DeviceInfo;
  rejected?: RejectionInfo;
}

/** As in `msg.received`. */
const LONGEST_TOPIC = 256;
const LONGEST_NAME = 64;
/** A refused message is looked into only where that is cheap, and for display. */
const READABLE = { maxBytes: 4096, maxDepth: 4 };
const OPENING_BRACE = 0x7b;
const NAMES = ["device_id", "client_id"] as const;

/** Size in bytes, undefined for what is no message. */
function sizeOf(payload: unknown): number | undefined {
  if (Buffer.isBuffer(payload)) return payload.length;
  if (typeof payload === "string") return Buffer.byteLength(payload);
  if (!isJsonObject(payload)) return undefined;
  try {
    return Buffer.byteLength(JSON.stringify(payload) ?? "");
  } catch {
    return undefined;
  }
}

/** The payload's members where it is an object or the text of a small one. */
function readingOf(payload: unknown): unknown {
  const isText = typeof payload === "string" ? payload.startsWith("{") : false;
  const isBytes = Buffer.isBuffer(payload) && payload[0] === OPENING_BRACE;
  if (!isText && !isBytes) return payload;
  try {
    return parseJsonObject(payload as Buffer | string, READABLE);
  } catch {
    return null;
  }
}

function nameIn(reading: unknown): string | undefined {
  if (!isJsonObject(reading)) return undefined;
  for (const member of NAMES) {
    const name = Object.hasOwn(reading, member) ? reading[member] : undefined;
    if (typeof name === "string" && name !== "") return name.slice(0, LONGEST_NAME);
  }
  return undefined;
}

function sourceOf({ received, device, rejected }: MeasurableMessage, reading: unknown, topic: string) {
  if (device && !rejected) return { source: device.id, authenticated: device.authenticated === true };
  const claimed = received && (received.topicDevice ?? received.claimed);
  return { source: claimed ?? nameIn(reading) ?? topic.slice(0, LONGEST_NAME), authenticated: false };
}

/** The sender's own time in a reading; undefined where there is none that can be read. */
function sentAtOf(reading: unknown): number | undefined {
  if (!isJsonObject(reading) || !Object.hasOwn(reading, "timestamp")) return undefined;
  try {
    return parseTimestamp(reading.timestamp);
  } catch {
    return undefined;
  }
}

/** Adds what tells a backlog from a burst, of a message that its sender proved to be its own. */
function addTimes(sample: TrafficSample, { device, received }: MeasurableMessage): void {
  const sentAt = sentAtOf(sample.reading);
  if (sentAt !== undefined) sample.sentAt = sentAt;
  if (device?.clock === "gateway") sample.hasNoClock = true;
  if (received?.away) sample.away = received.away;
}

/**
 * What the meter needs of a message: from `received` and `device` where `verify` has seen it, else from topic and
 * payload. A message that was refused is never counted as its device: nobody has proved that it came from there.
 *
 * @param now clock of this machine, milliseconds since the Unix epoch, for messages without a time of reception.
 * @throws {Rejection} SCHEMA for a payload that has no size, unless the message is refused already.
 */
export function sampleOf(msg: MeasurableMessage, now: number): TrafficSample {
  const { received, payload, rejected } = msg;
  const size = received?.size ?? sizeOf(payload);
  if (size === undefined && !rejected) {
    throw new Rejection("SCHEMA", "there is nothing to measure: the payload is no object, text or bytes");
  }
  const reading = readingOf(payload);
  const topic = received?.topic ?? (typeof msg.topic === "string" ? msg.topic.slice(0, LONGEST_TOPIC) : "");
  const at = received && Number.isFinite(received.at) ? received.at : now;
  const { source, authenticated } = sourceOf(msg, reading, topic);
  const sample: TrafficSample = { source, authenticated, at, topic, size: size ?? 0, reading };
  if (rejected) sample.refused = true;
  if (authenticated) addTimes(sample, msg);
  return sample;
}
