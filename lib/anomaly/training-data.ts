import { createHash } from "node:crypto";
import { Rejection } from "../common/rejection.js";
import { MAX_FEATURES } from "./isolation-forest.js";

/** Rows to train on, in the order in which they were measured. */
export interface TrainingData {
  featureNames: string[];
  /** Row after row, one value per feature; NaN where a value is missing. */
  values: Float64Array;
  /**
   * Which device each row came from, as small integers; rows of one device are in their own order.
   * Without it all rows are one device's trace.
   */
  devices?: Int32Array;
}

const FEATURE_NAME = /^[\p{L}_][\p{L}\p{N}_.:/%()° -]{0,63}$/u;
const HOSTILE_NAMES: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const FLOAT32_MAX = 3.4028234663852886e38;

/** Fewer rows than this say nothing about what is rare. */
export const MIN_TRAINING_ROWS = 64;

/**
 * Checks a model's list of features: 1 to `most` different names that start with a letter or underscore and hold letters,
 * digits, spaces and `_ . : / % ( ) ° -`, at most 64 characters.
 *
 * @throws {Rejection} SCHEMA naming the one that is wrong.
 */
export function checkFeatureNames(names: readonly unknown[], most = MAX_FEATURES): asserts names is string[] {
  if (names.length === 0 || names.length > most) {
    throw new Rejection("SCHEMA", `a model has 1 to ${most} features, not ${names.length}`);
  }
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (typeof name !== "string" || !FEATURE_NAME.test(name) || HOSTILE_NAMES.has(name)) {
      throw new Rejection("SCHEMA", `feature name ${i + 1} is not allowed`);
    }
    if (seen.has(name)) throw new Rejection("SCHEMA", `feature "${name}" appears twice`);
    seen.add(name);
  }
}

/** Reads a list such as `temperature_C, humidity` from a form or the command line. */
export function parseFeatureNames(list: string): string[] {
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  checkFeatureNames(names);
  return names;
}

/** Whether the forest, which compares 32-bit floats, can hold the value. */
export function fitsFloat32(value: number): boolean {
  return Math.abs(value) <= FLOAT32_MAX;
}

/**
 * The rows without a missing value.
 *
 * @throws {Rejection} RANGE for an infinite value or one beyond float32, SCHEMA when fewer than
 *   {@link MIN_TRAINING_ROWS} rows are left or the shapes do not fit.
 */
export function completeRows(data: TrainingData): TrainingData & { dropped: number } {
  checkFeatureNames(data.featureNames);
  const dimension = data.featureNames.length;
  const rows = data.values.length / dimension;
  if (!Number.isInteger(rows) || (data.devices && data.devices.length !== rows)) {
    throw new Rejection("SCHEMA", "the training values do not form whole rows");
  }
  const kept: number[] = [];
  for (let row = 0; row < rows; row++) {
    let complete = true;
    for (let f = 0; f < dimension; f++) {
      const value = data.values[row * dimension + f] as number;
      if (Number.isNaN(value)) complete = false;
      else if (!fitsFloat32(value)) {
        throw new Rejection("RANGE", `training row ${row + 1}: "${data.featureNames[f]}" does not fit a 32-bit float`);
      }
    }
    if (complete) kept.push(row);
  }
  if (kept.length < MIN_TRAINING_ROWS) {
    const why = `${kept.length} complete rows are too few to train on; a model needs at least ${MIN_TRAINING_ROWS}`;
    throw new Rejection("SCHEMA", why);
  }
  return { ...selectRows(data, kept), dropped: rows - kept.length };
}

/** The named rows, in the given order. */
export function selectRows(data: TrainingData, rows: readonly number[]): TrainingData {
  const dimension = data.featureNames.length;
  const values = new Float64Array(rows.length * dimension);
  for (const [i, row] of rows.entries()) {
    values.set(data.values.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  }
  const selected: TrainingData = { featureNames: data.featureNames, values };
  if (data.devices) selected.devices = Int32Array.from(rows, (row) => (data.devices as Int32Array)[row] as number);
  return selected;
}

/** SHA-256, in hex, of the feature names as JSON, a newline, and the values as little-endian 64-bit floats. */
export function hashOfData(data: TrainingData): string {
  const bytes = Buffer.alloc(data.values.length * 8);
  for (const [i, value] of data.values.entries()) bytes.writeDoubleLE(value, i * 8);
  return createHash("sha256")
    .update(`${JSON.stringify(data.featureNames)}\n`)
    .update(bytes)
    .digest("hex");
}
