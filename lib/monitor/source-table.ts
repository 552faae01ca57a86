import type { AttackType, SecurityVerdict, VerdictReason } from "../common/security.js";
import type { DeviceDetail, DeviceSummary } from "../common/security-snapshot.js";
import { keptText } from "./kept-text.js";
import { LIMITS } from "./limits.js";
import { PointRing } from "./point-ring.js";

interface Followed {
  summary: DeviceSummary;
  points: PointRing;
}

/** The sources of one kind that are followed one by one: up to a cap, then the least recently seen is forgotten. */
export class SourceTable {
  /** The one that was seen last comes last: order does not depend on the clock. */
  private readonly bySource = new Map<string, Followed>();
  /** Sources that were forgotten; one that comes back and is forgotten again counts twice. */
  forgotten = 0;

  constructor(
    private readonly authenticated: boolean,
    readonly capacity: number,
  ) {}

  get size(): number {
    return this.bySource.size;
  }

  /** @param reasons of the verdict, safe to keep. */
  add(verdict: SecurityVerdict, attackType: AttackType | undefined, at: number, reasons: VerdictReason[]): void {
    const followed = this.touch(verdict.source.slice(0, LIMITS.sourceLength), at);
    const { summary, points } = followed;
    const { temperature, humidity, rate } = verdict;
    summary.total++;
    if (at < summary.firstSeen) summary.firstSeen = at;
    summary.lastSeen = at;
    if (attackType) {
      summary.anomalies++;
      summary.lastType = attackType;
    }
    // A message that was refused holds no reading; the last one stays in view.
    if (temperature !== null) summary.temperature = temperature;
    if (humidity !== null) summary.humidity = humidity;
    summary.rate = rate;
    points.add({ at, temperature, humidity, rate }, attackType, reasons);
  }

  /** Copies, the one that was seen last first. */
  list(limit: number = this.capacity): DeviceSummary[] {
    if (limit <= 0) return [];
    return Array.from(this.bySource.values())
      .slice(-limit)
      .reverse()
      .map(({ summary }) => ({ ...summary }));
  }

  /** What is known of one source; undefined where it is not followed. */
  detail(source: string): DeviceDetail | undefined {
    const followed = this.bySource.get(source);
    return followed && { device: { ...followed.summary }, points: followed.points.points() };
  }

  /** Takes what {@link list} gave; points are not kept over restarts. */
  restore(lastSeenFirst: readonly DeviceSummary[]): void {
    for (const summary of lastSeenFirst.toReversed()) {
      this.bySource.set(summary.source, { summary, points: new PointRing() });
    }
  }

  private touch(source: string, at: number): Followed {
    const known = this.bySource.get(source);
    if (known) {
      this.bySource.delete(source);
      this.bySource.set(known.summary.source, known);
      return known;
    }
    const followed = { summary: this.newcomer(keptText(source, LIMITS.sourceLength), at), points: this.freeRing() };
    this.bySource.set(followed.summary.source, followed);
    return followed;
  }

  private newcomer(source: string, at: number): DeviceSummary {
    return {
      source,
      authenticated: this.authenticated,
      firstSeen: at,
      lastSeen: at,
      total: 0,
      anomalies: 0,
      temperature: null,
      humidity: null,
      rate: 0,
      lastType: null,
    };
  }

  /** At the cap the ring of the least recently seen source, which is forgotten: a million names allocate nothing. */
  private freeRing(): PointRing {
    if (this.bySource.size < this.capacity) return new PointRing();
    const [source, { points }] = this.bySource.entries().next().value!;
    this.bySource.delete(source);
    this.forgotten++;
    points.clear();
    return points;
  }
}
