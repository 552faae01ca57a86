import { type SplitTree, TreeWalker } from "./split-tree.js";

/** One tree of a classifier. */
export interface ClassifierTree extends SplitTree {
  /** Per leaf, in node order: weighted number of training rows that ended in it, at least 0. */
  leafWeight: Float64Array;
  /** Per leaf and class, leaf after leaf: share of the class among those rows. */
  probability: Float64Array;
  /**
   * Per leaf of a decision tree: index of the class that `predict` names. It goes by unrounded counts, and can differ
   * from the largest share where two of them round to the same. Forests go by their mean and have none.
   */
  leafClass?: Int32Array;
}

/** A decision tree, or the trees of a random forest. */
export interface ClassifierTrees {
  /** Number of features. */
  dimension: number;
  /** Number of classes, at least 2. */
  classes: number;
  trees: ClassifierTree[];
}

/** Index of the first largest value. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}

/**
 * Class probabilities as scikit-learn's `predict_proba` gives them: the mean over the trees (Breiman, "Random Forests",
 * 2001, with averaged probabilities instead of votes), added in the order of the trees, so that every bit agrees.
 */
export class TreeClassifier {
  private readonly walker: TreeWalker;
  private readonly row: Float32Array;

  constructor(private readonly model: ClassifierTrees) {
    this.walker = new TreeWalker(model.trees);
    this.row = new Float32Array(model.dimension);
  }

  /**
   * @param values one row without NaN; compared as 32-bit floats.
   * @returns one probability per class, and the index of the class that `predict` names.
   */
  classify(values: ArrayLike<number>): { probabilities: Float64Array; predicted: number } {
    this.row.set(values);
    const { classes, trees } = this.model;
    const probabilities = new Float64Array(classes);
    let leaf = 0;
    for (let t = 0; t < trees.length; t++) {
      leaf = this.walker.leafOf(t, this.row);
      const shares = (trees[t] as ClassifierTree).probability;
      for (let c = 0, i = leaf * classes; c < classes; c++, i++) {
        probabilities[c] = (probabilities[c] as number) + (shares[i] as number);
      }
    }
    for (let c = 0; c < classes; c++) probabilities[c] = (probabilities[c] as number) / trees.length;
    return { probabilities, predicted: trees[0]?.leafClass?.[leaf] ?? argMax(probabilities) };
  }
}
