import { isIdentifier } from "../../common/identifier.js";
import { Rejection } from "../../common/rejection.js";
import { recordSelfTest } from "../classify/self-test.js";
import type { Model, ModelBase } from "../model.js";
import { anomalyClassesOf } from "./anomaly-classes.js";
import { convertClassifier, convertForest, convertNeighbours, convertSvm } from "./convert.js";
import { checkRowsAt, type Exchange, parseExchange } from "./exchange.js";
import { type Verification, verifyModel } from "./verify.js";

export interface ImportOptions {
  /** Model name, an identifier; default `imported`. */
  name?: string;
  /** Classes of a classifier that mean an anomaly; default what the export names, else by their names. */
  anomalyClasses?: readonly string[];
  /** Clock of the model's `createdAt`, milliseconds since the Unix epoch; default now. */
  now?: number;
}

export interface ImportResult {
  model: Model;
  /** How scikit-learn's own scores of the check rows were repeated. */
  verification: Verification;
}

function modelOf({ kind, json, featureNames }: Exchange, base: ModelBase, wanted?: readonly string[]): Model {
  const dimension = featureNames.length;
  const ours = { ...base, origin: "scikit-learn" } as const;
  switch (kind) {
    case "isolation-forest":
      return { ...ours, kind, ...convertForest(json, dimension) };
    case "decision-tree":
    case "random-forest": {
      const { trees, classes, wanted: exported } = convertClassifier(json, dimension, kind === "random-forest");
      return { ...ours, kind, trees, classes, anomalyClasses: anomalyClassesOf(classes, wanted ?? exported) };
    }
    case "k-nearest-neighbours": {
      const { neighbours, classes, wanted: exported } = convertNeighbours(json, dimension);
      return { ...ours, kind, neighbours, classes, anomalyClasses: anomalyClassesOf(classes, wanted ?? exported) };
    }
    case "one-class-svm":
      return { ...ours, kind, svm: convertSvm(json, dimension) };
  }
}

/**
 * Turns what models/export_sklearn.py writes into a model of ours, and repeats scikit-learn's scores of the rows that
 * came with it.
 *
 * @param input the export, as UTF-8 bytes or text.
 * @throws {Rejection} SIZE, FORMAT, SCHEMA or RANGE; the reason names the property that is wrong.
 */
export function importModel(input: Buffer | string, options: ImportOptions = {}): ImportResult {
  const { name = "imported", now = Date.now(), anomalyClasses } = options;
  if (!isIdentifier(name)) throw new Rejection("SCHEMA", "the model's name is not an identifier");
  const exchange = parseExchange(input);
  const { featureNames, scaler, libraryVersion, training } = exchange;
  const base: ModelBase = {
    name,
    revision: 1,
    createdAt: new Date(now).toISOString(),
    featureNames,
    origin: "scikit-learn",
    originVersion: libraryVersion,
    scaler,
    training: training?.training ?? null,
    tails: training?.tails ?? null,
    drift: null,
  };
  const model = modelOf(exchange, base, anomalyClasses);
  const classes = "classes" in model ? model.classes.length : 0;
  const check = checkRowsAt(exchange.json.check, featureNames.length, classes);
  const verification = verifyModel(model, check);
  // The rows that were just repeated are what the model is tried on whenever it is loaded.
  if ("classes" in model && check.rows.length > 0) model.selfTest = recordSelfTest(model, check.rows);
  return { model, verification };
}
