import type { Model } from "./model.js";

/**
 * How several verdicts become one.
 *
 * - `mean`, `max`: of the members' unified scores (Kriegel, Kröger, Schubert, Zimek, "Interpreting and Unifying Outlier
 *   Scores", SDM 2011, Gaussian scaling). The mean is steadier; the maximum misses less when one member alone sees an
 *   anomaly, and repeats the false alarms of the noisiest (Aggarwal, Sathe, "Theoretical Foundations and Algorithms for
 *   Outlier Ensembles", 2015).
 * - `majority`: more than half of the members say so.
 */
export const ENSEMBLE_RULES = ["mean", "max", "majority"] as const;
export type EnsembleRule = (typeof ENSEMBLE_RULES)[number];

export type MemberModel = Exclude<Model, { kind: "ensemble" }>;

export interface EnsembleMember {
  model: MemberModel;
  /** Mean and standard deviation of the member's scores over ordinary rows; null under `majority`. */
  calibration: { mean: number; sd: number } | null;
}

export interface Ensemble {
  rule: EnsembleRule;
  /** At least two. */
  members: EnsembleMember[];
  /** Score from which a row is an anomaly, above 0 and at most 1. */
  threshold: number;
}

/** Beyond this the error function is 1 in 64-bit floats. */
const ERF_IS_ONE = 6;

/** The error function, by its series of positive terms (Abramowitz, Stegun 7.1.6). */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z >= ERF_IS_ONE) return Math.sign(x);
  let term = z;
  let sum = z;
  for (let n = 1; term > sum * Number.EPSILON; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  return Math.sign(x) * Math.min(1, ((2 / Math.sqrt(Math.PI)) * sum) / Math.exp(z * z));
}

/**
 * Gaussian scaling: 0 up to the mean of the ordinary rows' scores, towards 1 above it, so that scores of different
 * models can be compared. A member that gave all ordinary rows one score says 1 to anything above it.
 */
export function unifiedScore(score: number, { mean, sd }: { mean: number; sd: number }): number {
  if (score <= mean) return 0;
  return sd > 0 ? Math.max(0, erf((score - mean) / (sd * Math.SQRT2))) : 1;
}

/** Smallest share of members that is a majority. */
export function majorityOf(members: number): number {
  return (Math.floor(members / 2) + 1) / members;
}
