import { Rejection } from "../../common/rejection.js";
import { detectorOf } from "../detector-of.js";
import type { Model } from "../model.js";
import { SvmKernel } from "../one-class-svm.js";
import { standardise } from "../standardisation.js";
import type { CheckRows } from "./exchange.js";

/** Largest difference from scikit-learn's scores; relative where these, or the terms of an SVM's sum, are above 1. */
export const SCORE_TOLERANCE = 1e-9;

/** How the check rows came out. */
export interface Verification {
  rows: number;
  /** Largest difference of a score, see {@link SCORE_TOLERANCE}. */
  largestDifference: number;
}

/** Size of what a score is the sum of: machines add in different order, and round in proportion to it. */
function magnitudeOf(model: Model): (row: Float64Array) => number {
  if (model.kind !== "one-class-svm") return () => 1;
  const kernel = new SvmKernel(model.svm);
  const { scaler } = model;
  return (row) => Math.max(1, kernel.magnitude(scaler ? standardise(row, scaler) : row));
}

/**
 * Repeats what scikit-learn said of the check rows.
 *
 * @throws {Rejection} RANGE naming the first row whose score or label differs: then the export is damaged, or says
 *   something that we understand differently, and no score of the model could be trusted.
 */
export function verifyModel(model: Model, { rows, scores, labels }: CheckRows): Verification {
  const detector = detectorOf(model);
  const magnitude = magnitudeOf(model);
  const classes = "classes" in model ? model.classes : [];
  let largestDifference = 0;
  for (const [i, row] of rows.entries()) {
    const opinion = detector.judge(row);
    const unit = magnitude(row);
    const expected = scores[i] as number[];
    const ours = opinion.probabilities ? classes.map((name) => opinion.probabilities?.[name] as number) : [opinion.raw];
    for (const [k, theirs] of expected.entries()) {
      const apart = Math.abs((ours[k] as number) - theirs) / unit;
      if (!(apart <= SCORE_TOLERANCE)) {
        throw new Rejection("RANGE", `check.scores[${i}]: the model gives ${ours[k]}, scikit-learn gave ${theirs}`);
      }
      largestDifference = Math.max(largestDifference, apart);
    }
    const label = opinion.label === undefined ? (opinion.isAnomaly ? -1 : 1) : classes.indexOf(opinion.label);
    // Where the decision is 0 but for rounding, its sign says nothing.
    const isTie = opinion.decision !== undefined && Math.abs(opinion.decision) < SCORE_TOLERANCE * unit;
    if (label !== labels[i] && !isTie) {
      throw new Rejection("RANGE", `check.labels[${i}]: the model gives ${label}, scikit-learn gave ${labels[i]}`);
    }
  }
  return { rows: rows.length, largestDifference };
}
