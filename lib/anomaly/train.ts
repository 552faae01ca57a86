import { isIdentifier } from "../common/identifier.js";
import { Rejection } from "../common/rejection.js";
import { SeededRandom } from "../common/seeded-random.js";
import type { CusumParameters } from "./cusum.js";
import { calibrateDrift } from "./drift-calibration.js";
import { columnOf, summarise } from "./feature-summary.js";
import { ForestKernel } from "./forest-kernel.js";
import { growForest } from "./grow-forest.js";
import { type AnomalyModel, ISOLATION_FOREST_KIND } from "./model.js";
import { ScoreTable } from "./score-table.js";
import { tailLimits } from "./tail-guard.js";
import { completeRows, hashOfData, type TrainingData } from "./training-data.js";

export interface TrainOptions {
  /** Model name, an identifier; default `anomaly`. */
  name?: string;
  /** Default 1. */
  revision?: number;
  /** Trees in the forest, 1..1000; default 100, where scores have converged (Liu, Ting, Zhou 2008, section 5). */
  trees?: number;
  /** Rows per tree, 2..65536; default 256, the paper's choice. */
  sampleSize?: number;
  /** Seed of the random generator, a safe integer from 0; default 1. */
  seed?: number;
  /**
   * Share of the training rows that the forest's threshold may flag, 0..0.5. The default, 0.002, assumes that the
   * training rows are clean: held-out normal rows are then flagged about as rarely, which together with the tail and
   * drift guards stays under 1 %. Where the training rows hold anomalies, give their share instead.
   */
  contamination?: number;
  /** Clock of the model's `createdAt`, milliseconds since the Unix epoch; default now. */
  now?: number;
  /**
   * How the drift guard is set: `calibrate` it on the rows, which are in order; take the parameters of an earlier
   * model, whose rows were; or `off` where the rows have no order. Default `calibrate`.
   */
  drift?: "calibrate" | "off" | CusumParameters[];
  /**
   * Whether the drift guard watches each device around its own level as well, for devices that share a model but sit at
   * levels far apart; default false.
   */
  ownLevels?: boolean;
}

export const TRAIN_DEFAULTS = { trees: 100, sampleSize: 256, seed: 1, contamination: 0.002 } as const;

/** Called after each finished step; `total` is constant. */
export type TrainProgress = (done: number, total: number) => void;

/** @throws {Rejection} RANGE naming the option. */
export function checkInteger(value: number, name: string, lowest: number, highest: number): void {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw new Rejection("RANGE", `${name} must be a whole number from ${lowest} to ${highest}`);
  }
}

/**
 * The smallest threshold that flags at most `contamination` of the given scores, half way to the next lower one.
 * Ties (a coarse sensor repeats its extreme value) count together. Where not even one row may be flagged, too few rows
 * are known to place the quantile: the threshold then stays clear of the largest score by a quarter of its distance
 * to the median.
 *
 * @param scores training scores, 0..1, at least one.
 */
export function thresholdOf(scores: Float64Array, contamination: number): number {
  const sorted = Float64Array.from(scores).sort();
  const count = sorted.length;
  let first = count - Math.floor(contamination * count);
  while (first > 0 && first < count && sorted[first] === sorted[first - 1]) first++;
  const below = sorted[Math.max(0, first - 1)] as number;
  if (first < count) return (below + (sorted[first] as number)) / 2;
  const margin = Math.max(0.25 * (below - (sorted[count >> 1] as number)), 1e-3);
  return Math.min(below + margin, (1 + below) / 2);
}

/**
 * Trains an anomaly model: an isolation forest, the limits of the tail guard and the intervals of the drift guard.
 * Equal data, options and `now` give equal models.
 *
 * @param data rows in the order of measurement; rows with a missing value (NaN) are dropped.
 * @throws {Rejection} SCHEMA or RANGE for data or options that cannot be trained on.
 */
export function trainModel(data: TrainingData, options: TrainOptions = {}, progress?: TrainProgress): AnomalyModel {
  const { trees, sampleSize, seed, contamination } = { ...TRAIN_DEFAULTS, ...options };
  const { name = "anomaly", revision = 1, now = Date.now(), drift = "calibrate" } = options;
  if (!isIdentifier(name)) throw new Rejection("SCHEMA", "the model's name is not an identifier");
  checkInteger(trees, "trees", 1, 1000);
  checkInteger(sampleSize, "sampleSize", 2, 65_536);
  checkInteger(seed, "seed", 0, Number.MAX_SAFE_INTEGER);
  checkInteger(revision, "revision", 1, Number.MAX_SAFE_INTEGER);
  if (!(contamination >= 0 && contamination <= 0.5)) throw new Rejection("RANGE", "contamination must be in 0..0.5");

  const rows = completeRows(data);
  const dimension = rows.featureNames.length;
  const count = rows.values.length / dimension;
  const steps = trees + 2;
  const forest = growForest(rows.values, dimension, { trees, sampleSize }, new SeededRandom(seed), (grown) =>
    progress?.(grown, steps),
  );

  const scorer = ScoreTable.of(forest) ?? new ForestKernel(forest);
  const scores = Float64Array.from({ length: count }, (_, row) =>
    scorer.score(rows.values.subarray(row * dimension, (row + 1) * dimension)),
  );
  const threshold = thresholdOf(scores, contamination);
  progress?.(trees + 1, steps);

  const features = rows.featureNames.map((_, feature) => summarise(columnOf(rows.values, feature, dimension)));
  const model: AnomalyModel = {
    kind: ISOLATION_FOREST_KIND,
    origin: "redoubt",
    originVersion: null,
    scaler: null,
    name,
    revision,
    createdAt: new Date(now).toISOString(),
    featureNames: [...rows.featureNames],
    seed,
    contamination,
    threshold,
    forest,
    training: { rows: count, dropped: rows.dropped, sha256: hashOfData(rows), features },
    tails: features.map(tailLimits),
    drift: driftParameters(drift, rows, features, options.ownLevels),
  };
  progress?.(steps, steps);
  return model;
}

function driftParameters(
  drift: NonNullable<TrainOptions["drift"]>,
  rows: TrainingData,
  features: AnomalyModel["training"]["features"],
  ownLevels?: boolean,
): CusumParameters[] | null {
  if (drift === "off") return null;
  if (drift === "calibrate") return calibrateDrift(rows, features, ownLevels);
  // An interval in standard deviations is a property of the process; its level and spread come from the newer rows.
  return drift.map(({ allowance, decisionInterval, ownLevel }, feature) => ({
    mean: features[feature]?.mean as number,
    sd: features[feature]?.sd || (features[feature]?.scale as number),
    allowance,
    decisionInterval,
    ...(ownLevel && { ownLevel }),
  }));
}
