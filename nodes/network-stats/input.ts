import type { NodeMessage } from "node-red";
import type { BlockRefusal, FirewallSnapshot } from "../../lib/common/firewall.js";
import { isJsonObject } from "../../lib/common/json.js";
import { refuseNetworkOrigin } from "../../lib/common/operator-request.js";
import { Rejection } from "../../lib/common/rejection.js";
import { readAct, readFirewallSnapshot, readRefusal, type SeenAct } from "../../lib/monitor/network/read-firewall.js";
import {
  readCapture,
  readCounters,
  readFlow,
  readNetworkAlert,
  type SeenAlert,
  type SeenCapture,
  type SeenFlow,
} from "../../lib/monitor/network/read-network.js";
import type { StageMessage } from "../common/stage.js";

/** What `network-stats` looks at in a message. */
export interface NetworkMessage extends StageMessage {
  network?: unknown;
  capture?: unknown;
  refusal?: unknown;
  reset?: unknown;
  acknowledge?: unknown;
  select?: unknown;
  /** Dashboard 2: which browser asked. */
  _client?: unknown;
}

export type NetworkInput =
  | { kind: "flow"; flow: SeenFlow }
  | { kind: "alert"; alert: SeenAlert }
  | { kind: "counters"; capture: SeenCapture; counters: ReturnType<typeof readCounters> }
  /** `key` where an alert led to it. */
  | { kind: "act"; act: SeenAct; key: string | undefined }
  | { kind: "refusal"; refusal: BlockRefusal; key: string }
  | { kind: "firewall"; snapshot: FirewallSnapshot }
  | { kind: "reset" }
  | { kind: "acknowledge"; key: string }
  | { kind: "select"; key: string };

const MAX_KEY = 256;

function readKey(value: unknown, what: string): string {
  if (typeof value === "string" && value.length <= MAX_KEY) return value;
  throw new Rejection("SCHEMA", `${what} is not the key of an incident`);
}

/** What `block` sends: its payload says what it is, whatever else is still on the message. */
function readFirewall(msg: NetworkMessage): NetworkInput | undefined {
  const { payload, alert } = msg;
  if (msg.refusal !== undefined) {
    const refusal = isJsonObject(msg.refusal) ? readRefusal(msg.refusal.reason) : readRefusal(undefined);
    return { kind: "refusal", refusal, key: readNetworkAlert(alert).key };
  }
  if (!isJsonObject(payload) || payload.firewall === undefined) return undefined;
  if (payload.action === undefined) return { kind: "firewall", snapshot: readFirewallSnapshot(payload) };
  return { kind: "act", act: readAct(payload), key: alert === undefined ? undefined : readNetworkAlert(alert).key };
}

function readRequest(msg: NetworkMessage): NetworkInput | undefined {
  const { reset, acknowledge, select } = msg;
  if (reset === undefined && acknowledge === undefined && select === undefined) return undefined;
  refuseNetworkOrigin(msg);
  if (reset === true) return { kind: "reset" };
  if (acknowledge !== undefined) return { kind: "acknowledge", key: readKey(acknowledge, "msg.acknowledge") };
  if (select !== undefined) return { kind: "select", key: readKey(select, "msg.select") };
  throw new Rejection("SCHEMA", "msg.reset must be true");
}

/**
 * Tells what a message is: from flow-meter, ids-classify or block, or a person's request.
 *
 * @throws {Rejection} for none of them; SCHEMA, RANGE or AUTH.
 */
export function readNetworkInput(msg: NetworkMessage & NodeMessage): NetworkInput {
  const given = readFirewall(msg) ?? readRequest(msg);
  if (given) return given;
  if (msg.alert !== undefined) return { kind: "alert", alert: readNetworkAlert(msg.alert) };
  if (msg.flow !== undefined) return { kind: "flow", flow: readFlow(msg.flow, msg.ids) };
  if (msg.network !== undefined) {
    return { kind: "counters", capture: readCapture(msg.capture), counters: readCounters(msg.network) };
  }
  throw new Rejection("SCHEMA", "there is neither msg.flow, msg.alert nor msg.network, and nothing from block");
}
