import type { JsonObject } from "../../common/json.js";
import { arrayAt, numberAt } from "../json-fields.js";
import type { NeighbourRows } from "./neighbours.js";

/** A training row is stored as its class and its values. */
const MAX_ROWS = 2 ** 22;
export const MAX_NEIGHBOURS = 1000;

export function storeNeighbours({ k, dimension, points, labels }: NeighbourRows): { k: number; rows: number[][] } {
  const rows = Array.from(labels, (label, i) => [label, ...points.subarray(i * dimension, (i + 1) * dimension)]);
  return { k, rows };
}

/** @throws {Rejection} SCHEMA or RANGE naming the entry. */
export function neighboursAt(model: JsonObject, at: string, dimension: number, classes: number): NeighbourRows {
  const rows = arrayAt(model.rows, `${at}rows`, 1, MAX_ROWS);
  const points = new Float64Array(rows.length * dimension);
  const labels = new Int32Array(rows.length);
  for (const [i, row] of rows.entries()) {
    const path = `${at}rows[${i}]`;
    const [label, ...values] = arrayAt(row, path, dimension + 1, dimension + 1);
    labels[i] = numberAt(label, `${path}[0]`, { min: 0, max: classes - 1, integer: true });
    for (const [f, value] of values.entries()) points[i * dimension + f] = numberAt(value, `${path}[${f + 1}]`);
  }
  const most = Math.min(rows.length, MAX_NEIGHBOURS);
  return { dimension, classes, k: numberAt(model.k, `${at}k`, { min: 1, max: most, integer: true }), points, labels };
}
