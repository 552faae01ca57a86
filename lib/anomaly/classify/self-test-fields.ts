import type { JsonObject } from "../../common/json.js";
import { arrayAt, objectAt } from "../json-fields.js";
import { numbersAt } from "../model-fields.js";
import type { SelfTest } from "./self-test.js";

const MAX_ROWS = 10_000;

export function storeSelfTest({ rows, labels, probabilities }: SelfTest): JsonObject {
  const lists = (arrays: readonly Float64Array[]) => arrays.map((array) => Array.from(array));
  return { rows: lists(rows), labels: Array.from(labels), probabilities: lists(probabilities) };
}

/** @throws {Rejection} SCHEMA or RANGE naming the entry. */
export function selfTestAt(value: unknown, path: string, dimension: number, classes: number): SelfTest {
  const stored = objectAt(value, path, ["rows", "labels", "probabilities"]);
  const rows = arrayAt(stored.rows, `${path}.rows`, 1, MAX_ROWS);
  const count = rows.length;
  const probabilities = arrayAt(stored.probabilities, `${path}.probabilities`, count, count);
  const bounds = { min: 0, max: classes - 1, integer: true };
  return {
    rows: rows.map((row, i) => numbersAt(row, `${path}.rows[${i}]`, dimension)),
    labels: Int32Array.from(numbersAt(stored.labels, `${path}.labels`, count, bounds)),
    probabilities: probabilities.map((row, i) =>
      numbersAt(row, `${path}.probabilities[${i}]`, classes, { min: 0, max: 1 }),
    ),
  };
}
