import { type Standardisation, standardisationOf, standardise } from "../standardisation.js";
import { type FlowSet, rowAt, rowCount } from "./flow-set.js";

/** What the column is called in reasons and reports. */
export const DISTANCE_NAME = "euclidean_distance";

/** A row's Euclidean distance from the middle of the training rows, in their standard deviations. */
export function distanceOf(row: Float64Array, centre: Standardisation): number {
  let sum = 0;
  for (const value of standardise(row, centre)) sum += value * value;
  return Math.sqrt(sum);
}

/** The row and its distance behind it. */
export function withDistance(row: Float64Array, centre: Standardisation): Float64Array {
  const longer = new Float64Array(row.length + 1);
  longer.set(row);
  longer[row.length] = distanceOf(row, centre);
  return longer;
}

/** Centre and scales for {@link distanceOf}; of training rows only, or a test row would have a part in its own feature. */
export function distanceCentre(train: FlowSet): Standardisation {
  return standardisationOf(train.values, train.featureNames.length);
}

/** A set with the distance as a further column. */
export function addDistance(set: FlowSet, centre: Standardisation): FlowSet {
  const width = set.featureNames.length + 1;
  const values = new Float64Array(rowCount(set) * width);
  for (let row = 0; row < rowCount(set); row++) values.set(withDistance(rowAt(set, row), centre), row * width);
  return { ...set, featureNames: [...set.featureNames, DISTANCE_NAME], values };
}
