import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { numberAt, objectAt } from "./json-fields.js";
import {
  type AnomalyModel,
  type ImportedForest,
  ISOLATION_FOREST_KIND,
  type ModelBase,
  type OneClassSvmModel,
} from "./model.js";
import {
  GUARD_KEYS,
  guardsAt,
  HEAD_KEYS,
  headAt,
  headOfAnyWidth,
  ORIGIN_KEYS,
  originAt,
  storeScaler,
} from "./model-fields.js";
import { storeVectors, svmAt } from "./svm-fields.js";
import { isolationTreesAt, referenceAt, storeTree } from "./tree-fields.js";

/** A model as its file holds it; `list` names the long list that is printed entry by entry. */
export interface StoredModel {
  head: JsonObject;
  list: string;
  entries: unknown[];
  /** Properties that are printed in one line each. */
  tables?: JsonObject;
}

export const BASE_KEYS = ["format", "version", "kind", ...HEAD_KEYS];
const SVM_NAMES = { supportVectors: "supportVectors", coefficients: "coefficients" };

export function storedBase({
  name,
  revision,
  createdAt,
  featureNames,
  ...model
}: ModelBase & { kind: string }): JsonObject {
  const { kind, origin, originVersion, scaler, training, tails, drift } = model;
  const head = { kind, name, revision, createdAt, featureNames };
  return { ...head, origin, originVersion, scaler: storeScaler(scaler), training, tails, drift };
}

export function storeOwnForest(model: AnomalyModel): StoredModel {
  const { forest, kind, name, revision, createdAt, featureNames, seed, contamination, threshold } = model;
  const { training, tails, drift } = model;
  const options = { seed, sampleSize: forest.sampleSize, contamination, threshold };
  return {
    head: { kind, name, revision, createdAt, featureNames, ...options, training, tails, drift },
    list: "trees",
    entries: forest.trees.map(storeTree),
  };
}

/** @param at path of the model within its file, with a dot, or nothing. */
export function ownForestAt(json: JsonObject, at: string): AnomalyModel {
  const options = ["seed", "sampleSize", "contamination", "threshold"];
  const model = objectAt(json, `${at}model`, [...BASE_KEYS, ...options, ...GUARD_KEYS, "trees"]);
  const head = headAt(model, at);
  const dimension = head.featureNames.length;
  const { training, tails, drift } = guardsAt(model, at, dimension);
  if (!training?.sha256 || !tails) throw new Rejection("SCHEMA", `${at}training is incomplete`);
  return {
    kind: ISOLATION_FOREST_KIND,
    origin: "redoubt",
    originVersion: null,
    scaler: null,
    ...head,
    seed: numberAt(model.seed, `${at}seed`, { min: 0, integer: true }),
    contamination: numberAt(model.contamination, `${at}contamination`, { min: 0, max: 0.5 }),
    threshold: numberAt(model.threshold, `${at}threshold`, { above: 0, max: 1 }),
    forest: {
      dimension,
      sampleSize: numberAt(model.sampleSize, `${at}sampleSize`, { min: 2, max: 2 ** 31 - 1, integer: true }),
      trees: isolationTreesAt(model.trees, `${at}trees`, dimension, 1),
    },
    training: { ...training, sha256: training.sha256 },
    tails,
    drift,
  };
}

const IMPORTED_FOREST_KEYS = ["sampleSize", "offset", "decisionDepth", "denominator", "averagePathLengths"];

export function storeImportedForest(model: ImportedForest): StoredModel {
  const { forest, offset, decisionDepth } = model;
  const { reference, sampleSize } = forest;
  const denominator = reference?.denominator;
  const averagePathLengths = Array.from(reference?.averagePathLengths ?? []);
  return {
    head: { ...storedBase(model), sampleSize, offset, decisionDepth, denominator, averagePathLengths },
    list: "trees",
    entries: forest.trees.map(storeTree),
  };
}

export function importedForestAt(json: JsonObject, at: string): ImportedForest {
  const keys = [...BASE_KEYS, ...ORIGIN_KEYS, ...GUARD_KEYS, ...IMPORTED_FOREST_KEYS, "trees"];
  const model = objectAt(json, `${at}model`, keys);
  const head = headOfAnyWidth(model, at);
  const dimension = head.featureNames.length;
  const sampleSize = numberAt(model.sampleSize, `${at}sampleSize`, { min: 1, max: 2 ** 31 - 1, integer: true });
  const trees = isolationTreesAt(model.trees, `${at}trees`, dimension, 0);
  const names = { lengths: `${at}averagePathLengths`, denominator: `${at}denominator` };
  const reference = referenceAt(model.averagePathLengths, model.denominator, { trees, sampleSize }, names);
  return {
    kind: ISOLATION_FOREST_KIND,
    ...head,
    ...originAt(model, at, dimension),
    origin: "scikit-learn",
    forest: { dimension, sampleSize, trees, reference },
    offset: numberAt(model.offset, `${at}offset`),
    decisionDepth:
      model.decisionDepth === null ? null : numberAt(model.decisionDepth, `${at}decisionDepth`, { min: 0 }),
    ...guardsAt(model, at, dimension),
  };
}

export function storeSvm(model: OneClassSvmModel): StoredModel {
  const { kernel, gamma, degree, coef0, intercept, offset, coefficients } = model.svm;
  const machine = { kernel, gamma, degree, coef0, intercept, offset, coefficients: Array.from(coefficients) };
  return { head: { ...storedBase(model), ...machine }, list: "supportVectors", entries: storeVectors(model.svm) };
}

export function oneClassSvmAt(json: JsonObject, at: string): OneClassSvmModel {
  const machine = ["kernel", "gamma", "degree", "coef0", "intercept", "offset", "coefficients", "supportVectors"];
  const model = objectAt(json, `${at}model`, [...BASE_KEYS, ...ORIGIN_KEYS, ...GUARD_KEYS, ...machine]);
  const head = headOfAnyWidth(model, at);
  const dimension = head.featureNames.length;
  return {
    kind: "one-class-svm",
    ...head,
    ...originAt(model, at, dimension),
    svm: svmAt(model, at, dimension, SVM_NAMES),
    ...guardsAt(model, at, dimension),
  };
}
