import type { AnomalyVerdict } from "../common/message.js";
import { DriftDetector } from "./drift-detector.js";
import { featureRow, type MissingPolicy } from "./feature-row.js";
import { ForestKernel } from "./forest-kernel.js";
import { type AnomalyModel, modelLabel } from "./model.js";
import { PathAttribution } from "./path-attribution.js";
import { anomalyReasons, missingReasons } from "./reasons.js";
import { ScoreTable } from "./score-table.js";
import { scoreOfExcess, tailExcess } from "./tail-guard.js";

export interface ScorerOptions {
  /** Default `reject`. */
  missing?: MissingPolicy;
  /** Whether readings come in the order of measurement, so that drift can be watched; default true. */
  drift?: boolean;
  /** Devices whose drift is remembered at a time; default 10,000. */
  maxDevices?: number;
}

/**
 * Scores readings with a model. A reading is an anomaly when the forest's score reaches the threshold, or a value lies
 * beyond a tail limit, or a device's feature has drifted:
 *
 *     score = max(forest, tail, drift),  isAnomaly = score >= threshold
 *
 * where the tail and drift scores run from 0 over the threshold (their own limit) towards 1, so that the score never
 * falls as a value moves further out of the training range.
 */
export class AnomalyScorer {
  readonly label: string;
  private readonly forest: { score(values: ArrayLike<number>): number };
  private readonly drift: DriftDetector | undefined;
  private readonly missing: MissingPolicy;
  private attribution: PathAttribution | undefined;

  constructor(
    readonly model: AnomalyModel,
    options: ScorerOptions = {},
  ) {
    this.label = modelLabel(model);
    this.missing = options.missing ?? "reject";
    this.forest = ScoreTable.of(model.forest) ?? new ForestKernel(model.forest);
    if (model.drift && options.drift !== false) this.drift = new DriftDetector(model.drift, options.maxDevices);
  }

  /**
   * @param payload the reading, an object with the model's features as numbers.
   * @param device whose drift state the reading belongs to; readings without a device share one.
   * @throws {Rejection} SCHEMA or RANGE, see `featureRow`.
   */
  score(payload: unknown, device = ""): AnomalyVerdict {
    return this.scoreRow(featureRow(payload, this.model.featureNames, this.missing), device);
  }

  /** Scores one row in the order of the model's features; NaN means missing and is scored with the median. */
  scoreRow(row: Float64Array, device = ""): AnomalyVerdict {
    const { model } = this;
    const { threshold } = model;
    let complete = row;
    const tails = new Float64Array(row.length);
    let excess = 0;
    let isIncomplete = false;
    for (let i = 0; i < row.length; i++) {
      const value = row[i] as number;
      const summary = model.training.features[i] as AnomalyModel["training"]["features"][number];
      if (Number.isNaN(value)) {
        if (!isIncomplete) complete = row.slice();
        isIncomplete = true;
        complete[i] = summary.median;
        continue;
      }
      const beyond = tailExcess(value, summary, model.tails[i] as AnomalyModel["tails"][number]);
      tails[i] = beyond;
      if (beyond > excess) excess = beyond;
    }
    const driftExcess = this.drift?.add(device, row) ?? new Float64Array(row.length);
    for (const value of driftExcess) if (value > excess) excess = value;
    const forestScore = this.forest.score(complete);
    const score = Math.max(forestScore, scoreOfExcess(excess, threshold));
    const isAnomaly = score >= threshold;
    const reasons = isIncomplete ? missingReasons(model, row) : [];
    if (isAnomaly) {
      this.attribution ??= new PathAttribution(model.forest);
      const found = { row, complete, forestScore, tailExcess: tails, driftExcess };
      reasons.unshift(...anomalyReasons(model, found, this.attribution));
    }
    return { score, isAnomaly, threshold, model: this.label, reasons };
  }
}
