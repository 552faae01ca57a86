import { ForestKernel } from "../forest-kernel.js";
import type { IsolationForest } from "../isolation-forest.js";
import { type Context, decadesBeyond, deviations } from "./shape.js";

/**
 * A forest does not see how far beyond its rows a value lies: what an amount is above the largest learnt is added, so
 * much for each factor of ten. 0.2 is about the way from an ordinary score to the largest.
 */
const PER_DECADE = 0.2;

/** How unusual a flow's shape is: the forest's score, 0 to 1, and what is beyond the largest amounts. */
export class ShapeScorer {
  private readonly kernel: ForestKernel;

  constructor(forest: IsolationForest) {
    this.kernel = new ForestKernel(forest);
  }

  /** @param largest of the same device and service; of the context where there is none. */
  score(shape: Float64Array, context: Context, largest = context.largest): number {
    return this.kernel.score(deviations(shape, context)) + PER_DECADE * decadesBeyond(shape, largest);
  }
}
