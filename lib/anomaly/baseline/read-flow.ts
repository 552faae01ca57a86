import { isIP } from "node:net";
import { isJsonObject, type JsonObject } from "../../common/json.js";
import { FLOW_FEATURES, type FlowRecord, type NetworkAlert } from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";

const PROTOCOLS: readonly unknown[] = ["tcp", "udp", "icmp"];
const PHASES: readonly unknown[] = ["began", "continues", "ended"];
const MAX_TEXT = 64;
const MAX_PORT = 65_535;
/** The year 5138: beyond it a clock is no clock. */
const MAX_TIME = 1e11;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

function timeAt(value: unknown, path: string): number {
  if (typeof value !== "number") throw new Rejection("SCHEMA", `${path} is not a number`);
  if (!(value >= 0 && value <= MAX_TIME)) throw new Rejection("RANGE", `${path} is no time`);
  return value;
}

function textAt(value: unknown, path: string): string {
  if (typeof value !== "string" || value.length === 0 || value.length > MAX_TEXT) {
    throw new Rejection("SCHEMA", `${path} is no short text`);
  }
  return value;
}

function endpointAt(value: unknown, path: string): FlowRecord["originator"] {
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", `${path} is missing`);
  const { address, port, mac } = value;
  if (typeof address !== "string" || isIP(address) === 0) throw new Rejection("SCHEMA", `${path}.address is none`);
  if (typeof port !== "number" || !Number.isInteger(port)) throw new Rejection("SCHEMA", `${path}.port is none`);
  if (port < 0 || port > MAX_PORT) throw new Rejection("RANGE", `${path}.port is none`);
  if (mac === undefined || mac === "") return { address, port };
  if (typeof mac !== "string" || !MAC.test(mac)) throw new Rejection("SCHEMA", `${path}.mac is none`);
  return { address, port, mac };
}

/**
 * Reads `msg.flow`, whatever is in there.
 *
 * @throws {Rejection} SCHEMA or RANGE that names what is wrong.
 */
export function readFlow(value: unknown): FlowRecord {
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "msg.flow is not a flow record");
  const { features } = value;
  if (!PROTOCOLS.includes(value.protocol)) throw new Rejection("SCHEMA", "msg.flow.protocol is not tcp, udp or icmp");
  if (!Array.isArray(features) || features.length !== FLOW_FEATURES.length) {
    throw new Rejection("SCHEMA", `msg.flow.features is no list of ${FLOW_FEATURES.length} numbers`);
  }
  for (const [i, feature] of features.entries()) {
    if (typeof feature !== "number") throw new Rejection("SCHEMA", `msg.flow.features[${i}] is not a number`);
    if (!Number.isFinite(feature)) throw new Rejection("RANGE", `msg.flow.features[${i}] is not finite`);
  }
  const start = timeAt(value.start, "msg.flow.start");
  const last = timeAt(value.last, "msg.flow.last");
  return {
    id: textAt(value.id, "msg.flow.id"),
    protocol: value.protocol as FlowRecord["protocol"],
    originator: endpointAt(value.originator, "msg.flow.originator"),
    responder: endpointAt(value.responder, "msg.flow.responder"),
    start: Math.min(start, last),
    last: Math.max(start, last),
    end: textAt(value.end, "msg.flow.end") as FlowRecord["end"],
    handshake: value.handshake === true,
    features: features as number[],
  };
}

function addressAt(value: unknown, path: string): JsonObject & { address: string } {
  if (!isJsonObject(value) || typeof value.address !== "string" || value.address.length > MAX_TEXT) {
    throw new Rejection("SCHEMA", `${path}.address is missing`);
  }
  return value as JsonObject & { address: string };
}

/** Of `msg.alert`: who, when, and whether it goes on. @throws {Rejection} SCHEMA or RANGE. */
export function readAlert(value: unknown): AlertInBrief {
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "msg.alert is not an alert");
  if (!PHASES.includes(value.phase)) throw new Rejection("SCHEMA", "msg.alert.phase is none");
  const { address, mac } = addressAt(value.source, "msg.alert.source");
  const target = value.target === undefined ? {} : { target: addressAt(value.target, "msg.alert.target") };
  return {
    id: textAt(value.id, "msg.alert.id"),
    phase: value.phase as NetworkAlert["phase"],
    source: typeof mac === "string" && MAC.test(mac) ? { address, mac } : { address },
    ...target,
    firstSeen: timeAt(value.firstSeen, "msg.alert.firstSeen"),
    lastSeen: timeAt(value.lastSeen, "msg.alert.lastSeen"),
  };
}

/** What of an alert concerns the baseline. */
export type AlertInBrief = Pick<NetworkAlert, "id" | "phase" | "source" | "target" | "firstSeen" | "lastSeen">;
