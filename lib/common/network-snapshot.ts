import type { ActiveBlock, BlockRefusal, FirewallAction, FirewallSnapshot } from "./firewall.js";
import type { NetworkAlert, NetworkAlertKind } from "./network.js";

/** What `ids-classify` calls an incident: its own word about the alert, or the heaviest label of the flows that belong to it. */
export interface IncidentName {
  label: string;
  /** 0 to 1; of several flows the mean. */
  confidence: number;
  model: string;
  /** Flows that were called so; null where the alert itself was named. */
  flows: number | null;
}

/** What the firewall did about an incident, or why it did nothing. */
export interface IncidentDecision {
  /** Milliseconds since the Unix epoch. */
  at: number;
  /** Done, or decided in a dry run; null where it was refused. */
  action: FirewallAction | null;
  /** Null where something was done. */
  refusal: BlockRefusal | null;
  dryRun: boolean;
  /** The operator who opened it, and why. */
  by: string | null;
  because: string | null;
}

/** One finding about one source, as it was told last. Addresses come from packets: show them as text. */
export interface IncidentSummary {
  /** Stands for this incident on the dashboard; an alert's own id is counted anew by each capture. */
  key: string;
  kind: NetworkAlertKind;
  phase: NetworkAlert["phase"];
  /** `address` is empty where the sources are forged at random. */
  source: { address: string; mac: string | null };
  target: { address: string; port: number | null } | null;
  severity: NetworkAlert["severity"];
  value: number;
  threshold: number;
  unit: string;
  /** At most 5. */
  reasons: string[];
  proof: NetworkAlert["proof"];
  /** Capture time in seconds since the Unix epoch. */
  firstSeen: number;
  crossedAt: number;
  lastSeen: number;
  packets: number;
  /** When it was told first and last, milliseconds since the Unix epoch, this machine's clock. */
  beganAt: number;
  toldAt: number;
  named: IncidentName | null;
  decision: IncidentDecision | null;
  acknowledged: boolean;
}

/** One line of an incident's history. */
export interface IncidentEvent {
  /** Milliseconds since the Unix epoch. */
  at: number;
  event: NetworkAlert["phase"] | FirewallAction | "refused";
  /** Measured value then, or null. */
  value: number | null;
}

export interface NetworkSource {
  address: string;
  mac: string | null;
  /** That it sent, in finished flows that it opened. */
  packets: number;
  /** Finished flows that it opened. */
  flows: number;
  /** Incidents. */
  alerts: number;
  lastKind: NetworkAlertKind | null;
  /** What the classifier called its last flow. */
  lastLabel: string | null;
  /** Milliseconds since the Unix epoch. */
  firstSeen: number;
  lastSeen: number;
}

/** A piece of the chart. */
export interface RatePoint {
  /** Its beginning, milliseconds since the Unix epoch. */
  at: number;
  flows: number;
  packets: number;
}

/** What the capture's own counters said last. */
export interface CaptureStatus {
  kind: string;
  /** Interface or file. */
  name: string;
  at: number;
  packets: number;
  bytes: number;
  malformed: { reason: string; count: number }[];
  /** Null while it is not known. */
  dropped: number | null;
  flows: number;
  activeFlows: number;
  evictedFlows: number;
  unsentFlows: number;
  sources: number;
  evictedSources: number;
}

/** What `network-stats` emits at its set rate: everything the page Network shows, of bounded size. */
export interface NetworkSnapshot {
  at: number;
  /** Start of the counting: the first start or the last reset. */
  since: number;
  flows: number;
  packets: number;
  bytes: number;
  /** A second, over the last 10 s. */
  flowRate: number;
  packetRate: number;
  /** Seconds of one piece, and the last 15 minutes of them, oldest first, from the first packet on. */
  chart: { seconds: number; points: RatePoint[] };
  /** Only kinds that occurred. */
  byKind: { kind: NetworkAlertKind; count: number }[];
  /** Incidents that began, and of those that are kept the ones that go on. */
  incidents: number;
  open: number;
  /** Newest first, at most 200. */
  alerts: IncidentSummary[];
  /** Those with alerts first, then by packets; at most 50. */
  sources: NetworkSource[];
  followed: { followed: number; cap: number; forgotten: number };
  capture: CaptureStatus | null;
  /** Null until `block` has told. */
  firewall: FirewallSnapshot | null;
}

/** The part of a snapshot that holds no addresses, for everybody. */
export interface PublicNetworkSnapshot
  extends Pick<
    NetworkSnapshot,
    "at" | "since" | "flows" | "packets" | "flowRate" | "packetRate" | "chart" | "byKind" | "incidents" | "open"
  > {
  /** Null until `block` has told. */
  blocked: number | null;
  dryRun: boolean | null;
}

/** Answer of `network-stats` to `msg.select = {key}`; `null` for an incident that is no longer kept. */
export interface IncidentDetail {
  incident: IncidentSummary;
  /** Oldest first, at most 30. */
  history: IncidentEvent[];
  /** What the classifier called the flows that belong to it, the heaviest first; at most 8. */
  labels: { label: string; flows: number; confidence: number; model: string }[];
  source: NetworkSource | null;
  block: ActiveBlock | null;
}
