import { SeededRandom } from "../../common/seeded-random.js";
import type { ClassifierTree } from "../tree-classifier.js";
import { growTree, type TreeLimits } from "./grow-tree.js";
import type { TrainingColumns } from "./training-columns.js";

/** One tree on all rows. */
export function growDecisionTree(table: TrainingColumns, limits: TreeLimits, seed: number): ClassifierTree {
  return growTree(table, new Int32Array(table.rows).fill(1), limits, new SeededRandom(seed));
}

/**
 * A random forest (Breiman 2001) with scikit-learn's defaults: each tree on a bootstrap sample as large as the table,
 * the square root of the number of features tried per split, probabilities averaged.
 *
 * @param progress called after each tree.
 */
export function growRandomForest(
  table: TrainingColumns,
  trees: number,
  limits: TreeLimits,
  seed: number,
  progress?: (done: number) => void,
): ClassifierTree[] {
  const seeds = new SeededRandom(seed);
  const maxFeatures = limits.maxFeatures ?? Math.max(1, Math.floor(Math.sqrt(table.dimension)));
  return Array.from({ length: trees }, (_, t) => {
    const random = new SeededRandom(seeds.uint32());
    const weights = new Int32Array(table.rows);
    for (let i = 0; i < table.rows; i++) {
      const row = random.integer(table.rows);
      weights[row] = (weights[row] as number) + 1;
    }
    const tree = growTree(table, weights, { ...limits, maxFeatures }, random);
    // A forest goes by its mean.
    delete tree.leafClass;
    progress?.(t + 1);
    return tree;
  });
}
