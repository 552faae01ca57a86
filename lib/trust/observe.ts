import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, type JsonObject } from "../common/json.js";
import type { AnomalyVerdict, DeviceInfo, RejectionInfo } from "../common/message.js";
import { Rejection } from "../common/rejection.js";
import type { ReceptionInfo, SecurityVerdict } from "../common/security.js";
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
  /** `BATCH_RECEIPT`s of one batch that was delivered, see {@link TrustEvidence}. */
  evidence?: unknown;
  /** Of a refused message: who sent it, where that was proved. */
  received?: Pick<ReceptionInfo, "sender">;
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

type Sender = NonNullable<ReceptionInfo["sender"]>;

/** Devices that one batch may credit. */
const MAX_BATCH_DEVICES = 1000;

/**
 * Names one piece of evidence for ever: a record that comes again after a crash must not count twice.
 *
 * @returns undefined where nothing tells the message from others; then nothing can come again either.
 */
function evidenceId({ device, epoch, counter }: Sender, intake: ObservedMessage["intake"], event: TrustEvent) {
  if (counter !== undefined) return `${device}:${epoch ?? 0}:${counter}:${event}`;
  return intake && `${device}:${intake.journal}:${intake.n}:${event}`;
}

/** Who sent a message, where that was proved. */
function provedSender({ device, received }: ObservedMessage): Sender | undefined {
  if (!device) return received?.sender;
  if (device.authenticated !== true) return undefined;
  const { id, epoch, counter } = device;
  return { device: id, ...(epoch === undefined ? {} : { epoch }), ...(counter === undefined ? {} : { counter }) };
}

function evidence(
  sender: Sender,
  { intake }: ObservedMessage,
  event: TrustEvent | undefined,
  detail: JsonObject,
): Observation {
  const { device } = sender;
  if (event === undefined) return { kind: "nothing", device };
  if (event === "HEARTBEAT") return { kind: "alive", device };
  return { kind: "evidence", device, event, id: evidenceId(sender, intake, event), isHeard: true, detail };
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

/** Whose records were delivered; one attack in the batch spoils it for all. */
function observeReceipts(value: unknown): Observation {
  if (!Array.isArray(value) || value.length > MAX_BATCH_DEVICES) {
    throw new Rejection("SCHEMA", `msg.evidence is not a list of at most ${MAX_BATCH_DEVICES}`);
  }
  const devices: string[] = [];
  let attacks = 0;
  for (const receipt of value as unknown[]) {
    if (!isJsonObject(receipt) || receipt.event !== "BATCH_RECEIPT" || !isIdentifier(receipt.device)) {
      throw new Rejection("SCHEMA", "msg.evidence holds something else than receipts of a batch");
    }
    // What does not say how many attacks there were earns nothing.
    const isCounted = Number.isSafeInteger(receipt.attacks) && (receipt.attacks as number) >= 0;
    attacks += isCounted ? (receipt.attacks as number) : 1;
    if (receipt.authenticated === true) devices.push(receipt.device);
  }
  return { kind: "delivered", devices, attacks };
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
    const sender = provedSender(msg);
    if (!sender || !isIdentifier(sender.device) || NEVER_EVIDENCE.has(rejected.code)) return { kind: "nothing" };
    return evidence(sender, msg, map.eventOf("rejected", rejected.code), { rejected: rejected.code });
  }
  if (msg.event !== undefined) return observeEvent(msg.event, msg, map);
  if (!device) {
    if (msg.evidence !== undefined) return observeReceipts(msg.evidence);
    throw new Rejection("SCHEMA", "the message has no msg.device: put a verify node before this one");
  }
  if (!isIdentifier(device.id)) throw new Rejection("SCHEMA", "msg.device.id is not an identifier");
  const sender = provedSender(msg);
  if (!sender) return { kind: "nothing" };
  if (verdict) {
    if (verdict.status !== "anomaly" || !isOwnVerdict(verdict, device)) return { kind: "alive", device: device.id };
    const type = verdict.attackType ?? "unusual";
    return evidence(sender, msg, map.eventOf("verdict", type), { attackType: type, verdict: verdict.id });
  }
  if (anomaly?.isAnomaly === true) {
    return evidence(sender, msg, map.eventOf("anomaly", "*"), { model: anomaly.model, score: anomaly.score });
  }
  return { kind: "alive", device: device.id };
}
