import type { ClassifierModel } from "../model.js";
import { ClassPredictor } from "./class-predictor.js";
import { type FlowSet, pickFeatures, rowAt } from "./flow-set.js";
import { RegionCheck } from "./regions.js";

/** Share of the votes below which a flow is not named, unless another is asked for. */
export const LEAST_CONFIDENCE = 0.7;

/** What a model says of rows. */
export interface JudgedRows {
  /** Index of the predicted class per row. */
  predicted: Int32Array;
  /**
   * 1 where a flow is answered "unknown" all the same: it lies outside of the regions of the training rows, or fewer
   * than {@link LEAST_CONFIDENCE} of the votes are for the class.
   */
  unknown: Uint8Array;
}

/** @param set rows with at least the model's features. */
export function judgeRows(model: ClassifierModel, set: FlowSet): JudgedRows {
  const own = pickFeatures(set, model.featureNames);
  const predictor = new ClassPredictor(model);
  const check = model.regions && new RegionCheck(model.regions, model.featureNames.length);
  const predicted = new Int32Array(own.labels.length);
  const unknown = new Uint8Array(own.labels.length);
  for (let i = 0; i < predicted.length; i++) {
    const row = rowAt(own, i);
    const { probabilities, predicted: best } = predictor.predict(row);
    predicted[i] = best;
    unknown[i] = (probabilities[best] as number) < LEAST_CONFIDENCE || check?.isUnlike(row) ? 1 : 0;
  }
  return { predicted, unknown };
}

export function shareOf(flags: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < flags.length; i++) sum += flags[i] as number;
  return flags.length > 0 ? sum / flags.length : 0;
}
