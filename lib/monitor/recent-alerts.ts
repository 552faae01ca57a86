import type { AttackType, SecurityVerdict, Severity, VerdictReason } from "../common/security.js";
import type { AlertSummary } from "../common/security-snapshot.js";
import { keptText } from "./kept-text.js";
import { LIMITS } from "./limits.js";

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/** The last 50 alerts; verdicts of one source and type within 60 s of its last one are one alert. */
export class RecentAlerts {
  /** The one that was touched last comes last: order does not depend on the clock. */
  private readonly alerts: AlertSummary[] = [];
  private authenticatedCount = 0;

  /** @param reasons of the verdict, safe to keep. */
  add(verdict: SecurityVerdict, attackType: AttackType, at: number, reasons: VerdictReason[]): void {
    const source = verdict.source.slice(0, LIMITS.sourceLength);
    // Among 50 a search from the newest on is cheaper than an index that is rewritten for each invented name.
    const known = this.alerts.findLast(
      (alert) =>
        alert.attackType === attackType && alert.authenticated === verdict.authenticated && alert.source === source,
    );
    if (known && Math.abs(at - known.lastSeen) <= LIMITS.coalesceMs) {
      this.update(known, verdict, at, reasons);
      return;
    }
    this.insert({
      id: keptText(verdict.id, LIMITS.sourceLength),
      source: keptText(source, LIMITS.sourceLength),
      authenticated: verdict.authenticated,
      attackType,
      severity: verdict.severity,
      topic: keptText(verdict.topic, LIMITS.topicLength),
      count: 1,
      firstSeen: at,
      lastSeen: at,
      temperature: verdict.temperature,
      humidity: verdict.humidity,
      rate: verdict.rate,
      reasons,
      acknowledged: false,
    });
  }

  /** @returns whether there is an alert of that id. */
  acknowledge(id: string): boolean {
    const alert = this.alerts.find((candidate) => candidate.id === id);
    if (alert) alert.acknowledged = true;
    return alert !== undefined;
  }

  /** Copies, newest first. */
  list(): AlertSummary[] {
    return this.alerts
      .map((alert) => ({ ...alert, reasons: alert.reasons.map((reason) => ({ ...reason })) }))
      .reverse();
  }

  /** Takes what {@link list} gave. */
  restore(newestFirst: readonly AlertSummary[]): void {
    for (const alert of newestFirst.toReversed()) this.insert(alert);
  }

  /** Its newest state, except that the severity only rises; one that rises is news, whoever acknowledged it before. */
  private update(alert: AlertSummary, verdict: SecurityVerdict, at: number, reasons: VerdictReason[]): void {
    if (RANK[verdict.severity] > RANK[alert.severity]) {
      alert.severity = verdict.severity;
      alert.acknowledged = false;
    }
    if (alert.topic !== verdict.topic) alert.topic = keptText(verdict.topic, LIMITS.topicLength);
    alert.count++;
    if (at < alert.firstSeen) alert.firstSeen = at;
    alert.lastSeen = at;
    alert.temperature = verdict.temperature;
    alert.humidity = verdict.humidity;
    alert.rate = verdict.rate;
    alert.reasons = reasons;
    this.alerts.splice(this.alerts.indexOf(alert), 1);
    this.alerts.push(alert);
  }

  private insert(alert: AlertSummary): void {
    this.alerts.push(alert);
    if (alert.authenticated) this.authenticatedCount++;
    if (this.alerts.length > LIMITS.alerts) this.dropOne();
  }

  /** The oldest of the side that has more than its share. */
  private dropOne(): void {
    const side = this.authenticatedCount > LIMITS.alertsPerSide;
    this.alerts.splice(
      this.alerts.findIndex((alert) => alert.authenticated === side),
      1,
    );
    if (side) this.authenticatedCount--;
  }
}
