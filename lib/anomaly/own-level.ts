import { CusumState } from "./cusum.js";

/** How one feature of a device is watched around the device's own level; see {@link OwnLevelState}. */
export interface OwnLevelParameters {
  /** Unit of the two that follow, in the feature's unit, above 0. */
  sd: number;
  /** Part of a deviation that does not accumulate, in `sd`. */
  allowance: number;
  /** Alarm from this statistic on, in `sd`. */
  decisionInterval: number;
  /** Readings from which a device's level is first taken. */
  learn: number;
  /** Readings over which the level then follows: at most 1 / `horizon` of a difference each time. */
  horizon: number;
}

/** Silence of this many usual intervals, and of this many seconds, after which a device may have been moved. */
const AWAY_INTERVALS = 10;
const AWAY_SEC = 10;
/** Weight of the newest interval in the usual one. */
const SMOOTHING = 1 / 16;

/**
 * Watches one feature of one device around a level of the device's own: the mean of its first readings, then of its
 * latest ones, of which only those count that nothing was wrong with. A CUSUM (Page 1954) adds up how far readings lie
 * from it. As the level follows slowly, what changes slowly enough, such as a day, never alarms; and an alarm stays, with
 * the level where it was, until readings are back.
 */
export class OwnLevelState {
  private readonly cusum = new CusumState();
  private mean = 0;
  private count = 0;

  /** The device's level; NaN until it is learned. */
  level(parameters: OwnLevelParameters): number {
    return this.count < parameters.learn ? Number.NaN : this.mean;
  }

  /** @returns the CUSUM's statistic over its decision interval: an alarm from 1 on; 0 until the level is learned. */
  watch(value: number, parameters: OwnLevelParameters): number {
    if (this.count < parameters.learn) return 0;
    return this.cusum.add(value, { ...parameters, mean: this.mean }) / parameters.decisionInterval;
  }

  /** Lets the level follow a reading that nothing was wrong with. */
  follow(value: number, { horizon }: OwnLevelParameters): void {
    this.count = Math.min(this.count + 1, horizon);
    this.mean += (value - this.mean) / this.count;
  }
}

/** Tells when a device was silent for so long, compared with its habit, that it may have been moved meanwhile. */
export class Absence {
  private lastAt: number | undefined;
  private usualSec: number | undefined;

  /** @param at reception of a reading, milliseconds since the Unix epoch. */
  endsAt(at: number): boolean {
    const seconds = this.lastAt === undefined ? undefined : Math.max(0, at - this.lastAt) / 1000;
    this.lastAt = at;
    if (seconds === undefined) return false;
    if (this.usualSec === undefined) {
      this.usualSec = seconds;
      return false;
    }
    const wasAway = seconds > Math.max(AWAY_SEC, AWAY_INTERVALS * this.usualSec);
    if (!wasAway) this.usualSec += SMOOTHING * (seconds - this.usualSec);
    return wasAway;
  }
}
