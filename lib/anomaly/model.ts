import type { CusumParameters } from "./cusum.js";
import type { FeatureSummary } from "./feature-summary.js";
import type { IsolationForest } from "./isolation-forest.js";
import type { TailLimits } from "./tail-guard.js";

export const MODEL_FORMAT = "redoubt-model";
export const MODEL_FORMAT_VERSION = 1;
export const ISOLATION_FOREST_KIND = "isolation-forest";

/** A trained anomaly model in memory; `model-file` reads and writes it. */
export interface AnomalyModel {
  /** Identifier, e.g. `thermal-inlet`. */
  name: string;
  /** 1 for the first training, one more after each retraining. */
  revision: number;
  /** ISO 8601, UTC. */
  createdAt: string;
  featureNames: string[];
  seed: number;
  /** Share of the training rows that the forest's threshold may flag. */
  contamination: number;
  /** Score from which a row is an anomaly. */
  threshold: number;
  forest: IsolationForest;
  training: {
    /** Complete rows that were used. */
    rows: number;
    /** Rows left out because a value was missing. */
    dropped: number;
    /** See `hashOfData`. */
    sha256: string;
    /** One per feature. */
    features: FeatureSummary[];
  };
  /** One per feature. */
  tails: TailLimits[];
  /** One per feature, or null where the training rows had no order to calibrate drift on. */
  drift: CusumParameters[] | null;
}

/** Name and revision as verdicts carry them, e.g. `thermal-inlet@1`. */
export function modelLabel(model: AnomalyModel): string {
  return `${model.name}@${model.revision}`;
}
