import type { AnomalyVerdict } from "../common/message.js";
import { Rejection } from "../common/rejection.js";
import type { Detector, Opinion } from "./detector.js";
import { detectorOf } from "./detector-of.js";
import { DriftDetector } from "./drift-detector.js";
import { featureRow, type MissingPolicy } from "./feature-row.js";
import type { FeatureSummary } from "./feature-summary.js";
import { type Model, modelLabel } from "./model.js";
import { anomalyReasons, missingReasons } from "./reasons.js";
import { scoreOfExcess, type TailLimits, tailExcess } from "./tail-guard.js";

/** What is known of a reading besides its values. */
export interface ReadingContext {
  /** Reception, milliseconds since the Unix epoch; see `DriftDetector`. */
  at?: number;
  /** Something else was wrong with the message: it is judged, but nothing is learned from it. */
  isSuspect?: boolean;
  /** The sender is not proved: its drift is watched apart, so that invented names have no device's level forgotten. */
  isClaimed?: boolean;
}

/** A verdict and what it is made of. */
export interface Judgement {
  verdict: AnomalyVerdict;
  /** What the model itself says, without guards. */
  own: { score: number; isAnomaly: boolean };
  /** What the tail and drift guards say, on the model's scale: at least its threshold where one flags. */
  guards: { score: number; isAnomaly: boolean };
}

export interface ScorerOptions {
  /** Default `reject`; a model that knows nothing of its training rows has nothing to fill in and rejects always. */
  missing?: MissingPolicy;
  /** Whether values beyond the trained range and drift are watched, where the model has limits; default true. */
  guards?: boolean;
  /** Whether readings come in the order of measurement, so that drift can be watched; default true. */
  drift?: boolean;
  /** Devices whose drift is remembered at a time, and as many that are only claimed; default 10,000. */
  maxDevices?: number;
}

/**
 * Scores readings with a model of any kind. A reading is an anomaly when the model says so, or a value lies beyond a
 * tail limit, or a device's feature has drifted:
 *
 *     score = max(model, tail, drift),  isAnomaly = score >= threshold
 *
 * where the tail and drift scores run from 0 over the threshold (their own limit) towards 1, so that the score never
 * falls as a value moves further out of the training range.
 */
export class AnomalyScorer<M extends Model = Model> {
  readonly label: string;
  private readonly detector: Detector;
  private readonly drift: { proved: DriftDetector; claimed: DriftDetector } | undefined;
  private readonly missing: MissingPolicy;
  private readonly tails: TailLimits[] | null;

  constructor(
    readonly model: M,
    options: ScorerOptions = {},
  ) {
    const { guards = true, drift = true, missing = "reject", maxDevices } = options;
    this.label = modelLabel(model);
    this.missing = model.training ? missing : "reject";
    this.detector = detectorOf(model);
    this.tails = guards ? model.tails : null;
    if (guards && drift && model.drift) {
      const [proved, claimed] = [
        new DriftDetector(model.drift, maxDevices),
        new DriftDetector(model.drift, maxDevices),
      ];
      this.drift = { proved, claimed };
    }
  }

  /**
   * @param payload the reading, an object with the model's features as numbers.
   * @param device whose drift state the reading belongs to; readings without a device share one.
   * @throws {Rejection} SCHEMA or RANGE, see `featureRow`.
   */
  score(payload: unknown, device = "", context: ReadingContext = {}): AnomalyVerdict {
    return this.judgeRow(this.rowOf(payload), device, context).verdict;
  }

  /** A reading's features in the model's order, NaN where missing; throws as {@link score}. */
  rowOf(payload: unknown): Float64Array {
    return featureRow(payload, this.model.featureNames, this.missing);
  }

  /** What the model itself says of a row, without guards; missing values are filled in as for a verdict. */
  opinionOf(row: Float64Array): Opinion {
    return this.detector.judge(this.completed(row));
  }

  /** Scores one row in the order of the model's features; NaN means missing and is scored with the median. */
  scoreRow(row: Float64Array, device = "", context: ReadingContext = {}): AnomalyVerdict {
    return this.judgeRow(row, device, context).verdict;
  }

  /** Like {@link scoreRow}, with what the verdict is made of. */
  judgeRow(row: Float64Array, device = "", context: ReadingContext = {}): Judgement {
    const { at, isSuspect = false, isClaimed = false } = context;
    const { detector, model } = this;
    const drift = this.drift?.[isClaimed ? "claimed" : "proved"];
    const { threshold } = detector;
    const complete = this.completed(row);
    const tailExcesses = this.tailExcesses(row);
    const driftExcesses = drift?.add(device, row, at) ?? new Float64Array(row.length);
    let excess = 0;
    for (const value of tailExcesses) if (value > excess) excess = value;
    for (const value of driftExcesses) if (value > excess) excess = value;
    const opinion = detector.judge(complete);
    const guards = { score: scoreOfExcess(excess, threshold), isAnomaly: excess >= 1 };
    const score = Math.max(opinion.score, guards.score);
    const isAnomaly = score >= threshold;
    const reasons = complete === row ? [] : missingReasons(model, row);
    if (isAnomaly) {
      const ownLevel = (feature: number) => drift?.ownLevel(device, feature) ?? Number.NaN;
      const found = { row, complete, opinion, tailExcess: tailExcesses, driftExcess: driftExcesses, ownLevel };
      reasons.unshift(...anomalyReasons(model, found, detector));
    } else if (!isSuspect) {
      drift?.follow(device, row);
    }
    const { label } = opinion;
    return {
      verdict: { score, isAnomaly, threshold, model: this.label, ...(label !== undefined && { label }), reasons },
      own: { score: opinion.score, isAnomaly: opinion.isAnomaly },
      guards,
    };
  }

  /** The same row where nothing is missing, else a copy with medians. */
  private completed(row: Float64Array): Float64Array {
    let complete = row;
    for (let i = 0; i < row.length; i++) {
      if (!Number.isNaN(row[i])) continue;
      const summary = this.model.training?.features[i];
      if (!summary) throw new Rejection("SCHEMA", `the reading has no value for "${this.model.featureNames[i]}"`);
      if (complete === row) complete = row.slice();
      complete[i] = summary.median;
    }
    return complete;
  }

  private tailExcesses(row: Float64Array): Float64Array {
    const excesses = new Float64Array(row.length);
    const { tails } = this;
    if (!tails) return excesses;
    const features = this.model.training?.features as FeatureSummary[];
    for (let i = 0; i < row.length; i++) {
      const value = row[i] as number;
      if (!Number.isNaN(value)) excesses[i] = tailExcess(value, features[i] as FeatureSummary, tails[i] as TailLimits);
    }
    return excesses;
  }
}
