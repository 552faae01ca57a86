import { readFileSync, statSync } from "node:fs";
import { writeFileAtomic } from "../common/files.js";
import { isJsonObject, type JsonObject, parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { classifierAt, storeClassifier } from "./classifier-kind-fields.js";
import type { MemberModel } from "./ensemble.js";
import { ensembleAt } from "./ensemble-fields.js";
import {
  importedForestAt,
  oneClassSvmAt,
  ownForestAt,
  type StoredModel,
  storeImportedForest,
  storeOwnForest,
  storeSvm,
} from "./kind-fields.js";
import { type EnsembleModel, MODEL_FORMAT, MODEL_FORMAT_VERSION, type Model } from "./model.js";

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_DEPTH = 10;
const MARK = { format: MODEL_FORMAT, version: MODEL_FORMAT_VERSION };

function storeEnsemble(model: EnsembleModel): StoredModel {
  const { kind, name, revision, createdAt, featureNames, training, tails, drift, ensemble } = model;
  const { rule, threshold, members } = ensemble;
  return {
    head: { kind, name, revision, createdAt, featureNames, rule, threshold, training, tails, drift },
    list: "members",
    entries: members.map(({ calibration, model: member }) => {
      const { head, list, entries, tables } = store(member);
      return { calibration, model: { ...MARK, ...head, ...tables, [list]: entries } };
    }),
  };
}

function store(model: Model): StoredModel {
  switch (model.kind) {
    case "isolation-forest":
      return model.origin === "redoubt" ? storeOwnForest(model) : storeImportedForest(model);
    case "decision-tree":
    case "random-forest":
    case "k-nearest-neighbours":
      return storeClassifier(model);
    case "one-class-svm":
      return storeSvm(model);
    case "ensemble":
      return storeEnsemble(model);
  }
}

/** The model as JSON text, format version 1; {@link parseModel} gives a model with bit-equal scores back. */
export function formatModel(model: Model): string {
  const { head, list, entries, tables = {} } = store(model);
  // One line per table, tree, vector or member keeps the head readable and the file a third of its indented size.
  const table = Object.entries(tables).map(([name, value]) => `  "${name}": ${JSON.stringify(value)},\n`);
  const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  return `${JSON.stringify({ ...MARK, ...head }, null, 2).slice(0, -2)},\n${table.join("")}  "${list}": [\n${lines}\n  ]\n}\n`;
}

/** @param at path of a member with a dot, or nothing for the file's own model. */
function memberFrom(json: JsonObject, at: string): MemberModel {
  const kind = json.kind;
  if (kind === "isolation-forest")
    return json.origin === undefined ? ownForestAt(json, at) : importedForestAt(json, at);
  if (kind === "decision-tree" || kind === "random-forest" || kind === "k-nearest-neighbours") {
    return classifierAt(json, at, kind);
  }
  if (kind === "one-class-svm") return oneClassSvmAt(json, at);
  throw new Rejection("FORMAT", `${at}kind is none that we know`);
}

function checkMark(json: JsonObject, what: string): void {
  if (json.format !== MODEL_FORMAT) throw new Rejection("FORMAT", `${what} is not a Redoubt model`);
  if (json.version !== MODEL_FORMAT_VERSION) {
    throw new Rejection("FORMAT", `${what} has a format version that is not ${MODEL_FORMAT_VERSION}`);
  }
}

/**
 * Reads a model of any kind from JSON text and checks all of it, so that scoring can trust it.
 *
 * @throws {Rejection} SIZE, FORMAT, SCHEMA or RANGE; the reason names the property that is wrong.
 */
export function parseModel(input: Buffer | string): Model {
  const json = parseJsonObject(input, { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH });
  checkMark(json, "the file");
  if (json.kind !== "ensemble") return memberFrom(json, "");
  return ensembleAt(json, (value, path) => {
    if (!isJsonObject(value)) throw new Rejection("SCHEMA", `${path} is not an object`);
    checkMark(value, path);
    return memberFrom(value, `${path}.`);
  });
}

/**
 * Reads a model file.
 *
 * @throws {Rejection} as {@link parseModel}; other errors where the file cannot be read.
 */
export function readModelFile(path: string): Model {
  if (statSync(path).size > MAX_BYTES) throw new Rejection("SIZE", `the model file is larger than ${MAX_BYTES} bytes`);
  return parseModel(readFileSync(path));
}

/** Replaces a model file atomically, mode 0600: a model tells what normal operation looks like. */
export function writeModelFile(path: string, model: Model): void {
  writeFileAtomic(path, formatModel(model));
}
