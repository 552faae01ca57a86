/** When a level is alarming: from `threshold` on, until it is back at `clear`. */
export interface AlarmLevel {
  op: ">=" | "<=";
  threshold: number;
  /** Where the alarm ends, on the safe side of `threshold` (hysteresis); `threshold` itself unless given. */
  clear?: number;
}

export interface HoldAlarmOptions {
  /** How long the condition must hold before the alarm goes on, seconds by the samples' own timestamps. */
  holdSec: number;
  /** Needed for numeric samples; an alarm on a flag has none. */
  level?: AlarmLevel;
}

export type AlarmState = "on" | "off";

/** How far one sensor's clock must run on below its earlier readings before that is believed. */
const CLOCK_RESTART_MS = 60_000;

/**
 * One sensor's alarm with a hold time and hysteresis. Time is the samples' own, so the same course of
 * temperature gives the same alarm at 1 Hz and at 10 Hz. The hold time runs from the first sample beyond `threshold`
 * until one reaches `clear`: noise around the threshold does not restart it.
 *
 * A sample that is not newer than the last one changes nothing, so late deliveries cannot move the timer. If a
 * sensor's clock was really set back (or one reading was far in the future), nothing but older samples follows:
 * after 60 seconds of them, in order, their clock is taken over and the hold time starts anew.
 * A sensor that falls silent keeps its state.
 */
export class HoldAlarm {
  private readonly holdMs: number;
  private readonly level: Required<AlarmLevel> | undefined;
  private last = Number.NEGATIVE_INFINITY;
  private conditionSince: number | undefined;
  private changedAt: number | undefined;
  private current: AlarmState = "off";
  private restart: { from: number; last: number } | undefined;

  /** @throws {RangeError} if `holdSec` is negative or `clear` lies beyond `threshold`. */
  constructor(options: HoldAlarmOptions) {
    if (!(options.holdSec >= 0 && Number.isFinite(options.holdSec))) throw new RangeError("holdSec must be 0 or more");
    this.holdMs = options.holdSec * 1000;
    if (!options.level) return;
    const { op, threshold, clear = threshold } = options.level;
    const ordered = op === ">=" ? clear <= threshold : clear >= threshold;
    if (!Number.isFinite(threshold) || !Number.isFinite(clear) || !ordered) {
      throw new RangeError(`an alarm at ${op} ${threshold} cannot clear at ${clear}`);
    }
    this.level = { op, threshold, clear };
  }

  get state(): AlarmState {
    return this.current;
  }

  /**
   * Milliseconds since the Unix epoch: when the condition of an alarm that is on began, or when one that is off
   * was cleared; undefined before the first alarm.
   */
  get since(): number | undefined {
    return this.changedAt;
  }

  /**
   * Takes one sample.
   *
   * @param timestampMs the sample's own time, milliseconds since the Unix epoch.
   * @param value the measured level, or whether the alarm's condition holds. Not a finite number: ignored.
   * @returns the new state if this sample changed it.
   * @throws {TypeError} for a number where the alarm has no level.
   */
  update(timestampMs: number, value: number | boolean): AlarmState | undefined {
    if (!Number.isFinite(timestampMs) || (typeof value === "number" && !Number.isFinite(value))) return undefined;
    if (!this.acceptTime(timestampMs)) return undefined;
    if (this.isClear(value)) {
      this.conditionSince = undefined;
      if (this.current === "off") return undefined;
      this.current = "off";
      this.changedAt = timestampMs;
      return "off";
    }
    if (this.current === "on") return undefined;
    if (this.conditionSince === undefined && this.isBeyond(value)) this.conditionSince = timestampMs;
    if (this.conditionSince === undefined || timestampMs - this.conditionSince < this.holdMs) return undefined;
    this.current = "on";
    this.changedAt = this.conditionSince;
    return "on";
  }

  private acceptTime(timestampMs: number): boolean {
    if (timestampMs > this.last) {
      this.last = timestampMs;
      this.restart = undefined;
      return true;
    }
    if (this.last - timestampMs <= CLOCK_RESTART_MS && !this.restart) return false;
    if (!this.restart || timestampMs < this.restart.from) this.restart = { from: timestampMs, last: timestampMs };
    this.restart.last = Math.max(this.restart.last, timestampMs);
    if (this.restart.last - this.restart.from < CLOCK_RESTART_MS) return false;
    this.last = timestampMs;
    this.conditionSince = undefined;
    this.restart = undefined;
    return true;
  }

  private isBeyond(value: number | boolean): boolean {
    if (typeof value === "boolean") return value;
    if (!this.level) throw new TypeError("this alarm takes flags, not numbers");
    return this.level.op === ">=" ? value >= this.level.threshold : value <= this.level.threshold;
  }

  private isClear(value: number | boolean): boolean {
    if (typeof value === "boolean") return !value;
    if (!this.level) throw new TypeError("this alarm takes flags, not numbers");
    if (this.isBeyond(value)) return false;
    return this.level.op === ">=" ? value <= this.level.clear : value >= this.level.clear;
  }
}
