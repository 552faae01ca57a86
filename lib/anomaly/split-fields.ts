import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { floor32 } from "./isolation-forest.js";
import { arrayAt, numberAt } from "./json-fields.js";
import type { SplitTree } from "./split-tree.js";
import { fitsFloat32 } from "./training-data.js";

/** Enough for a tree grown on a million rows of their own leaf each. */
export const MAX_NODES_PER_TREE = 2 ** 21;

/** A threshold as a tree keeps it. */
export function thresholdAt(value: unknown, path: string): number {
  const cut = numberAt(value, path);
  if (!fitsFloat32(cut)) throw new Rejection("RANGE", `${path} does not fit a 32-bit float`);
  return floor32(cut);
}

/**
 * Reads a stored tree's splits. Its shape follows from the order of its nodes, so it is a tree if every node is
 * announced as a child by an earlier one and none is announced in vain.
 *
 * @throws {Rejection} SCHEMA or RANGE naming the entry.
 */
export function splitsAt(stored: JsonObject, path: string, dimension: number): SplitTree & { leaves: number } {
  const feature = arrayAt(stored.feature, `${path}.feature`, 1, MAX_NODES_PER_TREE);
  let inner = 0;
  for (const [i, entry] of feature.entries()) {
    if (i > 2 * inner) throw new Rejection("SCHEMA", `${path}.feature[${i}] is no node's child`);
    if (numberAt(entry, `${path}.feature[${i}]`, { min: -1, max: dimension - 1, integer: true }) >= 0) inner++;
  }
  if (feature.length !== 2 * inner + 1) throw new Rejection("SCHEMA", `${path}.feature ends before the tree does`);
  const threshold = arrayAt(stored.threshold, `${path}.threshold`, inner, inner);
  return {
    feature: Int16Array.from(feature as number[]),
    threshold: Float32Array.from(threshold, (entry, i) => thresholdAt(entry, `${path}.threshold[${i}]`)),
    leaves: inner + 1,
  };
}

export function storeSplits(tree: SplitTree): { feature: number[]; threshold: number[] } {
  return { feature: Array.from(tree.feature), threshold: Array.from(tree.threshold) };
}
