import type { FlowRecord, NetworkAlert } from "../../common/network.js";
import { isOfKind } from "./attack-flows.js";

const DEFAULT_CAP = 10_000;
/** A flow's last packets and an incident's may be so far apart, in seconds, and still belong together. */
const SLACK_S = 1;

/** What was found, the last word about each incident, and which flows belong to it. */
export class IncidentLog {
  private readonly byId = new Map<string, NetworkAlert>();
  private readonly byWhom = new Map<string, Set<string>>();
  /** Incidents that were left out because there were too many. */
  notKept = 0;

  constructor(private readonly cap = DEFAULT_CAP) {}

  /** @param alert as the detectors or the baseline tell it; later ones about the same incident replace it. */
  add(alert: NetworkAlert): void {
    const known = this.byId.has(alert.id);
    if (!known && this.byId.size >= this.cap) {
      if (alert.phase === "began") this.notKept++;
      return;
    }
    this.byId.set(alert.id, alert);
    if (known) return;
    const key = keyOf(alert);
    const ids = this.byWhom.get(key) ?? new Set();
    ids.add(alert.id);
    this.byWhom.set(key, ids);
  }

  get size(): number {
    return this.byId.size;
  }

  all(): IterableIterator<NetworkAlert> {
    return this.byId.values();
  }

  /** The incidents that a flow belongs to: by who opened it, when, and what such incidents are made of. */
  of(flow: FlowRecord): NetworkAlert[] {
    if (this.byId.size === 0) return [];
    const own = this.among(flow, flow.originator.address);
    return [...own, ...this.among(flow, forgedKey(flow.responder.address))];
  }

  private among(flow: FlowRecord, key: string): NetworkAlert[] {
    const found: NetworkAlert[] = [];
    for (const id of this.byWhom.get(key) ?? []) {
      const alert = this.byId.get(id) as NetworkAlert;
      const { source, target, kind, firstSeen, lastSeen } = alert;
      const isThen = flow.start <= lastSeen + SLACK_S && flow.last >= firstSeen - SLACK_S;
      const isForged = source.address === "";
      const { mac } = flow.originator;
      const isThere = !isForged || source.mac === undefined || mac === undefined || source.mac === mac;
      if (isThen && isThere && isOfKind(flow, kind, target?.port)) found.push(alert);
    }
    return found;
  }
}

/** Where sources are forged, the target is what all their flows have in common. */
function keyOf({ source, target }: NetworkAlert): string {
  return source.address === "" ? forgedKey(target?.address ?? "") : source.address;
}

function forgedKey(target: string): string {
  return `to ${target}`;
}
