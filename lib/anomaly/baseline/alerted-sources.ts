import type { FlowRecord } from "../../common/network.js";
import type { AlertInBrief } from "./read-flow.js";

const MAX_ALERTS = 10_000;
/** A flow's clock and an alert's are the same, but the last packet of one may come just after the other's. */
const SLACK_S = 2;

interface Accused {
  address: string;
  target: string;
  from: number;
  /** Infinite while it goes on. */
  until: number;
}

/** Whose flows belong to alerts, and when: nothing is learnt from them. */
export class AlertedSources {
  private readonly byId = new Map<string, Accused>();
  private readonly byAddress = new Map<string, Set<Accused>>();

  add({ id, phase, source, target, firstSeen, lastSeen }: AlertInBrief): void {
    const until = phase === "ended" ? lastSeen : Number.POSITIVE_INFINITY;
    const known = this.byId.get(id);
    if (known) {
      known.until = until;
      return;
    }
    if (this.byId.size >= MAX_ALERTS) this.forgetOldest();
    const accused = { address: source.address, target: target?.address ?? "", from: firstSeen, until };
    this.byId.set(id, accused);
    // Forged sources have their target in common.
    const key = keyOf(accused);
    this.byAddress.set(key, (this.byAddress.get(key) ?? new Set()).add(accused));
  }

  covers({
    originator,
    responder,
    start,
    last,
  }: Pick<FlowRecord, "originator" | "responder" | "start" | "last">): boolean {
    if (this.byId.size === 0) return false;
    const isThen = ({ from, until }: Accused) => start <= until + SLACK_S && last >= from - SLACK_S;
    return (
      [...(this.byAddress.get(originator.address) ?? [])].some(isThen) ||
      [...(this.byAddress.get(`to ${responder.address}`) ?? [])].some(isThen)
    );
  }

  private forgetOldest(): void {
    const [id, accused] = this.byId.entries().next().value as [string, Accused];
    this.byId.delete(id);
    const key = keyOf(accused);
    const others = this.byAddress.get(key);
    others?.delete(accused);
    if (others?.size === 0) this.byAddress.delete(key);
  }
}

function keyOf({ address, target }: Accused): string {
  return address === "" ? `to ${target}` : address;
}
