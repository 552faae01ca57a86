import { type FlowSet, rowCount } from "./flow-set.js";

/** A set as trees are grown on it: column by column, as 32-bit floats, and ranked once for all trees. */
export interface TrainingColumns {
  dimension: number;
  rows: number;
  classes: number;
  labels: Int32Array;
  /** Column after column. */
  values: Float32Array;
  /** Column after column: place of the value among the column's different values, from 0. */
  ranks: Uint32Array;
}

export function trainingColumns(set: FlowSet): TrainingColumns {
  const rows = rowCount(set);
  const dimension = set.featureNames.length;
  const values = new Float32Array(rows * dimension);
  const ranks = new Uint32Array(rows * dimension);
  for (let f = 0; f < dimension; f++) {
    const column = values.subarray(f * rows, (f + 1) * rows);
    for (let row = 0; row < rows; row++) column[row] = set.values[row * dimension + f] as number;
    const sorted = column.slice().sort();
    let distinct = 0;
    for (let i = 0; i < rows; i++)
      if (i === 0 || sorted[i] !== sorted[distinct - 1]) sorted[distinct++] = sorted[i] as number;
    const places = sorted.subarray(0, distinct);
    for (let row = 0; row < rows; row++) ranks[f * rows + row] = placeOf(places, column[row] as number);
  }
  return { dimension, rows, classes: set.classes.length, labels: set.labels, values, ranks };
}

/** Index of a value in an ascending list that holds it. */
function placeOf(sorted: Float32Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
