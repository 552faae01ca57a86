import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, type JsonObject } from "../common/json.js";
import type { AnomalyVerdict, DeviceInfo, RejectionInfo } from "../common/message.js";
import { Rejection } from "../common/rejection.js";
import type { SecurityVerdict } from "../common/security.js";
import type { TrustEvent } from "../common/trust.js";
import { type EvidenceMap, NEVER_EVIDENCE } from "./evidence-map.js";

/** What of a message trust follows from. None of it can be set by whoever sends a payload. */
export interface ObservedMessage {
  device?: DeviceInfo;
  verdict?: SecurityVerdict;
  anomaly?: AnomalyVerdict;
  rejected?: RejectionInfo;
  /** `{event, device, authenticated?}`. */
  event?: unknown;
  /** A batch that was delivered. */
  batch?: unknown;
  intake?: { journal: string; n: number };
}

/** What a message says about devices. */
export type Observation =
  /** Nothing: its sender is not proved, or a row says that it is no evidence. */
  | { kind: "nothing"; device?: string }
  /** A sign of life. */
  | { kind: "alive"; device: string }
  /** Devices whose records were delivered, and attacks among them. */
  | { kind: "delivered"; devices: string[]; attacks: number }
  | {
      kind: "evidence";
      device: string;
      event: TrustEvent;
      /** See {@link evidenceId}. */
      id: string | undefined;
      /** Whether the device itself was heard. */
      isHeard: boolean;
      detail: JsonObject;
    };

/** Devices that one batch may credit. */
const MAX_BATCH_DEVICES = 1000;

/**
 * Names one piece of evidence for ever: a record that comes again after a crash must not count twice.
 *
 * @returns undefined where nothing tells the message from others; then nothing can come again either.
 */
function evidenceId({ device, intake }: ObservedMessage, event: TrustEvent): string | undefined {
  if (!device) return undefined;
  const { id, epoch, counter } = device;
  if (counter !== undefined) return `${id}:${epoch ?? 0}:${counter}:${event}`;
  return intake && `${id}:${intake.journal}:${intake.n}:${event}`;
}

function evidence(msg: ObservedMessage, event: TrustEvent | undefined, detail: JsonObject): Observation {
  const device = msg.device?.id as string;
  if (event === undefined) return { kind: "nothing", device };
  if (event === "HEARTBEAT") return { kind: "alive", device };
  return { kind: "evidence", device, event, id: evidenceId(msg, event), isHeard: true, detail };
}

/** Decided by us, about this very device, from what it proved to have sent. */
function isOwnVerdict(verdict: SecurityVerdict, device: DeviceInfo): boolean {
  return verdict.origin === "redoubt" && verdict.authenticated === true && verdict.source === device.id;
}

function observeEvent(value: unknown, msg: ObservedMessage, map: EvidenceMap): Observation {
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "msg.event is not an object");
  const { event: name, device, authenticated } = value;
  if (!isIdentifier(device)) throw new Rejection("SCHEMA", "msg.event names no device");
  if (typeof name !== "string" || !isIdentifier(name) || !map.knows(name)) {
    throw new Rejection("SCHEMA", "msg.event is none that the evidence table knows");
  }
  const isProved = authenticated === true || (msg.device?.authenticated === true && msg.device.id === device);
  if (!isProved) return { kind: "nothing" };
  const event = map.eventOf("event", name);
  // There is no batch behind it whose attacks could be counted.
  if (event === undefined || event === "BATCH_RECEIPT") return { kind: "nothing", device };
  if (event === "HEARTBEAT") return { kind: "alive", device };
  const id = typeof value.id === "string" && /^[\x21-\x7e]{1,160}$/.test(value.id) ? `${value.id}:${event}` : undefined;
  return { kind: "evidence", device, event, id, isHeard: false, detail: { event: name } };
}

function observeBatch(value: unknown): Observation {
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "msg.batch is not an object");
  const { devices = [], attacks } = value;
  const names: unknown[] = Array.isArray(devices) ? devices : isJsonObject(devices) ? Object.keys(devices) : [devices];
  if (names.length > MAX_BATCH_DEVICES || !names.every(isIdentifier)) {
    throw new Rejection("SCHEMA", "msg.batch.devices is not a list of names");
  }
  // A batch that does not say how many attacks it held earns nothing.
  const isCounted = Number.isSafeInteger(attacks) && (attacks as number) >= 0;
  return { kind: "delivered", devices: names, attacks: isCounted ? (attacks as number) : 1 };
}

/**
 * What a message says about devices. Only what a device's own key proves can be evidence against it: whoever names a
 * device, sends rubbish on its topic or repeats a recording of it changes nothing.
 *
 * @throws {Rejection} SCHEMA for a message that says nothing which trust could follow from.
 */
export function observe(msg: ObservedMessage, map: EvidenceMap): Observation {
  const { device, verdict, anomaly, rejected } = msg;
  if (rejected) {
    if (device?.authenticated !== true || NEVER_EVIDENCE.has(rejected.code)) return { kind: "nothing" };
    return evidence(msg, map.eventOf("rejected", rejected.code), { rejected: rejected.code });
  }
  if (msg.event !== undefined) return observeEvent(msg.event, msg, map);
  if (!device) {
    if (msg.batch !== undefined) return observeBatch(msg.batch);
    throw new Rejection("SCHEMA", "the message has no msg.device: put a verify node before this one");
  }
  if (!isIdentifier(device.id)) throw new Rejection("SCHEMA", "msg.device.id is not an identifier");
  if (device.authenticated !== true) return { kind: "nothing" };
  if (verdict) {
    if (verdict.status !== "anomaly" || !isOwnVerdict(verdict, device)) return { kind: "alive", device: device.id };
    const type = verdict.attackType ?? "unusual";
    return evidence(msg, map.eventOf("verdict", type), { attackType: type, verdict: verdict.id });
  }
  if (anomaly?.isAnomaly === true) {
    return evidence(msg, map.eventOf("anomaly", "*"), { model: anomaly.model, score: anomaly.score });
  }
  return { kind: "alive", device: device.id };
}
