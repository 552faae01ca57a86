import { type JsonObject, parseJsonObject } from "../../common/json.js";
import { NETWORK_ALERT_KINDS, type NetworkAlertKind } from "../../common/network.js";
import type { IncidentDecision, IncidentEvent, NetworkSource, RatePoint } from "../../common/network-snapshot.js";
import { Rejection } from "../../common/rejection.js";
import * as read from "../state-fields.js";
import type { Increase } from "./captures.js";
import type { KeptIncident } from "./incident.js";
import { NETWORK_LIMITS as LIMITS } from "./limits.js";
import { ACTIONS, readAction, readRefusal } from "./read-firewall.js";
import { readFinding, readKind, readShare, type SeenLabel } from "./read-network.js";

/** What `network-stats` keeps over restarts. Times are milliseconds since the Unix epoch. */
export interface NetworkState {
  since: number;
  total: Increase;
  /** Incidents that began. */
  begun: number;
  byKind: { kind: NetworkAlertKind; count: number }[];
  /** Oldest first, at most 90. */
  points: RatePoint[];
  /** At most 2,000. */
  sources: NetworkSource[];
  forgotten: number;
  /** Oldest first, at most 200. */
  incidents: KeptIncident[];
}

const VERSION = 1;
/** Four times what the caps let it grow to. */
const MAX_BYTES = 8_388_608;
const EVENTS: ReadonlySet<unknown> = new Set([...ACTIONS, "began", "continues", "ended", "refused"]);
const PIECE_MS = LIMITS.pieceSeconds * 1000;

const text = (max: number) => (value: unknown, what: string) => read.readText(value, max, what);

function readPoint(entry: JsonObject): RatePoint {
  const at = read.readTime(entry.at, "a piece of the chart");
  if (at % PIECE_MS !== 0) throw new Rejection("SCHEMA", "a piece of the chart begins at a wrong time");
  return { at, flows: read.readCount(entry.flows, "flows"), packets: read.readCount(entry.packets, "packets") };
}

function readSource(entry: JsonObject): NetworkSource {
  return {
    address: read.readText(entry.address, LIMITS.addressLength, "an address"),
    mac: read.orNull(entry.mac, "a MAC", text(LIMITS.addressLength)),
    packets: read.readCount(entry.packets, "a source's packets"),
    flows: read.readCount(entry.flows, "a source's flows"),
    alerts: read.readCount(entry.alerts, "a source's alerts"),
    lastKind: read.orNull(entry.lastKind, "a kind", readKind),
    lastLabel: read.orNull(entry.lastLabel, "a label", text(LIMITS.labelLength)),
    firstSeen: read.readTime(entry.firstSeen, "a first time"),
    lastSeen: read.readTime(entry.lastSeen, "a last time"),
  };
}

function readDecision(value: unknown): IncidentDecision {
  const entry = read.readObject(value, "a decision");
  return {
    at: read.readTime(entry.at, "the time of a decision"),
    action: read.orNull(entry.action, "an action", readAction),
    refusal: read.orNull(entry.refusal, "a refusal", readRefusal),
    dryRun: read.readBoolean(entry.dryRun, "whether it was a dry run"),
    by: read.orNull(entry.by, "an operator", text(LIMITS.reasonLength)),
    because: read.orNull(entry.because, "an operator's reason", text(LIMITS.reasonLength)),
  };
}

function readEvent(entry: JsonObject): IncidentEvent {
  if (!EVENTS.has(entry.event)) throw new Rejection("SCHEMA", "an event is not known");
  return {
    at: read.readTime(entry.at, "the time of an event"),
    event: entry.event as IncidentEvent["event"],
    value: read.orNull(entry.value, "a value", read.readNumber),
  };
}

function readLabel(value: unknown): SeenLabel {
  const entry = read.readObject(value, "a label");
  return {
    label: read.readText(entry.label, LIMITS.labelLength, "a label"),
    confidence: readShare(entry.confidence, "a confidence"),
    model: read.readText(entry.model, LIMITS.labelLength, "a model"),
  };
}

function readIncident(entry: JsonObject): KeptIncident {
  const summary = read.readObject(entry.summary, "an incident");
  return {
    summary: {
      ...readFinding(summary),
      key: read.readText(summary.key, 2 * LIMITS.idLength, "a key"),
      beganAt: read.readTime(summary.beganAt, "when it was told first"),
      toldAt: read.readTime(summary.toldAt, "when it was told last"),
      decision: read.orNull(summary.decision, "a decision", readDecision),
      acknowledged: read.readBoolean(summary.acknowledged, "whether it is acknowledged"),
    },
    classified: read.orNull(entry.classified, "a label", readLabel),
    history: read.readList(entry.history, LIMITS.history, "events", readEvent),
    labels: read.readList(entry.labels, LIMITS.labels, "labels", (label) => ({
      ...readLabel(label),
      flows: read.readCount(label.flows, "a label's flows", 1),
    })),
  };
}

/**
 * Reads what {@link encodeNetworkState} wrote.
 *
 * @throws {Rejection} for anything else; it says what is wrong first.
 */
export function decodeNetworkState(content: string): NetworkState {
  const state = parseJsonObject(content, { maxBytes: MAX_BYTES, maxDepth: 8 });
  if (state.version !== VERSION) throw new Rejection("SCHEMA", `version ${VERSION} expected`);
  const total = read.readObject(state.total, "the totals");
  const byKind = read.readList(state.byKind, NETWORK_ALERT_KINDS.length, "kinds", (entry) => ({
    kind: readKind(entry.kind),
    count: read.readCount(entry.count, "a kind's count", 1),
  }));
  const points = read.readList(state.points, LIMITS.pieces, "pieces of the chart", readPoint);
  const sources = read.readList(state.sources, LIMITS.alertedSources + LIMITS.quietSources, "sources", readSource);
  const incidents = read.readList(state.incidents, LIMITS.incidents, "incidents", readIncident);
  read.checkDistinct(byKind, "kinds", ({ kind }) => kind);
  read.checkDistinct(points, "pieces of the chart", ({ at }) => String(at));
  read.checkDistinct(sources, "sources", ({ address }) => address);
  read.checkDistinct(incidents, "incidents", ({ summary }) => summary.key);
  if (sources.filter(({ alerts }) => alerts > 0).length > LIMITS.alertedSources) {
    throw new Rejection("SCHEMA", "too many sources have alerts");
  }
  return {
    since: read.readTime(state.since, "the start"),
    total: {
      flows: read.readCount(total.flows, "the flows"),
      packets: read.readCount(total.packets, "the packets"),
      bytes: read.readCount(total.bytes, "the bytes"),
    },
    begun: read.readCount(state.begun, "the number of incidents"),
    byKind,
    points,
    sources,
    forgotten: read.readCount(state.forgotten, "the number of forgotten sources"),
    incidents,
  };
}

export function encodeNetworkState(state: NetworkState): string {
  return `${JSON.stringify({ version: VERSION, ...state })}\n`;
}
