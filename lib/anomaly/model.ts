import type { NeighbourRows } from "./classify/neighbours.js";
import type { TrainedRegions } from "./classify/regions.js";
import type { SelfTest } from "./classify/self-test.js";
import type { CusumParameters } from "./cusum.js";
import type { Ensemble } from "./ensemble.js";
import type { FeatureSummary } from "./feature-summary.js";
import type { IsolationForest } from "./isolation-forest.js";
import type { OneClassSvm } from "./one-class-svm.js";
import type { Standardisation } from "./standardisation.js";
import type { TailLimits } from "./tail-guard.js";
import type { ClassifierTrees } from "./tree-classifier.js";

export const MODEL_FORMAT = "redoubt-model";
export const MODEL_FORMAT_VERSION = 1;
export const ISOLATION_FOREST_KIND = "isolation-forest";

/** What training rows looked like. */
export interface TrainingSummary {
  /** Complete rows that were used. */
  rows: number;
  /** Rows left out because a value was missing. */
  dropped: number;
  /** See `hashOfData`; null where the rows were not ours. */
  sha256: string | null;
  /** One per feature. */
  features: FeatureSummary[];
}

/** What every model has, whatever its kind; `model-file` reads and writes it. */
export interface ModelBase {
  /** Identifier, e.g. `thermal-inlet`. */
  name: string;
  /** 1 for the first training, one more after each retraining. */
  revision: number;
  /** ISO 8601, UTC. */
  createdAt: string;
  featureNames: string[];
  /** Who trained it. */
  origin: "redoubt" | "scikit-learn";
  /** Version of scikit-learn; null for our own. */
  originVersion: string | null;
  /** What is done to a row before the model itself sees it. */
  scaler: Standardisation | null;
  /** Null where nothing is known of the training rows: no tail guard then, and nothing to fill missing values with. */
  training: TrainingSummary | null;
  /** One per feature; null exactly where `training` is. */
  tails: TailLimits[] | null;
  /** One per feature, or null where the training rows had no order to calibrate drift on. */
  drift: CusumParameters[] | null;
}

/** An isolation forest that we have grown. */
export interface AnomalyModel extends ModelBase {
  kind: typeof ISOLATION_FOREST_KIND;
  origin: "redoubt";
  scaler: null;
  seed: number;
  /** Share of the training rows that the forest's threshold may flag. */
  contamination: number;
  /** Score from which a row is an anomaly. */
  threshold: number;
  forest: IsolationForest;
  training: TrainingSummary & { sha256: string };
  tails: TailLimits[];
}

/** An isolation forest that scikit-learn has grown. */
export interface ImportedForest extends ModelBase {
  kind: typeof ISOLATION_FOREST_KIND;
  origin: "scikit-learn";
  forest: IsolationForest;
  /** What `decision_function` subtracts from `score_samples`. */
  offset: number;
  /** Smallest sum of path lengths that `predict` calls normal; null: decide by the offset. */
  decisionDepth: number | null;
}

/** A classifier one or more of whose classes mean an anomaly. */
export interface ClassifierBase extends ModelBase {
  /** In the order of the probabilities. */
  classes: string[];
  /** Indices into `classes`, ascending; at least one, not all. */
  anomalyClasses: number[];
  /** Centre and scales of a further column, the row's distance from the centre; it comes before the scaler. */
  distance?: Standardisation;
  /** Where the training rows lay. */
  regions?: TrainedRegions;
  /** Rows to try the model on when it is loaded. */
  selfTest?: SelfTest;
}

export interface TreeClassifierModel extends ClassifierBase {
  kind: "decision-tree" | "random-forest";
  trees: ClassifierTrees;
}

export interface NeighbourModel extends ClassifierBase {
  kind: "k-nearest-neighbours";
  neighbours: NeighbourRows;
}

export type ClassifierModel = TreeClassifierModel | NeighbourModel;

export interface OneClassSvmModel extends ModelBase {
  kind: "one-class-svm";
  svm: OneClassSvm;
}

export interface EnsembleModel extends ModelBase {
  kind: "ensemble";
  origin: "redoubt";
  scaler: null;
  ensemble: Ensemble;
}

export type Model = AnomalyModel | ImportedForest | ClassifierModel | OneClassSvmModel | EnsembleModel;

/** Name and revision as verdicts carry them, e.g. `thermal-inlet@1`. */
export function modelLabel(model: ModelBase): string {
  return `${model.name}@${model.revision}`;
}
