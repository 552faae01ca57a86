import type { TrendMinute } from "../common/security-snapshot.js";
import { LIMITS } from "./limits.js";

const MINUTE_MS = 60_000;
/** More than two hours: a clock that jumps by an hour, either way, meets no minute of the hour it left. */
export const TREND_SLOTS = 128;

/** Messages and anomalies per minute of the clock, in constant memory. */
export class Trend {
  /** Minutes since the Unix epoch; -1 for a slot that was never used. */
  private readonly minutes = new Float64Array(TREND_SLOTS).fill(-1);
  private readonly totals = new Float64Array(TREND_SLOTS);
  private readonly anomalies = new Float64Array(TREND_SLOTS);
  private first = Number.POSITIVE_INFINITY;

  /** @param at milliseconds since the Unix epoch, not negative. */
  add(at: number, isAnomaly: boolean): void {
    const slot = this.slotOf(Math.floor(at / MINUTE_MS));
    this.totals[slot]!++;
    if (isAnomaly) this.anomalies[slot]!++;
  }

  /** The last 60 minutes up to `now`, oldest first, empty ones included from the first message on. */
  last(now: number): TrendMinute[] {
    const current = Math.floor(now / MINUTE_MS);
    const from = Math.max(this.first, current - LIMITS.trendMinutes + 1);
    const list: TrendMinute[] = [];
    for (let minute = from; minute <= current; minute++) list.push(this.minuteAt(minute));
    return list;
  }

  /** Every minute that is known, oldest first. */
  known(): TrendMinute[] {
    const used = Array.from(this.minutes).filter((minute) => minute >= 0);
    return used.sort((a, b) => a - b).map((minute) => this.minuteAt(minute));
  }

  /** Takes what {@link known} gave. */
  restore(known: readonly TrendMinute[]): void {
    for (const { at, total, anomalies } of known) {
      const slot = this.slotOf(Math.floor(at / MINUTE_MS));
      this.totals[slot] = total;
      this.anomalies[slot] = anomalies;
    }
  }

  private slotOf(minute: number): number {
    const slot = minute % TREND_SLOTS;
    if (this.minutes[slot] !== minute) {
      this.minutes[slot] = minute;
      this.totals[slot] = 0;
      this.anomalies[slot] = 0;
      if (minute < this.first) this.first = minute;
    }
    return slot;
  }

  private minuteAt(minute: number): TrendMinute {
    const slot = minute % TREND_SLOTS;
    const isKnown = this.minutes[slot] === minute;
    return {
      at: minute * MINUTE_MS,
      total: isKnown ? this.totals[slot]! : 0,
      anomalies: isKnown ? this.anomalies[slot]! : 0,
    };
  }
}
