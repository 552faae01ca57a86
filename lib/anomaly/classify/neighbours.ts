import { argMax } from "../tree-classifier.js";
import { KdTree } from "./kd-tree.js";

/** The training rows of a k-nearest-neighbours classifier, in the space of its scaler. */
export interface NeighbourRows {
  /** Number of features. */
  dimension: number;
  /** Number of classes. */
  classes: number;
  /** How many neighbours vote. */
  k: number;
  /** Row after row. */
  points: Float64Array;
  /** Per row the index of its class. */
  labels: Int32Array;
}

export interface Vote {
  /** Share of the votes per class. */
  probabilities: Float64Array;
  /** Class with the most votes; of several the first, as in scikit-learn. */
  predicted: number;
  /** Euclidean distance of the nearest of the neighbours. */
  nearest: number;
}

/**
 * k nearest neighbours with equal votes (Cover and Hart 1967). Of rows at the same distance those that come first in
 * the training set vote: scikit-learn leaves open which do.
 */
export class NeighbourClassifier {
  private readonly tree: KdTree;

  constructor(private readonly model: NeighbourRows) {
    this.tree = new KdTree(model.points, model.dimension);
  }

  /** @param row scaled as the training rows are, without NaN. */
  classify(row: ArrayLike<number>): Vote {
    const { k, classes, labels } = this.model;
    const { index, squared } = this.tree.nearest(row, k);
    const probabilities = new Float64Array(classes);
    for (const point of index) {
      const label = labels[point] as number;
      probabilities[label] = (probabilities[label] as number) + 1;
    }
    for (let c = 0; c < classes; c++) probabilities[c] = (probabilities[c] as number) / k;
    return { probabilities, predicted: argMax(probabilities), nearest: Math.sqrt(squared[0] as number) };
  }
}
