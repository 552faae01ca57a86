import { isJsonObject, type JsonObject } from "../../common/json.js";
import {
  FLOW_FEATURES,
  NETWORK_ALERT_KINDS,
  type NetworkAlert,
  type NetworkAlertKind,
  type NetworkCounters,
} from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";
import { keptText } from "../kept-text.js";
import * as read from "../state-fields.js";
import { NETWORK_LIMITS } from "./limits.js";

/** What the classifier says of a flow. */
export interface SeenLabel {
  label: string;
  confidence: number;
  model: string;
}

/** What is of interest in a flow; texts are safe to keep. */
export interface SeenFlow {
  source: string;
  mac: string | null;
  target: string;
  /** That the source sent. */
  packets: number;
  /** Capture time, seconds since the Unix epoch. */
  start: number;
  last: number;
  /** A snapshot of a flow that goes on; its numbers come again. */
  isInterim: boolean;
  label: SeenLabel | null;
}

export interface SeenCapture {
  kind: string;
  name: string;
}

const KINDS: ReadonlySet<unknown> = new Set(NETWORK_ALERT_KINDS);
const PHASES: ReadonlySet<unknown> = new Set(["began", "continues", "ended"] satisfies NetworkAlert["phase"][]);
const PROOFS: ReadonlySet<unknown> = new Set(["handshake", "link-layer", "none"] satisfies NetworkAlert["proof"][]);
const SENT = FLOW_FEATURES.indexOf("fwd_pkts_tot");
const LATEST_S = Date.UTC(2200, 0, 1) / 1000;
const { addressLength, labelLength } = NETWORK_LIMITS;

export function textUpTo(value: unknown, max: number, what: string): string {
  if (typeof value !== "string") throw new Rejection("SCHEMA", `${what} is not text`);
  return keptText(value, max);
}

function seconds(value: unknown, what: string): number {
  const time = read.readNumber(value, what);
  if (time < 0 || time > LATEST_S) throw new Rejection("RANGE", `${what} is no time`);
  return time;
}

export function readShare(value: unknown, what: string): number {
  const share = read.readNumber(value, what);
  if (share < 0 || share > 1) throw new Rejection("RANGE", `${what} is not from 0 to 1`);
  return share;
}

export function readKind(value: unknown): NetworkAlertKind {
  if (!KINDS.has(value)) throw new Rejection("SCHEMA", "the alert's kind is not known");
  return value as NetworkAlertKind;
}

export function readEnd(value: unknown, what: string): { address: string; mac: string | null; port: number | null } {
  const { address, mac, port } = read.readObject(value, what);
  return {
    address: textUpTo(address, addressLength, `the address of ${what}`),
    mac: mac === undefined || mac === null ? null : textUpTo(mac, addressLength, `the MAC of ${what}`),
    port: port === undefined || port === null ? null : read.readCount(port, `the port of ${what}`),
  };
}

function readLabel(ids: unknown): SeenLabel | null {
  if (ids === undefined) return null;
  const { label, confidence, source } = read.readObject(ids, "msg.ids");
  return {
    label: textUpTo(label, labelLength, "the label"),
    confidence: readShare(confidence, "the confidence"),
    model: textUpTo(source, labelLength, "the model's name"),
  };
}

/** @param ids what the classifier calls it, if it was asked. @throws {Rejection} SCHEMA or RANGE. */
export function readFlow(flow: unknown, ids: unknown): SeenFlow {
  const { originator, responder, features, start, last, end } = read.readObject(flow, "msg.flow");
  const { address, mac } = readEnd(originator, "the originator");
  if (!Array.isArray(features)) throw new Rejection("SCHEMA", "the flow has no features");
  return {
    source: address,
    mac,
    target: readEnd(responder, "the responder").address,
    packets: read.readCount(features[SENT], "the number of packets"),
    start: seconds(start, "the flow's start"),
    last: seconds(last, "the flow's end"),
    isInterim: end === "interim",
    label: readLabel(ids),
  };
}

function readClassified(value: unknown): NonNullable<NetworkAlert["classified"]> {
  const { label, confidence, model } = read.readObject(value, "what the alert is called");
  return {
    label: textUpTo(label, labelLength, "the label"),
    confidence: readShare(confidence, "the confidence"),
    model: textUpTo(model, labelLength, "the model's name"),
  };
}

/** Reads reasons; longer lists and texts are cut. */
export function readReasons(value: unknown): string[] {
  if (!Array.isArray(value)) throw new Rejection("SCHEMA", "reasons is not a list");
  return value
    .slice(0, NETWORK_LIMITS.reasons)
    .map((reason: unknown) => textUpTo(reason, NETWORK_LIMITS.reasonLength, "a reason"));
}

/** The parts of an alert that its summary has as well. @throws {Rejection} SCHEMA or RANGE. */
export function readFinding(entry: JsonObject) {
  const { severity, phase, proof } = entry;
  if (!PHASES.has(phase)) throw new Rejection("SCHEMA", "the alert's phase is not known");
  if (severity !== "warning" && severity !== "critical") throw new Rejection("SCHEMA", "a severity is not known");
  if (!PROOFS.has(proof)) throw new Rejection("SCHEMA", "the alert's proof is not known");
  const { address, mac } = readEnd(entry.source, "the source");
  const target = entry.target === undefined || entry.target === null ? null : readEnd(entry.target, "the target");
  return {
    kind: readKind(entry.kind),
    phase: phase as NetworkAlert["phase"],
    source: { address, mac },
    target: target && { address: target.address, port: target.port },
    severity: severity as NetworkAlert["severity"],
    value: read.readNumber(entry.value, "the value"),
    threshold: read.readNumber(entry.threshold, "the threshold"),
    unit: textUpTo(entry.unit, NETWORK_LIMITS.unitLength, "the unit"),
    reasons: readReasons(entry.reasons),
    proof: proof as NetworkAlert["proof"],
    firstSeen: seconds(entry.firstSeen, "the first time"),
    crossedAt: seconds(entry.crossedAt, "the time of crossing"),
    lastSeen: seconds(entry.lastSeen, "the last time"),
    packets: read.readCount(entry.packets, "the number of packets"),
  };
}

export type SeenAlert = ReturnType<typeof readFinding> & {
  key: string;
  classified: NetworkAlert["classified"] | null;
};

/** @throws {Rejection} SCHEMA or RANGE. */
export function readNetworkAlert(value: unknown): SeenAlert {
  const entry = read.readObject(value, "msg.alert");
  const finding = readFinding(entry);
  const id = textUpTo(entry.id, NETWORK_LIMITS.idLength, "the alert's id");
  return {
    ...finding,
    // Each capture counts its alerts from one; the first packet tells them apart, also after a restart.
    key: `${id} ${finding.kind} ${finding.firstSeen}`,
    classified: entry.classified === undefined ? null : readClassified(entry.classified),
  };
}

function countsByName(value: unknown, what: string): Record<string, number> {
  const entries = Object.entries(read.readObject(value, what)).slice(0, NETWORK_LIMITS.malformedReasons);
  return Object.fromEntries(
    entries.map(([name, count]) => [keptText(name, labelLength), read.readCount(count, `an entry of ${what}`)]),
  );
}

/** The counters but for the alerts, which are counted here. @throws {Rejection} SCHEMA. */
export function readCounters(value: unknown): Required<Omit<NetworkCounters, "alerts">> {
  const entry = read.readObject(value, "msg.network");
  const count = (name: keyof NetworkCounters) => read.readCount(entry[name], name);
  return {
    at: read.readTime(entry.at, "the counters' time"),
    packets: count("packets"),
    bytes: count("bytes"),
    malformed: countsByName(entry.malformed, "the malformed packets"),
    dropped: read.orNull(entry.dropped, "the dropped packets", (dropped, what) => read.readCount(dropped, what)),
    flows: count("flows"),
    activeFlows: count("activeFlows"),
    evictedFlows: count("evictedFlows"),
    unsentFlows: entry.unsentFlows === undefined ? 0 : count("unsentFlows"),
    sources: count("sources"),
    evictedSources: count("evictedSources"),
  };
}

/** Which capture a message is about; unnamed where it does not say. */
export function readCapture(value: unknown): SeenCapture {
  if (!isJsonObject(value)) return { kind: "", name: "" };
  const text = (part: unknown) => (typeof part === "string" ? keptText(part, NETWORK_LIMITS.nameLength) : "");
  return { kind: text(value.kind), name: text(value.name) };
}
