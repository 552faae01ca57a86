import type { ClassifierModel } from "../model.js";
import { standardise } from "../standardisation.js";
import { TreeClassifier } from "../tree-classifier.js";
import { withDistance } from "./distance-feature.js";
import { NeighbourClassifier, type Vote } from "./neighbours.js";

/** What a classifier says of a row; `nearest` only where it goes by neighbours. */
export type Prediction = Omit<Vote, "nearest"> & Partial<Pick<Vote, "nearest">>;

/** A classifier of any kind made ready: does what its file says is done to a row, then asks the trees or neighbours. */
export class ClassPredictor {
  private readonly core: { classify(row: ArrayLike<number>): Prediction };

  constructor(private readonly model: ClassifierModel) {
    this.core =
      model.kind === "k-nearest-neighbours"
        ? new NeighbourClassifier(model.neighbours)
        : new TreeClassifier(model.trees);
  }

  /** The row as the trees or neighbours see it: with its distance behind it and scaled, where the model has these. */
  coreRow(row: Float64Array): Float64Array {
    const { distance, scaler } = this.model;
    const complete = distance ? withDistance(row, distance) : row;
    return scaler ? standardise(complete, scaler) : complete;
  }

  /** @param row one value per feature of the model, none NaN. */
  predict(row: Float64Array): Prediction {
    return this.core.classify(this.coreRow(row));
  }
}
