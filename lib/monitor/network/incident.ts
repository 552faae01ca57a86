import type {
  IncidentDecision,
  IncidentDetail,
  IncidentEvent,
  IncidentSummary,
} from "../../common/network-snapshot.js";
import { NETWORK_LIMITS } from "./limits.js";
import type { SeenAlert, SeenFlow, SeenLabel } from "./read-network.js";

type Labels = IncidentDetail["labels"];

/** What is kept of an incident over restarts. */
export interface KeptIncident {
  summary: Omit<IncidentSummary, "named">;
  classified: SeenLabel | null;
  history: IncidentEvent[];
  labels: Labels;
}

/** A flow that began or ended so shortly beside the incident belongs to it, seconds. */
const MARGIN_S = 1;

/** One incident: the alerts about it, what its flows were called and what the firewall did. */
export class Incident {
  private constructor(
    readonly summary: KeptIncident["summary"],
    private classified: SeenLabel | null,
    private readonly history: IncidentEvent[],
    private readonly labels: Labels,
  ) {}

  /** @param now milliseconds since the Unix epoch, this machine's clock. */
  static of(alert: SeenAlert, now: number): Incident {
    const { classified, ...finding } = alert;
    const summary = { ...finding, beganAt: now, toldAt: now, decision: null, acknowledged: false };
    const incident = new Incident(summary, classified ?? null, [], []);
    incident.note(now, alert.phase, alert.value);
    return incident;
  }

  static restore({ summary, classified, history, labels }: KeptIncident): Incident {
    return new Incident({ ...summary }, classified, [...history], [...labels]);
  }

  /** Takes the next alert about it. */
  tell({ classified, ...finding }: SeenAlert, now: number): void {
    Object.assign(this.summary, finding, { toldAt: now });
    if (classified) this.classified = classified;
    this.note(now, finding.phase, finding.value);
  }

  decide(decision: IncidentDecision): void {
    const before = this.summary.decision;
    this.summary.decision = decision;
    // Each alert that goes on is refused for the same reason: once is enough to know.
    if (before && before.refusal !== null && before.refusal === decision.refusal) return;
    this.note(decision.at, decision.action ?? "refused", null);
  }

  /** Whether a flow is one that the incident is made of. */
  includes({ source, target, start, last }: SeenFlow): boolean {
    const { source: suspect, target: victim, firstSeen, lastSeen } = this.summary;
    const isSame = suspect.address === "" ? victim?.address === target : suspect.address === source;
    return isSame && last >= firstSeen - MARGIN_S && start <= lastSeen + MARGIN_S;
  }

  name({ label, confidence, model }: SeenLabel): void {
    const known = this.labels.find((entry) => entry.label === label);
    if (known) {
      known.confidence = (known.confidence * known.flows + confidence) / (known.flows + 1);
      known.flows++;
      known.model = model;
    } else if (this.labels.length < NETWORK_LIMITS.labels) {
      this.labels.push({ label, flows: 1, confidence, model });
    }
  }

  shown(): IncidentSummary {
    const { summary, classified } = this;
    const [heaviest] = this.weighed();
    const named = classified ? { ...classified, flows: null } : (heaviest ?? null);
    return { ...summary, reasons: [...summary.reasons], named };
  }

  detail(): Pick<IncidentDetail, "incident" | "history" | "labels"> {
    return { incident: this.shown(), history: this.history.map((event) => ({ ...event })), labels: this.weighed() };
  }

  kept(): KeptIncident {
    const { summary, classified, history, labels } = this;
    return { summary, classified, history, labels };
  }

  private weighed(): Labels {
    return this.labels
      .map((entry) => ({ ...entry }))
      .sort((a, b) => b.flows * b.confidence - a.flows * a.confidence || (a.label < b.label ? -1 : 1));
  }

  /** The first line stays: when it began. */
  private note(at: number, event: IncidentEvent["event"], value: number | null): void {
    if (this.history.length >= NETWORK_LIMITS.history) this.history.splice(1, 1);
    this.history.push({ at, event, value });
  }
}
