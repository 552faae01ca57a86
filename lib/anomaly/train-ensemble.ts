import { isIdentifier } from "../common/identifier.js";
import { Rejection } from "../common/rejection.js";
import { detectorOf } from "./detector-of.js";
import { calibrateDrift } from "./drift-calibration.js";
import { type Ensemble, type EnsembleRule, type MemberModel, majorityOf, unifiedScore } from "./ensemble.js";
import { MAX_MEMBERS } from "./ensemble-fields.js";
import { columnOf, summarise } from "./feature-summary.js";
import type { EnsembleModel, Model } from "./model.js";
import { tailLimits } from "./tail-guard.js";
import { TRAIN_DEFAULTS, thresholdOf } from "./train.js";
import { completeRows, hashOfData, type TrainingData } from "./training-data.js";

export interface EnsembleOptions {
  rule: EnsembleRule;
  /** Model name, an identifier; default `ensemble`. */
  name?: string;
  /** Share of the rows that the threshold of `mean` and `max` may flag, 0..0.5. */
  contamination?: number;
  /** Whether the rows are in the order of measurement, so that the drift guard can be set; default true. */
  ordered?: boolean;
  /** Clock of the model's `createdAt`, milliseconds since the Unix epoch; default now. */
  now?: number;
}

/** Features of all members, each once, in the order in which they are first named. */
export function featuresOf(members: readonly Model[]): string[] {
  return [...new Set(members.flatMap((model) => model.featureNames))];
}

function checkMembers(models: readonly Model[]): MemberModel[] {
  if (models.length < 2 || models.length > MAX_MEMBERS) {
    throw new Rejection("SCHEMA", `an ensemble has 2 to ${MAX_MEMBERS} models, not ${models.length}`);
  }
  return models.map((model) => {
    if (model.kind === "ensemble") throw new Rejection("SCHEMA", `${model.name} is an ensemble itself`);
    return model;
  });
}

/** Scores of every member on every row. */
function memberScores(members: readonly MemberModel[], rows: TrainingData): Float64Array[] {
  const dimension = rows.featureNames.length;
  const count = rows.values.length / dimension;
  return members.map((member) => {
    const detector = detectorOf(member);
    const columns = member.featureNames.map((name) => rows.featureNames.indexOf(name));
    const row = new Float64Array(columns.length);
    return Float64Array.from({ length: count }, (_, i) => {
      for (const [f, column] of columns.entries()) row[f] = rows.values[i * dimension + column] as number;
      return detector.judge(row).score;
    });
  });
}

function calibrated(
  members: readonly MemberModel[],
  rule: "mean" | "max",
  rows: TrainingData,
  contamination: number,
): Ensemble {
  const scores = memberScores(members, rows);
  const calibrations = scores.map((own) => {
    const { mean, sd } = summarise(own);
    return { mean, sd };
  });
  const unified = scores.map((own, m) => {
    const calibration = calibrations[m] as { mean: number; sd: number };
    return own.map((score) => unifiedScore(score, calibration));
  });
  const combined = (unified[0] as Float64Array).map((_, i) => {
    const shares = unified.map((own) => own[i] as number);
    return rule === "max" ? Math.max(...shares) : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  });
  return {
    rule,
    members: members.map((model, m) => ({ model, calibration: calibrations[m] as { mean: number; sd: number } })),
    threshold: thresholdOf(combined, contamination),
  };
}

/**
 * Makes one model of several; see `ensemble` for the rules.
 *
 * @param models at least two, of any kind but ensembles.
 * @param data ordinary rows with the features of all of them: `mean` and `max` need them, to bring the members' scores
 *   to one scale and to place the threshold; with them any rule has limits for values and drift.
 * @throws {Rejection} SCHEMA or RANGE for models, data or options that do not fit.
 */
export function trainEnsemble(
  models: readonly Model[],
  data: TrainingData | undefined,
  options: EnsembleOptions,
): EnsembleModel {
  const { rule, name = "ensemble", contamination = TRAIN_DEFAULTS.contamination, ordered = true } = options;
  if (!isIdentifier(name)) throw new Rejection("SCHEMA", "the model's name is not an identifier");
  if (!(contamination >= 0 && contamination <= 0.5)) throw new Rejection("RANGE", "contamination must be in 0..0.5");
  const members = checkMembers(models);
  const featureNames = featuresOf(members);
  const rows = data && completeRows(data);
  if (rows && rows.featureNames.join() !== featureNames.join()) {
    throw new Rejection("SCHEMA", `the rows must have the features ${featureNames.join(", ")}`);
  }
  let ensemble: Ensemble;
  if (rule === "majority") {
    const silent = members.map((model) => ({ model, calibration: null }));
    ensemble = { rule, members: silent, threshold: majorityOf(members.length) };
  } else {
    if (!rows) throw new Rejection("SCHEMA", `the rule ${rule} needs ordinary rows to compare the models on`);
    ensemble = calibrated(members, rule, rows, contamination);
  }
  const dimension = featureNames.length;
  const features = rows && featureNames.map((_, feature) => summarise(columnOf(rows.values, feature, dimension)));
  return {
    kind: "ensemble",
    origin: "redoubt",
    originVersion: null,
    scaler: null,
    name,
    revision: 1,
    createdAt: new Date(options.now ?? Date.now()).toISOString(),
    featureNames,
    ensemble,
    training:
      rows && features
        ? { rows: rows.values.length / dimension, dropped: rows.dropped, sha256: hashOfData(rows), features }
        : null,
    tails: features?.map(tailLimits) ?? null,
    drift: rows && features && ordered ? calibrateDrift(rows, features) : null,
  };
}
