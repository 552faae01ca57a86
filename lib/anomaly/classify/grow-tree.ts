import type { SeededRandom } from "../../common/seeded-random.js";
import type { ClassifierTree } from "../tree-classifier.js";
import { argMax } from "../tree-classifier.js";
import { SplitSearch } from "./split-search.js";
import type { TrainingColumns } from "./training-columns.js";

export interface TreeLimits {
  /** Features tried per split; all of them by default. */
  maxFeatures?: number;
  /** Splits on a path; no limit by default. */
  maxDepth?: number;
  /** Rows that a leaf must hold; default 1. */
  minLeaf?: number;
}

interface GrownNode {
  feature: number;
  threshold: number;
  totals: Float64Array;
}

/** Puts rows that go left before the others, each part in its old order; returns how many go left. */
function partition(rows: Int32Array, scratch: Int32Array, column: Float32Array, threshold: number): number {
  let left = 0;
  let right = 0;
  for (const row of rows) {
    if ((column[row] as number) <= threshold) rows[left++] = row;
    else scratch[right++] = row;
  }
  rows.set(scratch.subarray(0, right), left);
  return left;
}

function totalsOf(rows: Int32Array, table: TrainingColumns, weights: Int32Array): Float64Array {
  const totals = new Float64Array(table.classes);
  for (const row of rows) {
    const label = table.labels[row] as number;
    totals[label] = (totals[label] as number) + (weights[row] as number);
  }
  return totals;
}

/**
 * Grows a classification tree until its leaves are pure or cannot be split, with scikit-learn's defaults (see
 * {@link SplitSearch}). Nodes are made in breadth-first order, as {@link ClassifierTree} keeps them.
 *
 * @param weights per row how often it counts; rows of weight 0 are left out.
 */
export function growTree(
  table: TrainingColumns,
  weights: Int32Array,
  limits: TreeLimits,
  random: SeededRandom,
): ClassifierTree {
  const { maxFeatures = table.dimension, maxDepth = Number.POSITIVE_INFINITY, minLeaf = 1 } = limits;
  const search = new SplitSearch(table, weights, maxFeatures, minLeaf, random);
  const rows = Int32Array.from(weights.keys()).filter((row) => (weights[row] as number) > 0);
  const scratch = new Int32Array(rows.length);
  const nodes: GrownNode[] = [];
  const places: { start: number; end: number; depth: number }[] = [{ start: 0, end: rows.length, depth: 0 }];
  for (let i = 0; i < places.length; i++) {
    const { start, end, depth } = places[i] as (typeof places)[number];
    const own = rows.subarray(start, end);
    const totals = totalsOf(own, table, weights);
    const node: GrownNode = { feature: -1, threshold: 0, totals };
    nodes.push(node);
    if (own.length < 2 || depth >= maxDepth || totals.filter((total) => total > 0).length < 2) continue;
    const split = search.best(own, totals);
    if (!split) continue;
    const column = table.values.subarray(split.feature * table.rows, (split.feature + 1) * table.rows);
    const middle = start + partition(own, scratch, column, split.threshold);
    node.feature = split.feature;
    node.threshold = split.threshold;
    places.push({ start, end: middle, depth: depth + 1 }, { start: middle, end, depth: depth + 1 });
  }
  return storedTree(nodes, table.classes);
}

function storedTree(nodes: readonly GrownNode[], classes: number): ClassifierTree {
  const leaves = nodes.filter((node) => node.feature < 0);
  const leafWeight = new Float64Array(leaves.length);
  const probability = new Float64Array(leaves.length * classes);
  const leafClass = new Int32Array(leaves.length);
  for (const [leaf, { totals }] of leaves.entries()) {
    const weight = totals.reduce((sum, total) => sum + total, 0);
    leafWeight[leaf] = weight;
    for (const [c, total] of totals.entries()) probability[leaf * classes + c] = total / weight;
    leafClass[leaf] = argMax(totals);
  }
  return {
    feature: Int16Array.from(nodes, (node) => node.feature),
    threshold: Float32Array.from(
      nodes.filter((node) => node.feature >= 0),
      (node) => node.threshold,
    ),
    leafWeight,
    probability,
    leafClass,
  };
}
