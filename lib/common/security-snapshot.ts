import type { AttackType, Severity, VerdictReason } from "./security.js";

/** Alerts of one source and type that came close together, newest state. */
export interface AlertSummary {
  /** Id of the first verdict. */
  id: string;
  source: string;
  authenticated: boolean;
  attackType: AttackType;
  severity: Severity;
  topic: string;
  /** Verdicts in this alert. */
  count: number;
  /** Milliseconds since the Unix epoch. */
  firstSeen: number;
  lastSeen: number;
  temperature: number | null;
  humidity: number | null;
  rate: number;
  reasons: VerdictReason[];
  acknowledged: boolean;
}

/** One of the sources with the most anomalies (Space-Saving: the true count is `count - error` to `count`). */
export interface ThreatSummary {
  source: string;
  authenticated: boolean;
  count: number;
  error: number;
  lastType: AttackType;
  /** Milliseconds since the Unix epoch. */
  firstSeen: number;
  lastSeen: number;
}

export interface DeviceSummary {
  source: string;
  authenticated: boolean;
  firstSeen: number;
  lastSeen: number;
  total: number;
  anomalies: number;
  temperature: number | null;
  humidity: number | null;
  rate: number;
  lastType: AttackType | null;
}

/** One minute of the trend. */
export interface TrendMinute {
  /** Its beginning, milliseconds since the Unix epoch. */
  at: number;
  total: number;
  anomalies: number;
}

/** What `security-stats` emits at its set rate: everything the security page shows, of bounded size. */
export interface SecuritySnapshot {
  at: number;
  /** Start of the counting: the first start or the last reset. */
  since: number;
  total: number;
  normal: number;
  anomalies: number;
  /** Anomalies / total, 0..1; 0 before the first message. */
  anomalyRate: number;
  /** Messages a second since the previous snapshot. */
  rate: number;
  /** Only types that occurred. */
  byType: { type: AttackType; count: number }[];
  /** The last 60 minutes, oldest first, empty minutes included from the first message on. */
  trend: TrendMinute[];
  /** Newest first, at most 50. */
  recentAlerts: AlertSummary[];
  /** Most certain anomalies (`count - error`) first, at most 10. */
  topThreats: ThreatSummary[];
  /** Authenticated sources first, then by last seen; at most 200. */
  devices: DeviceSummary[];
  /** Sources that are followed one by one, and the cap beyond which the least recently seen are forgotten. */
  sources: { followed: number; cap: number; forgotten: number };
  lastMessageAt: number | null;
  lastAnomalyAt: number | null;
}

/** The part of a snapshot that holds no names and no readings, for everybody. */
export type PublicSnapshot = Pick<
  SecuritySnapshot,
  "at" | "since" | "total" | "normal" | "anomalies" | "anomalyRate" | "rate" | "byType" | "trend"
>;

/** One reading of the drill-down. */
export interface DevicePoint {
  at: number;
  temperature: number | null;
  humidity: number | null;
  rate: number;
  attackType: AttackType | null;
  reasons: VerdictReason[];
}

/** Answer of `security-stats` to `msg.select = {source, authenticated}`; `null` for a source that is not followed. */
export interface DeviceDetail {
  device: DeviceSummary;
  /** Oldest first, at most 300. */
  points: DevicePoint[];
}
