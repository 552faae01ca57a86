import { ATTACK_TYPES, type AttackType, type SecurityVerdict } from "../common/security.js";
import type { DeviceDetail, PublicSnapshot, SecuritySnapshot } from "../common/security-snapshot.js";
import { keptReasons } from "./kept-text.js";
import { LIMITS } from "./limits.js";
import type { MonitorState } from "./monitor-state.js";
import { RecentAlerts } from "./recent-alerts.js";
import { SourceTable } from "./source-table.js";
import { TopThreats } from "./top-threats.js";
import { Trend } from "./trend.js";

/** Everything that a reset forgets. */
class Counts {
  total = 0;
  anomalies = 0;
  readonly byType = new Map<AttackType, number>();
  readonly trend = new Trend();
  readonly alerts = new RecentAlerts();
  readonly threats = new TopThreats();
  readonly authenticated = new SourceTable(true, LIMITS.authenticatedSources);
  readonly claimed = new SourceTable(false, LIMITS.claimedSources);
  lastMessageAt: number | null = null;
  lastAnomalyAt: number | null = null;
  /** Messages since the last snapshot. */
  period = 0;

  constructor(readonly since: number) {}

  sources(authenticated: boolean): SourceTable {
    return authenticated ? this.authenticated : this.claimed;
  }
}

/**
 * Sums up verdicts for people: totals, types, trend, alerts, ranking and devices, in memory that is bounded whatever
 * the senders invent (see {@link LIMITS}). Times are milliseconds since the Unix epoch.
 */
export class SecurityMonitor {
  private counts: Counts;

  /**
   * @param now start of the counting, unless a state says otherwise.
   * @param state of an earlier run, see {@link state}.
   */
  constructor(now: number, state?: MonitorState) {
    this.counts = new Counts(state?.since ?? now);
    if (state) this.restore(state);
  }

  /** @param now the gateway's clock; a verdict whose own time is more than 5 minutes off counts at this one. */
  record(verdict: SecurityVerdict, now: number): void {
    const { counts } = this;
    const at = Math.abs(verdict.at - now) <= LIMITS.clockSkewMs ? Math.max(0, verdict.at) : now;
    const attackType = verdict.status === "anomaly" ? (verdict.attackType ?? "unusual") : undefined;
    const reasons = attackType ? keptReasons(verdict.reasons) : [];
    counts.total++;
    counts.period++;
    counts.lastMessageAt = at;
    counts.trend.add(at, attackType !== undefined);
    counts.sources(verdict.authenticated).add(verdict, attackType, at, reasons);
    if (!attackType) return;
    counts.anomalies++;
    counts.lastAnomalyAt = at;
    counts.byType.set(attackType, (counts.byType.get(attackType) ?? 0) + 1);
    counts.alerts.add(verdict, attackType, at, reasons);
    counts.threats.add(verdict, attackType, at);
  }

  /** Marks an alert as seen. @returns whether there (still) is one of that id. */
  acknowledge(id: string): boolean {
    return this.counts.alerts.acknowledge(id);
  }

  /** Forgets everything; the counting starts at `now`. */
  reset(now: number): void {
    this.counts = new Counts(now);
  }

  /** The drill-down into one source; undefined where it is not, or no longer, followed. */
  detail(source: string, authenticated: boolean): DeviceDetail | undefined {
    return this.counts.sources(authenticated).detail(source);
  }

  /** @param seconds since the last snapshot, by a clock that nobody sets; for the rate. */
  snapshot(now: number, seconds: number): SecuritySnapshot {
    const { counts } = this;
    const { total, anomalies, authenticated, claimed } = counts;
    const rate = seconds > 0 ? counts.period / seconds : 0;
    counts.period = 0;
    const devices = authenticated.list(LIMITS.shownDevices);
    return {
      at: now,
      since: counts.since,
      total,
      normal: total - anomalies,
      anomalies,
      anomalyRate: total > 0 ? anomalies / total : 0,
      rate,
      byType: this.byType(),
      trend: counts.trend.last(now),
      recentAlerts: counts.alerts.list(),
      topThreats: counts.threats.top(),
      devices: devices.concat(claimed.list(LIMITS.shownDevices - devices.length)),
      sources: {
        followed: authenticated.size + claimed.size,
        cap: authenticated.capacity + claimed.capacity,
        forgotten: authenticated.forgotten + claimed.forgotten,
      },
      lastMessageAt: counts.lastMessageAt,
      lastAnomalyAt: counts.lastAnomalyAt,
    };
  }

  /** Everything but the points of the drill-down, for the next run. */
  state(): MonitorState {
    const { counts } = this;
    return {
      since: counts.since,
      normal: counts.total - counts.anomalies,
      byType: this.byType(),
      trend: counts.trend.known(),
      alerts: counts.alerts.list(),
      threats: counts.threats.all(),
      devices: counts.authenticated.list().concat(counts.claimed.list()),
      forgotten: { authenticated: counts.authenticated.forgotten, claimed: counts.claimed.forgotten },
      lastMessageAt: counts.lastMessageAt,
      lastAnomalyAt: counts.lastAnomalyAt,
    };
  }

  private byType(): { type: AttackType; count: number }[] {
    return ATTACK_TYPES.map((type) => ({ type, count: this.counts.byType.get(type) ?? 0 })).filter(
      ({ count }) => count > 0,
    );
  }

  private restore(state: MonitorState): void {
    const { counts } = this;
    for (const { type, count } of state.byType) {
      counts.byType.set(type, count);
      counts.anomalies += count;
    }
    counts.total = state.normal + counts.anomalies;
    counts.trend.restore(state.trend);
    counts.alerts.restore(state.alerts);
    for (const threat of state.threats) counts.threats.restore(threat);
    for (const authenticated of [true, false]) {
      const sources = counts.sources(authenticated);
      sources.restore(state.devices.filter((device) => device.authenticated === authenticated));
      sources.forgotten = authenticated ? state.forgotten.authenticated : state.forgotten.claimed;
    }
    counts.lastMessageAt = state.lastMessageAt;
    counts.lastAnomalyAt = state.lastAnomalyAt;
  }
}

/** The part of a snapshot that holds no names and no readings. */
export function publicSnapshot(snapshot: SecuritySnapshot): PublicSnapshot {
  const { at, since, total, normal, anomalies, anomalyRate, rate, byType, trend } = snapshot;
  return { at, since, total, normal, anomalies, anomalyRate, rate, byType, trend };
}
