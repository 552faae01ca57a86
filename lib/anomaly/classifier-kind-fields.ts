import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { anomalyClassesAt, classesAt, classifierTreesAt, storeClassifierTree } from "./classifier-fields.js";
import { neighboursAt, storeNeighbours } from "./classify/neighbour-fields.js";
import { regionsAt, storeRegions } from "./classify/region-fields.js";
import { selfTestAt, storeSelfTest } from "./classify/self-test-fields.js";
import { objectAt } from "./json-fields.js";
import { BASE_KEYS, type StoredModel, storedBase } from "./kind-fields.js";
import type { ClassifierBase, ClassifierModel } from "./model.js";
import { GUARD_KEYS, guardsAt, headOfAnyWidth, ORIGIN_KEYS, originAt, scalerAt, storeScaler } from "./model-fields.js";

const CLASS_KEYS = ["classes", "anomalyClasses"];
/** Classifiers from before there were any of these, and imported ones, have none or some. */
const OPTIONAL_KEYS = ["distance", "regions", "selfTest"];
const TREE_KEYS = ["trees"];
const NEIGHBOUR_KEYS = ["k", "rows"];

export function storeClassifier(model: ClassifierModel): StoredModel {
  const { classes, anomalyClasses, distance, regions, selfTest } = model;
  const tables: JsonObject = {
    ...(distance && { distance: storeScaler(distance) }),
    ...(regions && { regions: storeRegions(regions) }),
    ...(selfTest && { selfTest: storeSelfTest(selfTest) }),
  };
  const head = { ...storedBase(model), classes, anomalyClasses };
  if (model.kind === "k-nearest-neighbours") {
    const { k, rows } = storeNeighbours(model.neighbours);
    return { head: { ...head, k }, tables, list: "rows", entries: rows };
  }
  return { head, tables, list: "trees", entries: model.trees.trees.map(storeClassifierTree) };
}

/**
 * @param at path of the model within its file, with a dot, or nothing.
 * @throws {Rejection} SCHEMA, RANGE or SIZE naming the property.
 */
export function classifierAt(json: JsonObject, at: string, kind: ClassifierModel["kind"]): ClassifierModel {
  const isNeighbours = kind === "k-nearest-neighbours";
  const keys = [...BASE_KEYS, ...ORIGIN_KEYS, ...GUARD_KEYS, ...CLASS_KEYS];
  const model = objectAt(json, `${at}model`, [...keys, ...(isNeighbours ? NEIGHBOUR_KEYS : TREE_KEYS)], OPTIONAL_KEYS);
  const head = headOfAnyWidth(model, at);
  const dimension = head.featureNames.length;
  // The distance is one more column for the scaler and for the trees.
  const width = dimension + (model.distance === undefined ? 0 : 1);
  const classes = classesAt(model.classes, `${at}classes`);
  const base: ClassifierBase = {
    ...head,
    ...originAt(model, at, width),
    classes,
    anomalyClasses: anomalyClassesAt(model.anomalyClasses, `${at}anomalyClasses`, classes.length),
    ...guardsAt(model, at, dimension),
    ...(model.distance !== undefined && { distance: scalerAt(model.distance, `${at}distance`, dimension) }),
    ...(model.regions !== undefined && { regions: regionsAt(model.regions, `${at}regions`, dimension) }),
    ...(model.selfTest !== undefined && {
      selfTest: selfTestAt(model.selfTest, `${at}selfTest`, dimension, classes.length),
    }),
  };
  if (base.distance && !(base.distance.mean && base.distance.scale)) {
    throw new Rejection("SCHEMA", `${at}distance has no centre or no scales`);
  }
  if (isNeighbours) return { ...base, kind, neighbours: neighboursAt(model, at, width, classes.length) };
  return { ...base, kind, trees: classifierTreesAt(model.trees, `${at}trees`, width, classes.length, kind) };
}
