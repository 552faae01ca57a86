import type { NetworkAlert, NetworkAlertKind } from "../../common/network.js";
import type { ExemptionList } from "./exemptions.js";
import type { DetectedKind, Thresholds } from "./thresholds.js";

/** An incident that goes on is told again after so many seconds. */
const REPEAT_S = 60;
/** It has ended after so many quiet seconds, or a twelfth of its window. */
const QUIET_S = 60;
const MAX_ACTIVE = 1000;

const CRITICAL = new Set<NetworkAlertKind>([
  "syn-flood",
  "spoofed-syn-flood",
  "udp-flood",
  "icmp-flood",
  "slow-connections",
  "ssh-brute-force",
  "mqtt-brute-force",
  "mqtt-connect-flood",
  "mqtt-publish-flood",
  "mqtt-slow",
  "arp-spoofing",
]);

/** Where the running incidents of somebody are kept, so that a packet of a flood costs no look-up by text. */
export interface IncidentHolder {
  readonly incidents: Map<NetworkAlertKind, Incident>;
}

/** What crossed a threshold. */
export interface Finding {
  source: { address: string; mac?: string };
  target?: { address: string; port?: number };
  value: number;
  /** Time of the first packet counted, by the detectors' clock. */
  firstSeen: number;
  packets: number;
  reasons: string[];
  proof: NetworkAlert["proof"];
  /** Threshold that was crossed, where it is not the one of the table. */
  threshold?: number;
  unit?: string;
  clientId?: string;
}

export interface Incident {
  alert: NetworkAlert;
  key: string;
  lastTold: number;
  lastSeen: number;
  isMuted: boolean;
}

/** What is going on: each incident is told when it begins, once a minute while it lasts, and when it has ended. */
export class Incidents {
  private readonly active = new Map<string, Incident>();
  private readonly count = new Map<string, number>();
  private made = 0;
  private now = 0;
  private shift = 0;

  constructor(
    private readonly thresholds: Thresholds,
    private readonly units: Readonly<Record<DetectedKind, { unit: string }>>,
    private readonly exemptions: ExemptionList,
    private readonly onAlert: (alert: NetworkAlert) => void,
  ) {}

  /** @param now the detectors' time. @param time the same moment in capture time. */
  at(now: number, time: number): void {
    this.now = now;
    this.shift = time - now;
  }

  /** Says that what an incident is about goes on. @returns whether there is one. */
  goesOn(holder: IncidentHolder, kind: DetectedKind, value: number, packets = 1): boolean {
    const incident = holder.incidents.get(kind);
    if (incident === undefined) return false;
    if (incident.alert.phase === "ended") {
      holder.incidents.delete(kind);
      return false;
    }
    incident.lastSeen = this.now;
    incident.alert.packets += packets;
    if (value > incident.alert.value) incident.alert.value = value;
    if (this.now - incident.lastTold >= REPEAT_S) this.tell(incident, "continues");
    return true;
  }

  /** Begins an incident, or takes up the one that this source has already. */
  begin(holder: IncidentHolder, kind: DetectedKind, finding: Finding): void {
    const key = `${kind} ${finding.source.address} ${finding.source.address === "" ? finding.source.mac : ""}`;
    const known = this.active.get(key);
    if (known !== undefined) {
      holder.incidents.set(kind, known);
      this.goesOn(holder, kind, finding.value);
      return;
    }
    if (this.active.size >= MAX_ACTIVE) this.end(this.active.values().next().value as Incident);
    const { clientId, ...rest } = finding;
    const time = this.now + this.shift;
    const incident: Incident = {
      key,
      lastTold: this.now,
      lastSeen: this.now,
      isMuted: this.exemptions.covers(kind, finding.source.address, finding.source.mac ?? "", clientId),
      alert: {
        threshold: this.thresholds[kind].count,
        unit: this.units[kind].unit,
        ...rest,
        id: "",
        kind,
        phase: "began",
        severity: CRITICAL.has(kind) ? "critical" : "warning",
        firstSeen: finding.firstSeen + this.shift,
        crossedAt: time,
        lastSeen: time,
      },
    };
    if (!incident.isMuted) incident.alert.id = `n${++this.made}`;
    this.active.set(key, incident);
    holder.incidents.set(kind, incident);
    this.tell(incident, "began");
  }

  /** Tells an incident once more because its source has proved who it is, so that it may be acted upon. */
  proved(holder: IncidentHolder): void {
    for (const incident of holder.incidents.values()) {
      if (incident.alert.proof !== "none" || incident.alert.phase === "ended") continue;
      incident.alert.proof = "handshake";
      this.tell(incident, "continues");
    }
  }

  /** Ends what has been quiet; called about once a second. */
  sweep(): void {
    for (const incident of this.active.values()) {
      const kind = incident.alert.kind as DetectedKind;
      const quiet = Math.max(QUIET_S, this.thresholds[kind].seconds / 12);
      if (this.now - incident.lastSeen > quiet) this.end(incident);
    }
  }

  endAll(): void {
    for (const incident of [...this.active.values()]) this.end(incident);
  }

  /** Incidents that began, by kind. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.count);
  }

  private end(incident: Incident): void {
    this.active.delete(incident.key);
    this.tell(incident, "ended");
  }

  private tell(incident: Incident, phase: NetworkAlert["phase"]): void {
    incident.alert.phase = phase;
    incident.alert.lastSeen = incident.lastSeen + this.shift;
    incident.lastTold = this.now;
    if (incident.isMuted) return;
    if (phase === "began") this.count.set(incident.alert.kind, (this.count.get(incident.alert.kind) ?? 0) + 1);
    this.onAlert(structuredClone(incident.alert));
  }
}
