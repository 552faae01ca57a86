import type { FirewallSnapshot } from "../../common/firewall.js";
import { NETWORK_ALERT_KINDS, type NetworkAlertKind } from "../../common/network.js";
import type {
  IncidentDecision,
  IncidentDetail,
  NetworkSnapshot,
  PublicNetworkSnapshot,
} from "../../common/network-snapshot.js";
import { Captures, type Increase } from "./captures.js";
import { Incidents } from "./incidents.js";
import { NETWORK_LIMITS } from "./limits.js";
import type { NetworkState } from "./network-state.js";
import { RateSeries } from "./rate-series.js";
import type { SeenAct } from "./read-firewall.js";
import type { readCounters, SeenAlert, SeenCapture, SeenFlow } from "./read-network.js";
import { RecentRates } from "./recent-rates.js";
import { SourceBoard } from "./source-board.js";

/** Everything that a reset forgets. */
class Counts {
  readonly total: Increase = { flows: 0, packets: 0, bytes: 0 };
  readonly rates = new RecentRates();
  readonly byKind = new Map<NetworkAlertKind, number>();
  readonly series = new RateSeries();
  readonly sources = new SourceBoard();
  readonly incidents = new Incidents();
  begun = 0;

  constructor(readonly since: number) {}
}

const PARTS = ["flows", "packets", "bytes"] as const;

/**
 * Sums up what the meter, the classifier and the firewall tell of a network, in memory that is bounded whatever
 * addresses packets carry (see {@link NETWORK_LIMITS}). `now` is milliseconds since the Unix epoch.
 */
export class NetworkMonitor {
  private counts: Counts;
  /** Not forgotten by a reset: how far each capture has counted, and who is blocked now. */
  private readonly captures = new Captures();
  private firewall: FirewallSnapshot | null = null;

  /** @param state of an earlier run, see {@link state}. */
  constructor(now: number, state?: NetworkState) {
    this.counts = new Counts(state?.since ?? now);
    if (state) this.restore(state);
  }

  /** A flow for its source's row and for the name of its incident; totals come from the counters. */
  addFlow(flow: SeenFlow, now: number): void {
    const { sources, incidents } = this.counts;
    if (flow.source !== "") sources.addFlow(flow, now);
    if (flow.label) incidents.name(flow);
  }

  addAlert(alert: SeenAlert, now: number): void {
    const { counts } = this;
    const isNew = counts.incidents.add(alert, now);
    const { address, mac } = alert.source;
    if (address !== "") counts.sources.addAlert(address, mac, alert.kind, isNew, now);
    if (!isNew) return;
    counts.begun++;
    counts.byKind.set(alert.kind, (counts.byKind.get(alert.kind) ?? 0) + 1);
  }

  addCounters(capture: SeenCapture, counters: ReturnType<typeof readCounters>, now: number): void {
    const { counts } = this;
    const increase = this.captures.add(capture, counters);
    for (const part of PARTS) counts.total[part] += increase[part];
    counts.rates.add(increase);
    counts.series.add(now, increase.flows, increase.packets);
  }

  /** @param key of the alert that led to it; undefined where time or an operator did. */
  addAct({ action, at, dryRun, by, because, target }: SeenAct, key: string | undefined): void {
    const decision = { at, action, refusal: null, dryRun, by, because };
    if (key === undefined) this.counts.incidents.decideAbout(target, decision);
    else this.counts.incidents.decide(key, decision);
  }

  /** That an alert blocked nobody, and why. */
  addRefusal(key: string, refusal: IncidentDecision["refusal"], now: number): void {
    const dryRun = this.firewall?.dryRun ?? false;
    this.counts.incidents.decide(key, { at: now, action: null, refusal, dryRun, by: null, because: null });
  }

  setFirewall(snapshot: FirewallSnapshot): void {
    this.firewall = snapshot;
  }

  /** Marks an incident as seen. @returns whether there (still) is one of that key. */
  acknowledge(key: string): boolean {
    return this.counts.incidents.acknowledge(key);
  }

  /** Forgets everything but who is blocked; the counting starts at `now`. */
  reset(now: number): void {
    this.counts = new Counts(now);
  }

  /** Everything that is known of one incident; undefined where it is no longer kept. */
  detail(key: string): IncidentDetail | undefined {
    const detail = this.counts.incidents.get(key)?.detail();
    if (!detail) return undefined;
    const { address, mac } = detail.incident.source;
    const block = this.firewall?.blocked.find(({ target }) => target === address || target === mac);
    return { ...detail, source: this.counts.sources.of(address), block: block ? { ...block } : null };
  }

  /** @param seconds since the last snapshot, by a clock that nobody sets; for the rates. */
  snapshot(now: number, seconds: number): NetworkSnapshot {
    const { counts } = this;
    const { total, sources, incidents } = counts;
    return {
      at: now,
      since: counts.since,
      ...total,
      ...counts.rates.take(seconds),
      chart: { seconds: NETWORK_LIMITS.pieceSeconds, points: counts.series.last(now) },
      byKind: this.byKind(),
      incidents: counts.begun,
      open: incidents.open,
      alerts: incidents.list(),
      sources: sources.ranked(NETWORK_LIMITS.shownSources),
      followed: { followed: sources.size, cap: sources.capacity, forgotten: sources.forgotten },
      capture: this.captures.shown(now),
      firewall: this.firewall,
    };
  }

  /** What is kept over restarts: not the captures' counters nor the firewall's list, which come anew. */
  state(now: number): NetworkState {
    const { since, total, series, sources, incidents, begun } = this.counts;
    return {
      since,
      total: { ...total },
      begun,
      byKind: this.byKind(),
      points: series.last(now),
      sources: sources.all(),
      forgotten: sources.forgotten,
      incidents: incidents.kept(),
    };
  }

  private byKind(): { kind: NetworkAlertKind; count: number }[] {
    return NETWORK_ALERT_KINDS.map((kind) => ({ kind, count: this.counts.byKind.get(kind) ?? 0 })).filter(
      ({ count }) => count > 0,
    );
  }

  private restore(state: NetworkState): void {
    const { counts } = this;
    Object.assign(counts.total, state.total);
    counts.begun = state.begun;
    for (const { kind, count } of state.byKind) counts.byKind.set(kind, count);
    counts.series.restore(state.points);
    counts.sources.restore(state.sources);
    counts.sources.forgotten = state.forgotten;
    counts.incidents.restore(state.incidents);
  }
}

/** The part of a snapshot that holds no addresses. */
export function publicNetworkSnapshot(snapshot: NetworkSnapshot): PublicNetworkSnapshot {
  const { at, since, flows, packets, flowRate, packetRate, chart, byKind, incidents, open, firewall } = snapshot;
  return {
    ...{ at, since, flows, packets, flowRate, packetRate, chart, byKind, incidents, open },
    blocked: firewall?.total ?? null,
    dryRun: firewall?.dryRun ?? null,
  };
}
