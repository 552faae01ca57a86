import { columnOf, summarise } from "./feature-summary.js";
import { selectRows, type TrainingData } from "./training-data.js";

/** Far beyond anything that ordinary noise or a skewed feature reaches. */
const ROBUST_Z = 20;
/** More than this share of the rows is a second mode of operation, not a handful of outliers. */
const LARGEST_SHARE = 0.02;

/**
 * Leaves out gross outliers, so that a spike while a model learns does not become part of its normal range. A value is
 * one when it lies more than 20 robust standard deviations from its feature's median; where more than 2 % of the rows
 * hold such values nothing is left out.
 *
 * @param data complete rows.
 */
export function withoutOutliers(data: TrainingData): TrainingData {
  const dimension = data.featureNames.length;
  const count = data.values.length / dimension;
  const isOutlier = new Uint8Array(count);
  for (let f = 0; f < dimension; f++) {
    const column = columnOf(data.values, f, dimension);
    const { median, scale } = summarise(column);
    for (const [row, value] of column.entries()) if (Math.abs(value - median) > ROBUST_Z * scale) isOutlier[row] = 1;
  }
  const kept = Array.from(isOutlier.keys()).filter((row) => isOutlier[row] === 0);
  return kept.length === count || kept.length < (1 - LARGEST_SHARE) * count ? data : selectRows(data, kept);
}
