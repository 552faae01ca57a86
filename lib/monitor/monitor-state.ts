import { type JsonObject, parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { ATTACK_TYPES, type AttackType, type Severity, type VerdictReason } from "../common/security.js";
import type { AlertSummary, DeviceSummary, ThreatSummary, TrendMinute } from "../common/security-snapshot.js";
import { LIMITS } from "./limits.js";
import * as read from "./state-fields.js";
import { TREND_SLOTS } from "./trend.js";

/** What `security-stats` keeps over restarts: everything but the points of the drill-down. */
export interface MonitorState {
  /** Times here and below: milliseconds since the Unix epoch. */
  since: number;
  normal: number;
  byType: { type: AttackType; count: number }[];
  /** Oldest first, at most 128. */
  trend: TrendMinute[];
  /** Newest first, at most 50. */
  alerts: AlertSummary[];
  /** In no order, at most 256 authenticated ones and 256 others. */
  threats: ThreatSummary[];
  /** Of each kind the one that was seen last first; at most 1,000 authenticated ones and 200 others. */
  devices: DeviceSummary[];
  forgotten: { authenticated: number; claimed: number };
  lastMessageAt: number | null;
  lastAnomalyAt: number | null;
}

const VERSION = 1;
/** Four times what the caps let it grow to. */
const MAX_BYTES = 8_388_608;
const SEVERITIES: ReadonlySet<unknown> = new Set<Severity>(["info", "warning", "critical"]);

const { authenticatedSources, claimedSources, threatCounters } = LIMITS;

function readSource(entry: JsonObject): { source: string; authenticated: boolean } {
  return {
    source: read.readText(entry.source, LIMITS.sourceLength, "a source"),
    authenticated: read.readBoolean(entry.authenticated, "whether a source is authenticated"),
  };
}

function readSeen(entry: JsonObject): { firstSeen: number; lastSeen: number } {
  return {
    firstSeen: read.readTime(entry.firstSeen, "a first time"),
    lastSeen: read.readTime(entry.lastSeen, "a last time"),
  };
}

function readValues(entry: JsonObject): { temperature: number | null; humidity: number | null; rate: number } {
  return {
    temperature: read.orNull(entry.temperature, "a temperature", read.readNumber),
    humidity: read.orNull(entry.humidity, "a humidity", read.readNumber),
    rate: read.readNumber(entry.rate, "a rate"),
  };
}

function readMinute(entry: JsonObject): TrendMinute {
  const total = read.readCount(entry.total, "a minute's total");
  const anomalies = read.readCount(entry.anomalies, "a minute's anomalies");
  const at = read.readTime(entry.at, "a minute");
  if (anomalies > total || at % 60_000 !== 0) throw new Rejection("SCHEMA", "a minute is wrong");
  return { at, total, anomalies };
}

function readReason(entry: JsonObject): VerdictReason {
  return {
    detector: read.readText(entry.detector, LIMITS.detectorLength, "a detector"),
    text: read.readText(entry.text, LIMITS.reasonLength, "a reason"),
  };
}

function readAlert(entry: JsonObject): AlertSummary {
  const { severity } = entry;
  if (!SEVERITIES.has(severity)) throw new Rejection("SCHEMA", "a severity is wrong");
  return {
    id: read.readText(entry.id, LIMITS.sourceLength, "an id"),
    ...readSource(entry),
    attackType: read.readType(entry.attackType),
    severity: severity as Severity,
    topic: read.readText(entry.topic, LIMITS.topicLength, "a topic"),
    count: read.readCount(entry.count, "an alert's count", 1),
    ...readSeen(entry),
    ...readValues(entry),
    reasons: read.readList(entry.reasons, LIMITS.reasons, "reasons", readReason),
    acknowledged: read.readBoolean(entry.acknowledged, "whether an alert is acknowledged"),
  };
}

function readThreat(entry: JsonObject): ThreatSummary {
  const count = read.readCount(entry.count, "a threat's count", 1);
  const error = read.readCount(entry.error, "a threat's error");
  if (error >= count) throw new Rejection("SCHEMA", "a threat's error is wrong");
  return { ...readSource(entry), count, error, lastType: read.readType(entry.lastType), ...readSeen(entry) };
}

function readDevice(entry: JsonObject): DeviceSummary {
  const total = read.readCount(entry.total, "a device's total", 1);
  const anomalies = read.readCount(entry.anomalies, "a device's anomalies");
  if (anomalies > total) throw new Rejection("SCHEMA", "a device has more anomalies than messages");
  return {
    ...readSource(entry),
    ...readSeen(entry),
    total,
    anomalies,
    ...readValues(entry),
    lastType: read.orNull(entry.lastType, "an attack type", read.readType),
  };
}

const sourceKey = (entry: { source: string; authenticated: boolean }) => `${entry.authenticated} ${entry.source}`;

/** @throws {Rejection} where one kind has more entries than it has places. */
function checkSides(entries: readonly { authenticated: boolean }[], proved: number, claimed: number): void {
  const count = entries.filter(({ authenticated }) => authenticated).length;
  if (count > proved || entries.length - count > claimed) throw new Rejection("SCHEMA", "a list is too long");
}

/**
 * Reads what {@link encodeMonitorState} wrote.
 *
 * @throws {Rejection} for anything else; it says what is wrong first.
 */
export function decodeMonitorState(text: string): MonitorState {
  const state = parseJsonObject(text, { maxBytes: MAX_BYTES, maxDepth: 8 });
  if (state.version !== VERSION) throw new Rejection("SCHEMA", `version ${VERSION} expected`);
  const forgotten = read.readObject(state.forgotten, "the number of forgotten sources");
  const byType = read.readList(state.byType, ATTACK_TYPES.length, "types", (entry) => ({
    type: read.readType(entry.type),
    count: read.readCount(entry.count, "a type's count", 1),
  }));
  const trend = read.readList(state.trend, TREND_SLOTS, "minutes", readMinute);
  const threats = read.readList(state.threats, 2 * threatCounters, "threats", readThreat);
  const devices = read.readList(state.devices, authenticatedSources + claimedSources, "devices", readDevice);
  read.checkDistinct(byType, "types", ({ type }) => type);
  read.checkDistinct(trend, "minutes", ({ at }) => String(at));
  read.checkDistinct(threats, "threats", sourceKey);
  read.checkDistinct(devices, "devices", sourceKey);
  checkSides(threats, threatCounters, threatCounters);
  checkSides(devices, authenticatedSources, claimedSources);
  return {
    since: read.readTime(state.since, "the start"),
    normal: read.readCount(state.normal, "the number of normal messages"),
    byType,
    trend,
    alerts: read.readList(state.alerts, LIMITS.alerts, "alerts", readAlert),
    threats,
    devices,
    forgotten: {
      authenticated: read.readCount(forgotten.authenticated, "the number of forgotten devices"),
      claimed: read.readCount(forgotten.claimed, "the number of forgotten names"),
    },
    lastMessageAt: read.orNull(state.lastMessageAt, "the last message", read.readTime),
    lastAnomalyAt: read.orNull(state.lastAnomalyAt, "the last anomaly", read.readTime),
  };
}

export function encodeMonitorState(state: MonitorState): string {
  return `${JSON.stringify({ version: VERSION, ...state })}\n`;
}
