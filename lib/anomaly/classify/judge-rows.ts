import type { ClassifierModel } from "../model.js";
import { ClassPredictor } from "./class-predictor.js";
import { type FlowSet, pickFeatures, rowAt } from "./flow-set.js";
import { RegionCheck } from "./regions.js";

/** What a model says of rows, without any limit on its votes. */
export interface JudgedRows {
  /** Index of the predicted class per row. */
  predicted: Int32Array;
  /** 1 where the row lies outside of the regions of the training rows, and the model answers "unknown" in a flow. */
  unlike: Uint8Array;
}

/** @param set rows with at least the model's features. */
export function judgeRows(model: ClassifierModel, set: FlowSet): JudgedRows {
  const own = pickFeatures(set, model.featureNames);
  const predictor = new ClassPredictor(model);
  const check = model.regions && new RegionCheck(model.regions, model.featureNames.length);
  const predicted = Int32Array.from(own.labels, (_, row) => predictor.predict(rowAt(own, row)).predicted);
  const unlike = Uint8Array.from(own.labels, (_, row) => (check?.isUnlike(rowAt(own, row)) ? 1 : 0));
  return { predicted, unlike };
}

export function shareOf(flags: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < flags.length; i++) sum += flags[i] as number;
  return flags.length > 0 ? sum / flags.length : 0;
}
