import { type FeatureSummary, robustScale } from "../feature-summary.js";
import { arrayAt, numberAt, objectAt } from "../json-fields.js";
import type { TrainingSummary } from "../model.js";
import { type TailLimits, tailLimits } from "../tail-guard.js";

/** What an export tells of the rows that a model was trained on, as our models keep it. */
export interface ImportedTraining {
  training: TrainingSummary;
  tails: TailLimits[];
}

/** Far beyond any measurement, and far enough from the largest 64-bit float for limits to be computed. */
const LARGEST = 1e300;

function summaryAt(value: unknown, path: string, count: number): FeatureSummary {
  const fields = objectAt(value, path, ["min", "max", "median", "mad", "mean", "sd"]);
  const min = numberAt(fields.min, `${path}.min`, { min: -LARGEST, max: LARGEST });
  const max = numberAt(fields.max, `${path}.max`, { min, max: LARGEST });
  const median = numberAt(fields.median, `${path}.median`, { min, max });
  const mad = numberAt(fields.mad, `${path}.mad`, { min: 0, max: LARGEST });
  const sd = numberAt(fields.sd, `${path}.sd`, { min: 0, max: LARGEST });
  const mean = numberAt(fields.mean, `${path}.mean`, { min, max });
  return { count, min, max, median, scale: robustScale(mad, sd, median), mean, sd };
}

/** @throws {Rejection} SCHEMA or RANGE naming the property. */
export function trainingAt(value: unknown, path: string, dimension: number): ImportedTraining {
  const fields = objectAt(value, path, ["rows", "features"]);
  const rows = numberAt(fields.rows, `${path}.rows`, { min: 1, integer: true });
  const features = arrayAt(fields.features, `${path}.features`, dimension, dimension).map((entry, i) =>
    summaryAt(entry, `${path}.features[${i}]`, rows),
  );
  return { training: { rows, dropped: 0, sha256: null, features }, tails: features.map(tailLimits) };
}
