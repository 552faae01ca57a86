import type { FeatureSummary } from "./feature-summary.js";

/** Outside of these values a feature is an anomaly whatever the forest says; lower < min <= max < upper. */
export interface TailLimits {
  lower: number;
  upper: number;
}

/** Robust z-score that a value must exceed, beside lying outside the training range. */
const ROBUST_Z = 4;
/**
 * A skewed feature's own extremes lie far beyond four robust deviations: its limit is this many times as far from the
 * median as the most extreme training value, or one in every few hundred ordinary rows would be flagged.
 */
const BEYOND_EXTREME = 1.25;

/**
 * Sets a feature's two tail limits. A forest does not extrapolate: every value beyond the trained range ends in the
 * same leaf as the range's edge, so 80 degrees would score like the hottest training reading.
 */
export function tailLimits({ min, max, median, scale }: FeatureSummary): TailLimits {
  return {
    lower: median - Math.max(ROBUST_Z * scale, BEYOND_EXTREME * (median - min)),
    upper: median + Math.max(ROBUST_Z * scale, BEYOND_EXTREME * (max - median)),
  };
}

/**
 * How far a value lies outside the training range, in units of the way from the range's edge to the limit:
 * 0 inside the range, 1 on the limit, growing without bound; flagged from 1 on.
 */
export function tailExcess(value: number, { min, max }: FeatureSummary, limits: TailLimits): number {
  if (value > max) return (value - max) / (limits.upper - max);
  if (value < min) return (min - value) / (min - limits.lower);
  return 0;
}

/**
 * Brings a guard's excess (1 = its limit) onto the forest's scale: 0 at 0, the threshold at 1, towards 1 beyond.
 * Monotone, and at least the threshold exactly when the guard flags.
 */
export function scoreOfExcess(excess: number, threshold: number): number {
  return excess < 1 ? threshold * excess : threshold + (1 - threshold) * (1 - 1 / excess);
}
