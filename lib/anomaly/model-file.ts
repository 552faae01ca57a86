import { readFileSync, statSync } from "node:fs";
import { writeFileAtomic } from "../common/files.js";
import { parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import type { CusumParameters } from "./cusum.js";
import type { FeatureSummary } from "./feature-summary.js";
import { arrayAt, numberAt, objectAt, stringAt } from "./json-fields.js";
import { type AnomalyModel, ISOLATION_FOREST_KIND, MODEL_FORMAT, MODEL_FORMAT_VERSION } from "./model.js";
import type { TailLimits } from "./tail-guard.js";
import { checkFeatureNames } from "./training-data.js";
import { storeTree, treeAt } from "./tree-fields.js";

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_TREES = 1000;
const NODES_PER_FOREST = 2 ** 23 - 1;
const NAME = /^(?!__proto__$)[A-Za-z0-9._-]{1,64}$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const SHA256 = /^[0-9a-f]{64}$/;
const POSITIVE_INTEGER = { min: 1, integer: true };

/** The model as JSON text, format version 1; {@link parseModel} gives a model with bit-equal scores back. */
export function formatModel(model: AnomalyModel): string {
  const { forest, name, revision, createdAt, featureNames, seed, contamination, threshold, training, tails, drift } =
    model;
  const head = {
    format: MODEL_FORMAT,
    version: MODEL_FORMAT_VERSION,
    kind: ISOLATION_FOREST_KIND,
    name,
    revision,
    createdAt,
    featureNames,
    seed,
    sampleSize: forest.sampleSize,
    contamination,
    threshold,
    training,
    tails,
    drift,
  };
  // One line per tree keeps the head readable and the file a third of its indented size.
  const trees = forest.trees.map((tree) => `    ${JSON.stringify(storeTree(tree))}`).join(",\n");
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "trees": [\n${trees}\n  ]\n}\n`;
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

function driftAt(value: unknown, path: string): CusumParameters {
  const fields = objectAt(value, path, ["mean", "sd", "allowance", "decisionInterval"]);
  return {
    mean: numberAt(fields.mean, `${path}.mean`),
    sd: numberAt(fields.sd, `${path}.sd`, { above: 0 }),
    allowance: numberAt(fields.allowance, `${path}.allowance`, { above: 0 }),
    decisionInterval: numberAt(fields.decisionInterval, `${path}.decisionInterval`, { above: 0 }),
  };
}

/**
 * Reads a model from JSON text and checks all of it, so that scoring can trust it.
 *
 * @throws {Rejection} SIZE, FORMAT, SCHEMA or RANGE; the reason names the property that is wrong.
 */
export function parseModel(input: Buffer | string): AnomalyModel {
  const json = parseJsonObject(input, { maxBytes: MAX_BYTES, maxDepth: 6 });
  if (json.format !== MODEL_FORMAT) throw new Rejection("FORMAT", "the file is not a Redoubt model");
  if (json.version !== MODEL_FORMAT_VERSION) {
    throw new Rejection("FORMAT", `the model's format version is not ${MODEL_FORMAT_VERSION}`);
  }
  if (json.kind !== ISOLATION_FOREST_KIND) throw new Rejection("FORMAT", "the model is not an isolation forest");
  const own = ["name", "revision", "createdAt", "featureNames", "seed", "sampleSize", "contamination", "threshold"];
  const model = objectAt(json, "model", ["format", "version", "kind", ...own, "training", "tails", "drift", "trees"]);

  const featureNames = arrayAt(model.featureNames, "featureNames", 1, Number.POSITIVE_INFINITY);
  checkFeatureNames(featureNames);
  const dimension = featureNames.length;
  const training = objectAt(model.training, "training", ["rows", "dropped", "sha256", "features"]);
  const features = arrayAt(training.features, "training.features", dimension, dimension).map((entry, i) =>
    summaryAt(entry, `training.features[${i}]`),
  );
  const perFeature = <T>(value: unknown, path: string, read: (entry: unknown, path: string, i: number) => T): T[] =>
    arrayAt(value, path, dimension, dimension).map((entry, i) => read(entry, `${path}[${i}]`, i));
  const trees = arrayAt(model.trees, "trees", 1, MAX_TREES).map((tree, i) => treeAt(tree, `trees[${i}]`, dimension));
  if (trees.reduce((sum, tree) => sum + tree.feature.length, 0) > NODES_PER_FOREST) {
    throw new Rejection("SIZE", "the trees have too many nodes");
  }
  const createdAt = stringAt(model.createdAt, "createdAt", ISO_TIME);
  if (Number.isNaN(Date.parse(createdAt))) throw new Rejection("RANGE", "createdAt is not a time");
  return {
    name: stringAt(model.name, "name", NAME),
    revision: numberAt(model.revision, "revision", POSITIVE_INTEGER),
    createdAt,
    featureNames,
    seed: numberAt(model.seed, "seed", { min: 0, integer: true }),
    contamination: numberAt(model.contamination, "contamination", { min: 0, max: 0.5 }),
    threshold: numberAt(model.threshold, "threshold", { above: 0, max: 1 }),
    forest: {
      dimension,
      sampleSize: numberAt(model.sampleSize, "sampleSize", { min: 2, max: 2 ** 31 - 1, integer: true }),
      trees,
    },
    training: {
      rows: numberAt(training.rows, "training.rows", POSITIVE_INTEGER),
      dropped: numberAt(training.dropped, "training.dropped", { min: 0, integer: true }),
      sha256: stringAt(training.sha256, "training.sha256", SHA256),
      features,
    },
    tails: perFeature(model.tails, "tails", (entry, path, i) => tailsAt(entry, path, features[i] as FeatureSummary)),
    drift: model.drift === null ? null : perFeature(model.drift, "drift", driftAt),
  };
}

/**
 * Reads a model file.
 *
 * @throws {Rejection} as {@link parseModel}; other errors where the file cannot be read.
 */
export function readModelFile(path: string): AnomalyModel {
  if (statSync(path).size > MAX_BYTES) throw new Rejection("SIZE", `the model file is larger than ${MAX_BYTES} bytes`);
  return parseModel(readFileSync(path));
}

/** Replaces a model file atomically, mode 0600: a model tells what normal operation looks like. */
export function writeModelFile(path: string, model: AnomalyModel): void {
  writeFileAtomic(path, formatModel(model));
}
