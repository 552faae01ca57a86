import { fitsFloat32 } from "../training-data.js";

/** Labelled rows to train a classifier on or to test it with. */
export interface FlowSet {
  featureNames: string[];
  /** Row after row, one finite value per feature. */
  values: Float64Array;
  /** Names of the classes, sorted by code point, as scikit-learn has them. */
  classes: string[];
  /** Per row an index into `classes`. */
  labels: Int32Array;
}

export function rowCount(set: FlowSet): number {
  return set.labels.length;
}

/** A view of one row. */
export function rowAt(set: FlowSet, row: number): Float64Array {
  const dimension = set.featureNames.length;
  return set.values.subarray(row * dimension, (row + 1) * dimension);
}

/** The given rows in the given order. */
export function pickRows(set: FlowSet, rows: ArrayLike<number>): FlowSet {
  const dimension = set.featureNames.length;
  const values = new Float64Array(rows.length * dimension);
  const labels = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    values.set(set.values.subarray(row * dimension, (row + 1) * dimension), i * dimension);
    labels[i] = set.labels[row] as number;
  }
  return { ...set, values, labels };
}

/** The named columns in the given order; the set itself where they are all of them. */
export function pickFeatures(set: FlowSet, names: readonly string[]): FlowSet {
  const from = names.map((name) => set.featureNames.indexOf(name));
  const dimension = set.featureNames.length;
  if (names.length === dimension && from.every((f, i) => f === i)) return set;
  const rows = rowCount(set);
  const values = new Float64Array(rows * names.length);
  for (let row = 0, at = 0; row < rows; row++) {
    for (const f of from) values[at++] = set.values[row * dimension + f] as number;
  }
  return { ...set, featureNames: [...names], values };
}

/** One feature of all rows. */
export function featureColumn(set: FlowSet, feature: number): Float64Array {
  const dimension = set.featureNames.length;
  return Float64Array.from(set.labels, (_, row) => set.values[row * dimension + feature] as number);
}

/** Rows per class. */
export function classCounts(set: FlowSet): Int32Array {
  const counts = new Int32Array(set.classes.length);
  for (const label of set.labels) counts[label] = (counts[label] as number) + 1;
  return counts;
}

/** Per row a number that equal rows share, counted from 0 in the order of their first occurrence. Labels do not count. */
export function vectorNumbers(set: FlowSet): Int32Array {
  const width = set.featureNames.length * 8;
  // 0 and -0 are equal numbers with other bits.
  const bytes = Buffer.from(set.values.map((value) => value + 0).buffer);
  const known = new Map<string, number>();
  return Int32Array.from(set.labels, (_, row) => {
    const key = bytes.toString("latin1", row * width, (row + 1) * width);
    const number = known.get(key) ?? known.size;
    known.set(key, number);
    return number;
  });
}

/** A set without exact duplicates, and what was left out. */
export interface DistinctRows {
  set: FlowSet;
  duplicates: number;
  /** Those of the duplicates whose first occurrence has another label. */
  contradictions: number;
}

/** Keeps the first of the rows that are equal in every feature, whatever their labels. */
export function distinctRows(set: FlowSet): DistinctRows {
  const numbers = vectorNumbers(set);
  const kept: number[] = [];
  let contradictions = 0;
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row] as number;
    if (number === kept.length) kept.push(row);
    else if (set.labels[kept[number] as number] !== set.labels[row]) contradictions++;
  }
  return { set: pickRows(set, kept), duplicates: numbers.length - kept.length, contradictions };
}

/** Whether a value can be trained on: trees compare 32-bit floats. */
export function isUsable(value: number): boolean {
  return Number.isFinite(value) && fitsFloat32(value);
}
