import { Rejection } from "../common/rejection.js";
import { floor32, type IsolationTree } from "./isolation-forest.js";
import { arrayAt, numberAt, objectAt } from "./json-fields.js";
import { fitsFloat32 } from "./training-data.js";

const MAX_NODES_PER_TREE = 131_071;
const MAX_LEAF_SIZE = 2 ** 31 - 1;

export interface StoredTree {
  feature: number[];
  threshold: number[];
  leafSize: number[];
}

export function storeTree(tree: IsolationTree): StoredTree {
  return {
    feature: Array.from(tree.feature),
    threshold: Array.from(tree.threshold),
    leafSize: Array.from(tree.leafSize),
  };
}

/**
 * Reads one stored tree. Its shape follows from the order of its nodes, so it is a tree if every node is announced as
 * a child by an earlier one and none is announced in vain.
 *
 * @throws {Rejection} SCHEMA or RANGE naming the entry.
 */
export function treeAt(value: unknown, path: string, dimension: number): IsolationTree {
  const stored = objectAt(value, path, ["feature", "threshold", "leafSize"]);
  const feature = arrayAt(stored.feature, `${path}.feature`, 1, MAX_NODES_PER_TREE);
  let inner = 0;
  for (const [i, entry] of feature.entries()) {
    if (i > 2 * inner) throw new Rejection("SCHEMA", `${path}.feature[${i}] is no node's child`);
    if (numberAt(entry, `${path}.feature[${i}]`, { min: -1, max: dimension - 1, integer: true }) >= 0) inner++;
  }
  if (feature.length !== 2 * inner + 1) throw new Rejection("SCHEMA", `${path}.feature ends before the tree does`);
  const threshold = arrayAt(stored.threshold, `${path}.threshold`, inner, inner);
  const leafSize = arrayAt(stored.leafSize, `${path}.leafSize`, inner + 1, inner + 1);
  return {
    feature: Int16Array.from(feature as number[]),
    threshold: Float32Array.from(threshold, (entry, i) => {
      const cut = numberAt(entry, `${path}.threshold[${i}]`);
      if (!fitsFloat32(cut)) throw new Rejection("RANGE", `${path}.threshold[${i}] does not fit a 32-bit float`);
      return floor32(cut);
    }),
    leafSize: Int32Array.from(leafSize, (entry, i) =>
      numberAt(entry, `${path}.leafSize[${i}]`, { min: 1, max: MAX_LEAF_SIZE, integer: true }),
    ),
  };
}
