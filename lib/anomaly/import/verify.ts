import { Rejection } from "../../common/rejection.js";
import { detectorOf } from "../detector-of.js";
import type { Model } from "../model.js";
import type { CheckRows } from "./exchange.js";

/** Largest difference from scikit-learn's scores; relative where they are above 1. */
export const SCORE_TOLERANCE = 1e-9;

/** How the check rows came out. */
export interface Verification {
  rows: number;
  /** Largest difference of a score, in units of the larger of 1 and the score. */
  largestDifference: number;
}

function difference(ours: number, theirs: number): number {
  return Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs));
}

/**
 * Repeats what scikit-learn said of the check rows.
 *
 * @throws {Rejection} RANGE naming the first row whose score or label differs: then the export is damaged, or says
 *   something that we understand differently, and no score of the model could be trusted.
 */
export function verifyModel(model: Model, { rows, scores, labels }: CheckRows): Verification {
  const detector = detectorOf(model);
  const classes = "classes" in model ? model.classes : [];
  let largestDifference = 0;
  for (const [i, row] of rows.entries()) {
    const opinion = detector.judge(row);
    const expected = scores[i] as number[];
    const ours = opinion.probabilities ? classes.map((name) => opinion.probabilities?.[name] as number) : [opinion.raw];
    for (const [k, theirs] of expected.entries()) {
      const apart = difference(ours[k] as number, theirs);
      if (!(apart <= SCORE_TOLERANCE)) {
        throw new Rejection("RANGE", `check.scores[${i}]: the model gives ${ours[k]}, scikit-learn gave ${theirs}`);
      }
      largestDifference = Math.max(largestDifference, apart);
    }
    const label = opinion.label === undefined ? (opinion.isAnomaly ? -1 : 1) : classes.indexOf(opinion.label);
    // Where the decision is 0 but for rounding, its sign says nothing.
    const isTie = opinion.decision !== undefined && Math.abs(opinion.decision) < SCORE_TOLERANCE;
    if (label !== labels[i] && !isTie) {
      throw new Rejection("RANGE", `check.labels[${i}]: the model gives ${label}, scikit-learn gave ${labels[i]}`);
    }
  }
  return { rows: rows.length, largestDifference };
}
