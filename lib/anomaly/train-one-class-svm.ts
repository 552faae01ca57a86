import { isIdentifier } from "../common/identifier.js";
import { Rejection } from "../common/rejection.js";
import { SeededRandom } from "../common/seeded-random.js";
import { calibrateDrift } from "./drift-calibration.js";
import { columnOf, summarise } from "./feature-summary.js";
import type { OneClassSvmModel } from "./model.js";
import type { SmoOptions } from "./smo.js";
import { standardisationOf, standardise } from "./standardisation.js";
import { tailLimits } from "./tail-guard.js";
import { checkInteger, type TrainProgress } from "./train.js";
import { completeRows, hashOfData, selectRows, type TrainingData } from "./training-data.js";
import { machineOf, solve, tunedGamma } from "./tune-gamma.js";

type Gamma = "tuned" | "scale" | "auto";

export interface SvmTrainOptions {
  /** Model name, an identifier; default `anomaly`. */
  name?: string;
  /** Share of the training rows that may lie outside, at most; above 0, at most 1. */
  nu?: number;
  /**
   * Of the Gaussian kernel exp(-gamma d^2): a number, 1 / (features x variance) (`scale`), 1 / features (`auto`), or
   * found by trial on a part of the rows (`tuned`, see `tunedGamma`).
   */
  gamma?: number | Gamma;
  /** More rows than this are sampled down to it: the work grows with the square. */
  maxRows?: number;
  /** Seed of that sample. */
  seed?: number;
  /** Largest violation of the optimality conditions that is left; LIBSVM's `eps`. */
  tolerance?: number;
  /** Whether features are brought to mean 0 and standard deviation 1 first; default true. */
  standardise?: boolean;
  /** Whether the rows are in the order of measurement, so that the drift guard can be set; default true. */
  ordered?: boolean;
  /** See `TrainOptions`. */
  ownLevels?: boolean;
  /** Clock of the model's `createdAt`, milliseconds since the Unix epoch; default now. */
  now?: number;
}

export const SVM_TRAIN_DEFAULTS = { nu: 0.01, gamma: "tuned", maxRows: 5000, seed: 1, tolerance: 1e-4 } as const;

const MAX_ROWS = 100_000;
const MAX_ITERATIONS = 10_000_000;
/** Progress is told in so many steps: the violation falls by orders of magnitude, each a like part of the way. */
export const SVM_TRAIN_STEPS = 100;

export interface SvmTraining {
  model: OneClassSvmModel;
  /** Rows that the machine itself has seen. */
  rowsUsed: number;
  iterations: number;
  /** False where the number of iterations ran out first. */
  converged: boolean;
}

/** A uniform sample of the row numbers, ascending. */
function sampleOf(count: number, size: number, random: SeededRandom): number[] {
  const rows = Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < size; i++) {
    const pick = i + random.integer(count - i);
    [rows[i], rows[pick]] = [rows[pick] as number, rows[i] as number];
  }
  return rows.slice(0, size).sort((a, b) => a - b);
}

function gammaOf(gamma: number | Gamma, values: Float64Array, dimension: number, options: SmoOptions): number {
  if (gamma === "auto") return 1 / dimension;
  if (typeof gamma === "number") return gamma;
  const { sd } = summarise(values);
  const scale = sd > 0 ? 1 / (dimension * sd * sd) : 1;
  return gamma === "scale" ? scale : tunedGamma(values, dimension, scale, options);
}

function standardised(values: Float64Array, dimension: number, scaler: OneClassSvmModel["scaler"]): Float64Array {
  if (!scaler) return values;
  const result = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += dimension) {
    result.set(standardise(values.subarray(at, at + dimension), scaler), at);
  }
  return result;
}

function progressOf(tolerance: number, progress: TrainProgress | undefined): ((violation: number) => void) | undefined {
  if (!progress) return undefined;
  let first: number | undefined;
  let furthest = 0;
  return (violation) => {
    first ??= Math.max(violation, tolerance * 2);
    const share = Math.log(first / Math.max(violation, tolerance)) / Math.log(first / tolerance);
    // The violation does not fall evenly; a bar that runs backwards tells nobody anything.
    furthest = Math.max(furthest, Math.min(SVM_TRAIN_STEPS, Math.floor(share * SVM_TRAIN_STEPS)));
    progress(furthest, SVM_TRAIN_STEPS);
  };
}

/**
 * Trains a one-class SVM with a Gaussian kernel. Equal data, options and `now` give equal models. Its limits for values
 * and for drift come from all rows, the machine itself from at most `maxRows` of them.
 *
 * @param data rows in the order of measurement; rows with a missing value (NaN) are dropped.
 * @throws {Rejection} SCHEMA or RANGE for data or options that cannot be trained on.
 */
export function trainOneClassSvm(
  data: TrainingData,
  options: SvmTrainOptions = {},
  progress?: TrainProgress,
): SvmTraining {
  const { nu, gamma, maxRows, seed, tolerance } = { ...SVM_TRAIN_DEFAULTS, ...options };
  const { name = "anomaly", now = Date.now(), ordered = true } = options;
  if (!isIdentifier(name)) throw new Rejection("SCHEMA", "the model's name is not an identifier");
  if (!(nu > 0 && nu <= 1)) throw new Rejection("RANGE", "nu must be above 0 and at most 1");
  if (typeof gamma === "number" && !(gamma > 0 && gamma < Number.POSITIVE_INFINITY)) {
    throw new Rejection("RANGE", "gamma must be above 0");
  }
  if (!(tolerance > 0)) throw new Rejection("RANGE", "tolerance must be above 0");
  checkInteger(maxRows, "max-rows", 2, MAX_ROWS);
  checkInteger(seed, "seed", 0, Number.MAX_SAFE_INTEGER);

  const rows = completeRows(data);
  const dimension = rows.featureNames.length;
  const count = rows.values.length / dimension;
  const scaler = options.standardise === false ? null : standardisationOf(rows.values, dimension);
  const used = count > maxRows ? selectRows(rows, sampleOf(count, maxRows, new SeededRandom(seed))) : rows;
  const values = standardised(used.values, dimension, scaler);
  const limits = { nu, tolerance, maxIterations: MAX_ITERATIONS };
  const width = gammaOf(gamma, values, dimension, limits);
  const onProgress = progressOf(tolerance, progress);
  const solution = solve(values, dimension, width, { ...limits, ...(onProgress && { onProgress }) });
  const features = rows.featureNames.map((_, feature) => summarise(columnOf(rows.values, feature, dimension)));
  const model: OneClassSvmModel = {
    kind: "one-class-svm",
    origin: "redoubt",
    originVersion: null,
    name,
    revision: 1,
    createdAt: new Date(now).toISOString(),
    featureNames: [...rows.featureNames],
    scaler,
    svm: machineOf(values, dimension, width, solution),
    training: { rows: count, dropped: rows.dropped, sha256: hashOfData(rows), features },
    tails: features.map(tailLimits),
    drift: ordered ? calibrateDrift(rows, features, options.ownLevels) : null,
  };
  const { iterations, violation } = solution;
  return { model, rowsUsed: used.values.length / dimension, iterations, converged: violation < tolerance };
}
