import { type JsonObject, parseJsonObject } from "../../common/json.js";
import { Rejection } from "../../common/rejection.js";
import { MAX_IMPORTED_FEATURES } from "../isolation-forest.js";
import { arrayAt, numberAt, objectAt, stringAt } from "../json-fields.js";
import { scalerAt } from "../model-fields.js";
import type { Standardisation } from "../standardisation.js";
import { checkFeatureNames } from "../training-data.js";
import { type ImportedTraining, trainingAt } from "./training.js";

export const EXCHANGE_FORMAT = "redoubt-sklearn-export";
export const EXCHANGE_VERSION = 1;

const MAX_BYTES = 512 * 1024 * 1024 - 1024;
const MAX_DEPTH = 8;
const VERSION = /^[0-9A-Za-z.+-]{1,32}$/;

const FOREST_KEYS = ["max_samples", "offset", "denominator", "decision_depth", "average_path_length", "trees"];
const CLASSIFIER_KEYS = ["classes", "anomaly_classes", "trees"];
const KEYS_OF_KIND = {
  "isolation-forest": FOREST_KEYS,
  "decision-tree": CLASSIFIER_KEYS,
  "random-forest": CLASSIFIER_KEYS,
  "k-nearest-neighbours": ["classes", "anomaly_classes", "n_neighbors", "points", "labels"],
  "one-class-svm": ["kernel", "gamma", "degree", "coef0", "support_vectors", "dual_coef", "intercept", "offset"],
};
export type ExchangeKind = keyof typeof KEYS_OF_KIND;
const KINDS = Object.keys(KEYS_OF_KIND) as ExchangeKind[];

/** An export whose common part is checked; the rest is as it was read, with exactly the properties of its kind. */
export interface Exchange {
  kind: ExchangeKind;
  libraryVersion: string;
  featureNames: string[];
  scaler: Standardisation | null;
  training: ImportedTraining | null;
  json: JsonObject;
}

/**
 * Reads what models/export_sklearn.py writes.
 *
 * @throws {Rejection} SIZE, FORMAT, SCHEMA or RANGE; the reason names the property that is wrong.
 */
export function parseExchange(input: Buffer | string): Exchange {
  const json = parseJsonObject(input, { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH });
  if (json.format !== EXCHANGE_FORMAT) {
    throw new Rejection("FORMAT", "the file is no scikit-learn export; write one with models/export_sklearn.py");
  }
  if (json.version !== EXCHANGE_VERSION) {
    throw new Rejection("FORMAT", `the export's format version is not ${EXCHANGE_VERSION}`);
  }
  const kind = KINDS.find((name) => name === json.kind);
  if (!kind) throw new Rejection("FORMAT", `kind is none of ${KINDS.join(", ")}`);
  const common = ["format", "version", "kind", "library", "feature_names", "scaler", "training", "check"];
  objectAt(json, "export", [...common, ...KEYS_OF_KIND[kind]]);

  const library = objectAt(json.library, "library", ["name", "version"]);
  if (library.name !== "scikit-learn") throw new Rejection("SCHEMA", "library.name is not scikit-learn");
  const featureNames = arrayAt(json.feature_names, "feature_names", 1, MAX_IMPORTED_FEATURES);
  checkFeatureNames(featureNames, MAX_IMPORTED_FEATURES);
  const dimension = featureNames.length;
  return {
    kind,
    libraryVersion: stringAt(library.version, "library.version", VERSION),
    featureNames,
    scaler: json.scaler === null ? null : scalerAt(json.scaler, "scaler", dimension),
    training: json.training === null ? null : trainingAt(json.training, "training", dimension),
    json,
  };
}

/** Rows of the check section and what scikit-learn said of them. */
export interface CheckRows {
  rows: Float64Array[];
  /** Per row one score, or one probability per class. */
  scores: number[][];
  /** What `predict` said: 1 or -1, or the index of a class. */
  labels: number[];
}

/** @param classes number of classes; 0 for a model that gives one score per row. */
export function checkRowsAt(value: unknown, dimension: number, classes: number): CheckRows {
  const check = objectAt(value, "check", ["rows", "scores", "labels"]);
  const rows = arrayAt(check.rows, "check.rows", 0, 10_000);
  const numbers = (entry: unknown, path: string, length: number) =>
    arrayAt(entry, path, length, length).map((item, i) => numberAt(item, `${path}[${i}]`));
  const scores = arrayAt(check.scores, "check.scores", rows.length, rows.length);
  const labels = arrayAt(check.labels, "check.labels", rows.length, rows.length);
  const bounds = classes > 0 ? { min: 0, max: classes - 1, integer: true } : { min: -1, max: 1, integer: true };
  return {
    rows: rows.map((row, i) => Float64Array.from(numbers(row, `check.rows[${i}]`, dimension))),
    scores: scores.map((score, i) => {
      const path = `check.scores[${i}]`;
      return classes > 0 ? numbers(score, path, classes) : [numberAt(score, path)];
    }),
    labels: labels.map((label, i) => numberAt(label, `check.labels[${i}]`, bounds)),
  };
}
