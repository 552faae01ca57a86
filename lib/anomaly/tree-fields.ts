import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import type { IsolationForest, IsolationTree, PathLengthReference } from "./isolation-forest.js";
import { averagePathLength } from "./isolation-forest.js";
import { arrayAt, numberAt, objectAt } from "./json-fields.js";
import { splitsAt, storeSplits } from "./split-fields.js";

export const MAX_TREES = 10_000;
/** The scoring kernel has 23 bits for a node's index. */
export const NODES_PER_FOREST = 2 ** 23 - 1;
export const MAX_LEAF_SIZE = 2 ** 31 - 1;
/** Two good logarithms differ by far less. */
const SAME_PATH_LENGTH = 1e-9;

export function storeTree(tree: IsolationTree): JsonObject {
  return { ...storeSplits(tree), leafSize: Array.from(tree.leafSize) };
}

function treeAt(value: unknown, path: string, dimension: number, leastRows: number): IsolationTree {
  const stored = objectAt(value, path, ["feature", "threshold", "leafSize"]);
  const { leaves, ...splits } = splitsAt(stored, path, dimension);
  const leafSize = arrayAt(stored.leafSize, `${path}.leafSize`, leaves, leaves);
  return {
    ...splits,
    leafSize: Int32Array.from(leafSize, (entry, i) =>
      numberAt(entry, `${path}.leafSize[${i}]`, { min: leastRows, max: MAX_LEAF_SIZE, integer: true }),
    ),
  };
}

/** @throws {Rejection} SIZE. */
export function checkNodeCount(trees: readonly { feature: ArrayLike<number> }[], path: string): void {
  if (trees.reduce((sum, tree) => sum + tree.feature.length, 0) > NODES_PER_FOREST) {
    throw new Rejection("SIZE", `${path} have too many nodes`);
  }
}

/**
 * @param leastRows rows of a leaf: 1, or 0 where rows could have a weight of 0.
 * @throws {Rejection} SCHEMA, RANGE or SIZE naming the entry.
 */
export function isolationTreesAt(value: unknown, path: string, dimension: number, leastRows: 0 | 1): IsolationTree[] {
  const trees = arrayAt(value, path, 1, MAX_TREES).map((tree, i) =>
    treeAt(tree, `${path}[${i}]`, dimension, leastRows),
  );
  checkNodeCount(trees, path);
  return trees;
}

/**
 * Checks path lengths that another program has computed: there must be one for every leaf size, and all must be what
 * our own formula gives, save for rounding.
 *
 * @param lengths pairs of a number of rows and its average path length.
 * @throws {Rejection} SCHEMA or RANGE naming the entry.
 */
export function referenceAt(
  lengths: unknown,
  denominator: unknown,
  { trees, sampleSize }: Pick<IsolationForest, "trees" | "sampleSize">,
  names: { lengths: string; denominator: string },
): PathLengthReference {
  const known = new Map<number, number>();
  for (const [i, entry] of arrayAt(lengths, names.lengths, 1, MAX_LEAF_SIZE).entries()) {
    const at = `${names.lengths}[${i}]`;
    const [size, length] = arrayAt(entry, at, 2, 2);
    const rows = numberAt(size, `${at}[0]`, { min: 0, max: MAX_LEAF_SIZE, integer: true });
    const value = numberAt(length, `${at}[1]`, { min: 0 });
    if (Math.abs(value - averagePathLength(rows)) > SAME_PATH_LENGTH) {
      throw new Rejection("RANGE", `${at}[1] is not the average path length of ${rows} rows`);
    }
    known.set(rows, value);
  }
  for (const [t, tree] of trees.entries()) {
    const unknown = tree.leafSize.find((size) => !known.has(size));
    if (unknown !== undefined) {
      throw new Rejection("SCHEMA", `${names.lengths} lacks the ${unknown} rows of a leaf of tree ${t}`);
    }
  }
  const divisor = numberAt(denominator, names.denominator, { min: 0 });
  const expected = trees.length * averagePathLength(sampleSize);
  if (Math.abs(divisor - expected) > SAME_PATH_LENGTH * Math.max(1, expected)) {
    throw new Rejection("RANGE", `${names.denominator} is not that of ${trees.length} trees of ${sampleSize} rows`);
  }
  return { averagePathLengths: known, denominator: divisor };
}
