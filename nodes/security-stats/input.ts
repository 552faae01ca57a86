import type { NodeMessage } from "node-red";
import { isJsonObject } from "../../lib/common/json.js";
import { readVerdict } from "../../lib/common/read-verdict.js";
import { Rejection } from "../../lib/common/rejection.js";
import type { SecurityVerdict } from "../../lib/common/security.js";
import { externalVerdict } from "../../lib/verdict/external-verdict.js";
import { parseSeedAlert } from "../../lib/verdict/seed-alert.js";
import { VerdictIds } from "../../lib/verdict/verdict-ids.js";
import type { StageMessage } from "../common/stage.js";

/** What `security-stats` looks at in a message. */
export interface StatsMessage extends StageMessage {
  reset?: unknown;
  acknowledge?: unknown;
  select?: unknown;
  /** Dashboard 2: which browser asked. */
  _client?: unknown;
}

/** Which source an operator wants to see. */
export interface Selection {
  source: string;
  authenticated: boolean;
}

export type StatsInput =
  | { kind: "verdict"; verdict: SecurityVerdict }
  | { kind: "reset" }
  | { kind: "acknowledge"; id: string }
  | { kind: "select"; selection: Selection }
  /** An alert that Redoubt itself published: its verdict came by wire. */
  | { kind: "own-alert" };

const MAX_NAME = 64;
const ids = new VerdictIds();

function readSelection(value: unknown): Selection {
  if (!isJsonObject(value) || typeof value.source !== "string" || typeof value.authenticated !== "boolean") {
    throw new Rejection("SCHEMA", "msg.select must be {source: text, authenticated: true or false}");
  }
  return { source: value.source.slice(0, MAX_NAME), authenticated: value.authenticated };
}

/**
 * Tells what a message is: a verdict, an operator's command, or an alert of seed 004's monitor.
 *
 * @param now gateway clock, milliseconds since the Unix epoch.
 * @throws {Rejection} for none of them; FORMAT, SCHEMA, RANGE or SIZE.
 */
export function readInput(msg: StatsMessage & NodeMessage, now: number): StatsInput {
  if (msg.verdict !== undefined) return { kind: "verdict", verdict: readVerdict(msg.verdict) };
  if (msg.reset === true) return { kind: "reset" };
  if (msg.acknowledge !== undefined) {
    const id = msg.acknowledge;
    if (typeof id !== "string" || id.length > MAX_NAME) throw new Rejection("SCHEMA", "msg.acknowledge is not an id");
    return { kind: "acknowledge", id };
  }
  if (msg.select !== undefined) return { kind: "select", selection: readSelection(msg.select) };
  const alert = parseSeedAlert(msg.payload);
  if (alert.monitor !== undefined) return { kind: "own-alert" };
  return { kind: "verdict", verdict: externalVerdict(alert, now, ids.next()) };
}
