import { SeededRandom } from "../../common/seeded-random.js";
import type { ClassifierModel } from "../model.js";
import { ClassPredictor } from "./class-predictor.js";
import type { TrainedRegions } from "./regions.js";

/** Rows that a model's file carries, and what the model said of them when the file was written. */
export interface SelfTest {
  /** One value per feature. */
  rows: Float64Array[];
  /** Per row the index of the predicted class. */
  labels: Int32Array;
  /** Per row one probability per class. */
  probabilities: Float64Array[];
}

const ROWS = 48;
const DIGITS = 6;
const TOLERANCE = 1e-9;

/** Invented rows, between the least and the greatest values of a region each: no flow of the training data. */
export function inventedRows({ low, high }: TrainedRegions, dimension: number, seed: number): Float64Array[] {
  const random = new SeededRandom(seed);
  const regions = low.length / dimension;
  return Array.from({ length: ROWS }, (_, i) => {
    const base = (i < regions ? i : random.integer(regions)) * dimension;
    return Float64Array.from({ length: dimension }, (_unused, f) => {
      const [least, greatest] = [low[base + f] as number, high[base + f] as number];
      return Number((least + random.uniform() * (greatest - least)).toPrecision(DIGITS));
    });
  });
}

/** What a model says of rows, to be stored with it. */
export function recordSelfTest(model: ClassifierModel, rows: Float64Array[]): SelfTest {
  const predictor = new ClassPredictor(model);
  const predictions = rows.map((row) => predictor.predict(row));
  return {
    rows,
    labels: Int32Array.from(predictions, ({ predicted }) => predicted),
    probabilities: predictions.map(({ probabilities }) => probabilities),
  };
}

/**
 * Tries a model on the rows of its file.
 *
 * @returns the number of rows.
 * @throws {Error} that says which row came out otherwise, or that the file has none.
 */
export function runSelfTest(model: ClassifierModel): number {
  const { selfTest, classes } = model;
  if (!selfTest || selfTest.rows.length === 0) {
    throw new Error("the model file has no self-test: train or import the model again");
  }
  const predictor = new ClassPredictor(model);
  for (const [i, row] of selfTest.rows.entries()) {
    const { predicted, probabilities } = predictor.predict(row);
    const expected = selfTest.labels[i] as number;
    if (predicted !== expected) {
      throw new Error(`self-test row ${i} is called ${classes[predicted]}, not ${classes[expected]}`);
    }
    for (const [c, probability] of probabilities.entries()) {
      const recorded = selfTest.probabilities[i]?.[c] as number;
      if (!(Math.abs(probability - recorded) <= TOLERANCE)) {
        throw new Error(`self-test row ${i} is ${classes[c]} with probability ${probability}, not ${recorded}`);
      }
    }
  }
  return selfTest.rows.length;
}
