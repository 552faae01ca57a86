import type { OwnLevelParameters } from "./own-level.js";

/** Parameters of a two-sided CUSUM (Page 1954) of one feature. */
export interface CusumParameters {
  /** Level of normal operation, in the feature's unit. */
  mean: number;
  /** Standard deviation of normal operation, in the feature's unit, above 0. */
  sd: number;
  /** Part of a deviation that does not accumulate, in standard deviations. */
  allowance: number;
  /** Alarm from this statistic on, in standard deviations. */
  decisionInterval: number;
  /** How each device is watched around its own level as well; absent where all sit at one level. */
  ownLevel?: OwnLevelParameters;
}

/** One wild reading counts no more than this many standard deviations: it is the tail guard's case, not drift. */
const LARGEST_STEP = 4;
/** Weight of the newest reading in the moving average that ends an alarm. */
const SMOOTHING = 0.2;

/** One side's or both sides' state for one feature of one device. */
export class CusumState {
  private above = 0;
  private below = 0;
  private average = 0;
  private alarm: 0 | 1 | -1 = 0;

  /**
   * Adds one reading.
   *
   * @returns the larger side's statistic in standard deviations; while an alarm lasts at least the interval.
   */
  add(value: number, parameters: Omit<CusumParameters, "ownLevel">): number {
    const { mean, sd, allowance, decisionInterval } = parameters;
    const deviation = Math.max(-LARGEST_STEP, Math.min(LARGEST_STEP, (value - mean) / sd));
    this.average += SMOOTHING * (deviation - this.average);
    this.above = Math.max(0, this.above + deviation - allowance);
    this.below = Math.max(0, this.below - deviation - allowance);
    // The alarm ends when the level is back, not when the accumulated sum has drained: that could take hours.
    if (this.alarm !== 0 && this.average * this.alarm < allowance) {
      this.alarm = 0;
      this.above = 0;
      this.below = 0;
    }
    if (this.alarm === 0 && Math.max(this.above, this.below) >= decisionInterval) {
      this.alarm = this.above >= this.below ? 1 : -1;
    }
    const statistic = Math.max(this.above, this.below);
    return this.alarm === 0 ? statistic : Math.max(decisionInterval, statistic);
  }
}
