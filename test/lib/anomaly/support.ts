import { join } from "node:path";
import type { AnomalyModel, Model } from "../../../lib/anomaly/model.js";
import { type TrainOptions, trainModel } from "../../../lib/anomaly/train.js";
import { type LabelledData, labelledData, readCsvFile } from "../../../lib/anomaly/training-table.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { sharedData } from "../../setup.js";

export const FEATURE = "temperature_C";

/** Quiet readings of a room at 25 degrees, sensor noise 0.05. */
export function quietReadings(count: number, seed: number): Float64Array {
  const random = new SeededRandom(seed);
  return Float64Array.from({ length: count }, () => random.gaussian(25, 0.05));
}

export function quietModel(count: number, seed: number, options: TrainOptions = {}) {
  return trainModel({ featureNames: [FEATURE], values: quietReadings(count, seed) }, { seed, now: 0, ...options });
}

/** The forest of our own that a file should hold. */
export function ownForest(model: Model): AnomalyModel {
  if (model.kind !== "isolation-forest" || model.origin !== "redoubt") throw new Error("not a forest of our own");
  return model;
}

/** Standard normal rows. */
export function gaussianRows(count: number, dimension: number, seed: number): Float64Array {
  const random = new SeededRandom(seed);
  return Float64Array.from({ length: count * dimension }, () => random.gaussian());
}

export const names = (dimension: number) => Array.from({ length: dimension }, (_, i) => `f${i}`);

export function rowsOf(values: Float64Array, dimension: number): Float64Array[] {
  return Array.from({ length: values.length / dimension }, (_, i) =>
    values.subarray(i * dimension, (i + 1) * dimension),
  );
}

export const oddsPath = (name: string) => join(sharedData, "odds", `${name}.csv.gz`);

export function oddsData(name: string): LabelledData {
  return labelledData(readCsvFile(oddsPath(name)));
}
