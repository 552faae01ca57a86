import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import type { CusumParameters } from "./cusum.js";
import type { FeatureSummary } from "./feature-summary.js";
import { MAX_FEATURES, MAX_IMPORTED_FEATURES } from "./isolation-forest.js";
import { arrayAt, numberAt, objectAt, stringAt } from "./json-fields.js";
import type { ModelBase, TrainingSummary } from "./model.js";
import type { OwnLevelParameters } from "./own-level.js";
import type { Standardisation } from "./standardisation.js";
import type { TailLimits } from "./tail-guard.js";
import { checkFeatureNames } from "./training-data.js";

export const MODEL_NAME = /^(?!__proto__$)[A-Za-z0-9._-]{1,64}$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const SHA256 = /^[0-9a-f]{64}$/;
const VERSION = /^[0-9A-Za-z.+-]{1,32}$/;
export const POSITIVE_INTEGER = { min: 1, integer: true };

/** Properties of every file but those of our own forests, which say nothing of an origin and have no scaler. */
export const ORIGIN_KEYS = ["origin", "originVersion", "scaler"] as const;
export const HEAD_KEYS = ["name", "revision", "createdAt", "featureNames"] as const;
export const GUARD_KEYS = ["training", "tails", "drift"] as const;

type Head = Pick<ModelBase, (typeof HEAD_KEYS)[number]>;
type Guards = Pick<ModelBase, (typeof GUARD_KEYS)[number]>;
type Origin = Pick<ModelBase, (typeof ORIGIN_KEYS)[number]>;

/**
 * @param at path of the model within its file, with a dot, or nothing.
 * @throws {Rejection} SCHEMA or RANGE naming the property, as all functions here.
 */
export function headAt(model: JsonObject, at: string, maxFeatures = MAX_FEATURES): Head {
  const featureNames = arrayAt(model.featureNames, `${at}featureNames`, 1, Number.POSITIVE_INFINITY);
  checkFeatureNames(featureNames, maxFeatures);
  const createdAt = stringAt(model.createdAt, `${at}createdAt`, ISO_TIME);
  if (Number.isNaN(Date.parse(createdAt))) throw new Rejection("RANGE", `${at}createdAt is not a time`);
  return {
    name: stringAt(model.name, `${at}name`, MODEL_NAME),
    revision: numberAt(model.revision, `${at}revision`, POSITIVE_INTEGER),
    createdAt,
    featureNames,
  };
}

export function originAt(model: JsonObject, at: string, dimension: number): Origin {
  if (model.origin !== "redoubt" && model.origin !== "scikit-learn") {
    throw new Rejection("SCHEMA", `${at}origin is neither redoubt nor scikit-learn`);
  }
  return {
    origin: model.origin,
    originVersion: model.origin === "redoubt" ? null : stringAt(model.originVersion, `${at}originVersion`, VERSION),
    scaler: model.scaler === null ? null : scalerAt(model.scaler, `${at}scaler`, dimension),
  };
}

/** What was imported has room for more features than what we train. */
export function headOfAnyWidth(model: JsonObject, at: string): Head {
  return headAt(model, at, MAX_IMPORTED_FEATURES);
}

/** A list of numbers, one per feature, or null. */
export function numbersAt(
  value: unknown,
  path: string,
  length: number,
  bounds: Parameters<typeof numberAt>[2] = {},
): Float64Array {
  const list = arrayAt(value, path, length, length);
  return Float64Array.from(list, (entry, i) => numberAt(entry, `${path}[${i}]`, bounds));
}

export function scalerAt(value: unknown, path: string, dimension: number): Standardisation {
  const fields = objectAt(value, path, ["mean", "scale"]);
  return {
    mean: fields.mean === null ? null : numbersAt(fields.mean, `${path}.mean`, dimension),
    scale: fields.scale === null ? null : numbersAt(fields.scale, `${path}.scale`, dimension, { above: 0 }),
  };
}

export function storeScaler(scaler: Standardisation | null): unknown {
  return scaler && { mean: scaler.mean && Array.from(scaler.mean), scale: scaler.scale && Array.from(scaler.scale) };
}

function summaryAt(value: unknown, path: string): FeatureSummary {
  const fields = objectAt(value, path, ["count", "min", "max", "median", "scale", "mean", "sd"]);
  const min = numberAt(fields.min, `${path}.min`);
  const max = numberAt(fields.max, `${path}.max`, { min });
  return {
    count: numberAt(fields.count, `${path}.count`, POSITIVE_INTEGER),
    min,
    max,
    median: numberAt(fields.median, `${path}.median`, { min, max }),
    scale: numberAt(fields.scale, `${path}.scale`, { above: 0 }),
    mean: numberAt(fields.mean, `${path}.mean`),
    sd: numberAt(fields.sd, `${path}.sd`, { min: 0 }),
  };
}

function tailsAt(value: unknown, path: string, { min, max }: FeatureSummary): TailLimits {
  const fields = objectAt(value, path, ["lower", "upper"]);
  const lower = numberAt(fields.lower, `${path}.lower`);
  const upper = numberAt(fields.upper, `${path}.upper`, { above: max });
  if (lower >= min) throw new Rejection("RANGE", `${path}.lower is not below the training range`);
  return { lower, upper };
}

const MAX_HORIZON = 2 ** 31 - 1;

/** What both kinds of CUSUM have. */
function unitsAt(fields: JsonObject, path: string) {
  return {
    sd: numberAt(fields.sd, `${path}.sd`, { above: 0 }),
    allowance: numberAt(fields.allowance, `${path}.allowance`, { above: 0 }),
    decisionInterval: numberAt(fields.decisionInterval, `${path}.decisionInterval`, { above: 0 }),
  };
}

function ownLevelAt(value: unknown, path: string): OwnLevelParameters {
  const fields = objectAt(value, path, ["sd", "allowance", "decisionInterval", "learn", "horizon"]);
  const learn = numberAt(fields.learn, `${path}.learn`, { ...POSITIVE_INTEGER, max: MAX_HORIZON });
  return {
    ...unitsAt(fields, path),
    learn,
    horizon: numberAt(fields.horizon, `${path}.horizon`, { min: learn, max: MAX_HORIZON, integer: true }),
  };
}

function driftAt(value: unknown, path: string): CusumParameters {
  const fields = objectAt(value, path, ["mean", "sd", "allowance", "decisionInterval"], ["ownLevel"]);
  return {
    mean: numberAt(fields.mean, `${path}.mean`),
    ...unitsAt(fields, path),
    ...(fields.ownLevel !== undefined && { ownLevel: ownLevelAt(fields.ownLevel, `${path}.ownLevel`) }),
  };
}

function trainingAt(value: unknown, path: string, dimension: number): TrainingSummary {
  const fields = objectAt(value, path, ["rows", "dropped", "sha256", "features"]);
  return {
    rows: numberAt(fields.rows, `${path}.rows`, POSITIVE_INTEGER),
    dropped: numberAt(fields.dropped, `${path}.dropped`, { min: 0, integer: true }),
    sha256: fields.sha256 === null ? null : stringAt(fields.sha256, `${path}.sha256`, SHA256),
    features: arrayAt(fields.features, `${path}.features`, dimension, dimension).map((entry, i) =>
      summaryAt(entry, `${path}.features[${i}]`),
    ),
  };
}

/** Training summary, tail limits and drift parameters; the limits are there exactly where the summary is. */
export function guardsAt(model: JsonObject, at: string, dimension: number): Guards {
  const perFeature = <T>(value: unknown, path: string, read: (entry: unknown, path: string, i: number) => T): T[] =>
    arrayAt(value, path, dimension, dimension).map((entry, i) => read(entry, `${path}[${i}]`, i));
  const drift = model.drift === null ? null : perFeature(model.drift, `${at}drift`, driftAt);
  if (model.training === null) {
    if (model.tails !== null) throw new Rejection("SCHEMA", `${at}tails without ${at}training`);
    return { training: null, tails: null, drift };
  }
  const training = trainingAt(model.training, `${at}training`, dimension);
  const tails = perFeature(model.tails, `${at}tails`, (entry, path, i) =>
    tailsAt(entry, path, training.features[i] as FeatureSummary),
  );
  return { training, tails, drift };
}
