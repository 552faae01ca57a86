import type { JsonObject } from "../../common/json.js";
import { Rejection } from "../../common/rejection.js";
import { checkShares, classesAt, MAX_CLASSES } from "../classifier-fields.js";
import { MAX_NEIGHBOURS } from "../classify/neighbour-fields.js";
import type { NeighbourRows } from "../classify/neighbours.js";
import { type IsolationForest, scoreOfPathLengths } from "../isolation-forest.js";
import { arrayAt, numberAt, objectAt } from "../json-fields.js";
import type { OneClassSvm } from "../one-class-svm.js";
import { svmAt } from "../svm-fields.js";
import type { ClassifierTree, ClassifierTrees } from "../tree-classifier.js";
import { checkNodeCount, MAX_LEAF_SIZE, MAX_TREES, referenceAt } from "../tree-fields.js";
import { convertTree, treeKeys } from "./sklearn-tree.js";

const SAME_SCORE = 1e-9;

function treesAt<T extends { feature: ArrayLike<number> }>(
  json: JsonObject,
  most: number,
  keys: readonly string[],
  convert: (tree: JsonObject, path: string) => T,
): T[] {
  const trees = arrayAt(json.trees, "trees", 1, most).map((entry, i) =>
    convert(objectAt(entry, `trees[${i}]`, [...treeKeys, ...keys]), `trees[${i}]`),
  );
  checkNodeCount(trees, "trees");
  return trees;
}

/** A forest with scikit-learn's offset and decision; see models/export_sklearn.py. */
export interface ConvertedForest {
  forest: IsolationForest;
  offset: number;
  decisionDepth: number | null;
}

/** @throws {Rejection} SCHEMA, RANGE or SIZE naming the property, as all functions here. */
export function convertForest(json: JsonObject, dimension: number): ConvertedForest {
  const sampleSize = numberAt(json.max_samples, "max_samples", { min: 1, max: MAX_LEAF_SIZE, integer: true });
  const trees = treesAt(json, MAX_TREES, ["n_node_samples"], (tree, path) => {
    const { splits, leafNodes, nodes } = convertTree(tree, path, dimension);
    const sizes = arrayAt(tree.n_node_samples, `${path}.n_node_samples`, nodes, nodes);
    const leafSize = Int32Array.from(leafNodes, (node) =>
      numberAt(sizes[node], `${path}.n_node_samples[${node}]`, { min: 0, max: MAX_LEAF_SIZE, integer: true }),
    );
    return { ...splits, leafSize };
  });
  const names = { lengths: "average_path_length", denominator: "denominator" };
  const reference = referenceAt(json.average_path_length, json.denominator, { trees, sampleSize }, names);
  const offset = numberAt(json.offset, "offset");
  const decisionDepth =
    json.decision_depth === null ? null : numberAt(json.decision_depth, "decision_depth", { min: 0 });
  if (decisionDepth !== null) {
    const atDecision = -scoreOfPathLengths(decisionDepth, reference.denominator);
    // Nothing is flagged from an offset of -1 on; the depth is then 0.
    if (Math.abs(atDecision - Math.max(-1, offset)) > SAME_SCORE) {
      throw new Rejection("RANGE", "decision_depth is not the depth at which the score is the offset");
    }
  }
  return { forest: { dimension, sampleSize, trees, reference }, offset, decisionDepth };
}

function classNamesAt(value: unknown): string[] {
  const names = arrayAt(value, "classes", 1, MAX_CLASSES).map((entry, i) => {
    if (typeof entry === "object") throw new Rejection("SCHEMA", `classes[${i}] is neither text nor a number`);
    return String(entry);
  });
  if (names.length === 1) throw new Rejection("SCHEMA", "classes has one entry only: the model cannot tell anomalies");
  return classesAt(names, "classes");
}

function shareListAt(value: unknown, path: string, classes: number): number[] {
  const shares = arrayAt(value, path, classes, classes).map((entry, c) =>
    numberAt(entry, `${path}[${c}]`, { min: 0, max: 1 }),
  );
  checkShares(shares, path);
  return shares;
}

function convertClassifierTree(
  tree: JsonObject,
  path: string,
  dimension: number,
  classes: number,
  isForest: boolean,
): ClassifierTree {
  const { splits, leafNodes, nodes } = convertTree(tree, path, dimension);
  const leaves = leafNodes.length;
  const weights = arrayAt(tree.weight, `${path}.weight`, nodes, nodes);
  const shares = arrayAt(tree.probability, `${path}.probability`, leaves, leaves);
  const named = arrayAt(tree.leaf_class, `${path}.leaf_class`, leaves, leaves);
  // The export lists leaves in the order of its nodes, we in the order of ours.
  const rank = new Map([...leafNodes].sort((a, b) => a - b).map((node, i) => [node, i]));
  const probability = new Float64Array(leaves * classes);
  const leafClass = new Int32Array(leaves);
  for (const [leaf, node] of leafNodes.entries()) {
    const i = rank.get(node) as number;
    probability.set(shareListAt(shares[i], `${path}.probability[${i}]`, classes), leaf * classes);
    leafClass[leaf] = numberAt(named[i], `${path}.leaf_class[${i}]`, { min: 0, max: classes - 1, integer: true });
  }
  const leafWeight = Float64Array.from(leafNodes, (node) =>
    numberAt(weights[node], `${path}.weight[${node}]`, { min: 0 }),
  );
  return { ...splits, leafWeight, probability, ...(!isForest && { leafClass }) };
}

export function convertClassifier(
  json: JsonObject,
  dimension: number,
  isForest: boolean,
): { trees: ClassifierTrees; classes: string[]; wanted: string[] | undefined } {
  const classes = classNamesAt(json.classes);
  const keys = ["weight", "probability", "leaf_class"];
  const trees = treesAt(json, isForest ? MAX_TREES : 1, keys, (tree, path) =>
    convertClassifierTree(tree, path, dimension, classes.length, isForest),
  );
  return { trees: { dimension, classes: classes.length, trees }, classes, wanted: wantedAt(json, classes) };
}

/** Classes that the export says mean an anomaly. */
function wantedAt(json: JsonObject, classes: readonly string[]): string[] | undefined {
  if (json.anomaly_classes === null) return undefined;
  return arrayAt(json.anomaly_classes, "anomaly_classes", 1, classes.length - 1).map(String);
}

const MAX_POINTS = 2 ** 22;

export function convertNeighbours(
  json: JsonObject,
  dimension: number,
): { neighbours: NeighbourRows; classes: string[]; wanted: string[] | undefined } {
  const classes = classNamesAt(json.classes);
  const rows = arrayAt(json.points, "points", 1, MAX_POINTS);
  const named = arrayAt(json.labels, "labels", rows.length, rows.length);
  const most = Math.min(rows.length, MAX_NEIGHBOURS);
  const k = numberAt(json.n_neighbors, "n_neighbors", { min: 1, max: most, integer: true });
  const points = new Float64Array(rows.length * dimension);
  for (const [i, row] of rows.entries()) {
    for (const [f, value] of arrayAt(row, `points[${i}]`, dimension, dimension).entries()) {
      points[i * dimension + f] = numberAt(value, `points[${i}][${f}]`);
    }
  }
  const bounds = { min: 0, max: classes.length - 1, integer: true };
  const labels = Int32Array.from(named, (label, i) => numberAt(label, `labels[${i}]`, bounds));
  const neighbours = { dimension, classes: classes.length, k, points, labels };
  return { neighbours, classes, wanted: wantedAt(json, classes) };
}

export function convertSvm(json: JsonObject, dimension: number): OneClassSvm {
  return svmAt(json, "", dimension, { supportVectors: "support_vectors", coefficients: "dual_coef" });
}
