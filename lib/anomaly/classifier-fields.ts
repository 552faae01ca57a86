import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { arrayAt, numberAt, objectAt, stringAt } from "./json-fields.js";
import { splitsAt, storeSplits } from "./split-fields.js";
import type { ClassifierTree, ClassifierTrees } from "./tree-classifier.js";
import { checkNodeCount, MAX_TREES } from "./tree-fields.js";

export const MAX_CLASSES = 1000;
/** Any text without control characters: classes are shown to people. */
const CLASS_NAME = /^[^\p{Cc}\p{Cs}]{1,128}$/u;
const SUM_TOLERANCE = 1e-9;

export function storeClassifierTree(tree: ClassifierTree): JsonObject {
  return {
    ...storeSplits(tree),
    leafWeight: Array.from(tree.leafWeight),
    probability: Array.from(tree.probability),
    ...(tree.leafClass && { leafClass: Array.from(tree.leafClass) }),
  };
}

/**
 * Names of classes, all different.
 *
 * @throws {Rejection} SCHEMA naming the entry.
 */
export function classesAt(value: unknown, path: string): string[] {
  const classes = arrayAt(value, path, 2, MAX_CLASSES).map((entry, i) => stringAt(entry, `${path}[${i}]`, CLASS_NAME));
  const twice = classes.findIndex((name, i) => classes.indexOf(name) !== i);
  if (twice >= 0) throw new Rejection("SCHEMA", `${path}[${twice}] appears twice`);
  return classes;
}

/** Checks that a leaf's shares are a distribution, or all 0 as scikit-learn gives them for leaves without weight. */
export function checkShares(shares: ArrayLike<number>, path: string): void {
  let sum = 0;
  for (let i = 0; i < shares.length; i++) sum += shares[i] as number;
  if (sum !== 0 && Math.abs(sum - 1) > SUM_TOLERANCE) throw new Rejection("RANGE", `${path} does not sum to 1`);
}

function treeAt(value: unknown, path: string, dimension: number, classes: number, hasLeafClass: boolean) {
  const keys = ["feature", "threshold", "leafWeight", "probability"];
  const stored = objectAt(value, path, hasLeafClass ? [...keys, "leafClass"] : keys);
  const { leaves, ...splits } = splitsAt(stored, path, dimension);
  const numbers = (name: string, length: number, bounds: Parameters<typeof numberAt>[2]) =>
    arrayAt(stored[name], `${path}.${name}`, length, length).map((entry, i) =>
      numberAt(entry, `${path}.${name}[${i}]`, bounds),
    );
  const probability = Float64Array.from(numbers("probability", leaves * classes, { min: 0, max: 1 }));
  for (let i = 0; i < probability.length; i += classes) {
    checkShares(probability.subarray(i, i + classes), `${path}.probability from ${i}`);
  }
  const tree: ClassifierTree = {
    ...splits,
    leafWeight: Float64Array.from(numbers("leafWeight", leaves, { min: 0 })),
    probability,
  };
  if (hasLeafClass) {
    tree.leafClass = Int32Array.from(numbers("leafClass", leaves, { min: 0, max: classes - 1, integer: true }));
  }
  return tree;
}

/** @throws {Rejection} SCHEMA, RANGE or SIZE naming the entry. */
export function classifierTreesAt(
  value: unknown,
  path: string,
  dimension: number,
  classes: number,
  kind: "decision-tree" | "random-forest",
): ClassifierTrees {
  const isForest = kind === "random-forest";
  const trees = arrayAt(value, path, 1, isForest ? MAX_TREES : 1).map((tree, i) =>
    treeAt(tree, `${path}[${i}]`, dimension, classes, !isForest),
  );
  checkNodeCount(trees, path);
  return { dimension, classes, trees };
}

/** Indices of the classes that mean an anomaly: ascending, at least one and not all. */
export function anomalyClassesAt(value: unknown, path: string, classes: number): number[] {
  const indices = arrayAt(value, path, 1, classes - 1).map((entry, i) =>
    numberAt(entry, `${path}[${i}]`, { min: 0, max: classes - 1, integer: true }),
  );
  if (indices.some((index, i) => i > 0 && index <= (indices[i - 1] as number))) {
    throw new Rejection("SCHEMA", `${path} is not ascending`);
  }
  return indices;
}
