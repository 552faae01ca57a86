import type { IncidentDecision, IncidentSummary } from "../../common/network-snapshot.js";
import { Incident, type KeptIncident } from "./incident.js";
import { NETWORK_LIMITS } from "./limits.js";
import type { SeenAlert, SeenFlow } from "./read-network.js";

/** The last 200 incidents, by their keys; one that has ended goes before one that goes on. */
export class Incidents {
  /** The one that began last comes last. */
  private readonly byKey = new Map<string, Incident>();

  /** @returns whether this is the first that is heard of it. */
  add(alert: SeenAlert, now: number): boolean {
    const known = this.byKey.get(alert.key);
    if (known) {
      known.tell(alert, now);
      return false;
    }
    this.makeRoom();
    this.byKey.set(alert.key, Incident.of(alert, now));
    return true;
  }

  /** Gives the incidents that a flow belongs to its label. */
  name(flow: SeenFlow): void {
    if (!flow.label) return;
    for (const incident of this.byKey.values()) if (incident.includes(flow)) incident.name(flow.label);
  }

  decide(key: string, decision: IncidentDecision): void {
    this.byKey.get(key)?.decide(decision);
  }

  /** Where nobody says which alert led to it: the latest incident of that source about which something was done. */
  decideAbout(target: string, decision: IncidentDecision): void {
    const about = [...this.byKey.values()].findLast(({ summary: { source, decision: before } }) => {
      return before?.action != null && (source.address === target || source.mac === target);
    });
    about?.decide(decision);
  }

  /** @returns whether there (still) is one of that key. */
  acknowledge(key: string): boolean {
    const incident = this.byKey.get(key);
    if (incident) incident.summary.acknowledged = true;
    return incident !== undefined;
  }

  get(key: string): Incident | undefined {
    return this.byKey.get(key);
  }

  get open(): number {
    let count = 0;
    for (const { summary } of this.byKey.values()) if (summary.phase !== "ended") count++;
    return count;
  }

  /** Newest first. */
  list(): IncidentSummary[] {
    return [...this.byKey.values()].reverse().map((incident) => incident.shown());
  }

  /** Oldest first. */
  kept(): KeptIncident[] {
    return [...this.byKey.values()].map((incident) => incident.kept());
  }

  /** Takes what {@link kept} gave; what went on when the state was written has an unknown end. */
  restore(kept: readonly KeptIncident[]): void {
    for (const entry of kept) this.byKey.set(entry.summary.key, Incident.restore(entry));
  }

  private makeRoom(): void {
    if (this.byKey.size < NETWORK_LIMITS.incidents) return;
    let out = this.byKey.keys().next().value as string;
    for (const [key, { summary }] of this.byKey) {
      if (summary.phase !== "ended") continue;
      out = key;
      break;
    }
    this.byKey.delete(out);
  }
}
