import type { AnomalyReason } from "../common/message.js";

/** What a model itself says of one row, before any guard. */
export interface Opinion {
  /** 0 (ordinary) .. 1; at least the detector's threshold exactly where `isAnomaly`. */
  score: number;
  isAnomaly: boolean;
  /**
   * The model's own output: scikit-learn's `score_samples` of a forest or one-class SVM (lower is more unusual), the
   * summed probability of the anomaly classes of a classifier, the score of an ensemble.
   */
  raw: number;
  /** scikit-learn's `decision_function`, where the model has one. */
  decision?: number;
  /** Class that a classifier predicts. */
  label?: string;
  /** Its probabilities, by class. */
  probabilities?: Record<string, number>;
}

/** A model made ready for scoring. */
export interface Detector {
  /** Score from which a row is an anomaly, 0..1. */
  readonly threshold: number;
  /** Who speaks in a reason. */
  readonly source: AnomalyReason["source"];
  /** @param row one value per feature of the model, none NaN. */
  judge(row: Float64Array): Opinion;
  /** How much of an anomaly each feature explains: shares that sum to 1, or all 0. */
  shares(row: Float64Array): Float64Array;
  /** Why a feature counts, to be read after its name and value. */
  because(row: Float64Array): string;
}

const oneDouble = new Float64Array(1);
const itsBits = new BigInt64Array(oneDouble.buffer);

/** The next 64-bit float above (1) or below (-1) a positive number. */
export function neighbour(value: number, direction: 1 | -1): number {
  oneDouble[0] = value;
  itsBits[0] = (itsBits[0] as bigint) + BigInt(direction);
  return oneDouble[0];
}

/**
 * Moves a score to the side of the threshold that a decision, made with other rounding, puts it on: by at most a few
 * units in the last place.
 *
 * @param threshold above 0.
 */
export function onSideOf(threshold: number, isAnomaly: boolean, score: number): number {
  if (isAnomaly) return Math.max(score, threshold);
  return score < threshold ? score : neighbour(threshold, -1);
}
