import { columnOf, summarise } from "../feature-summary.js";
import type { ClassifierBase, ClassifierModel } from "../model.js";
import { standardisationOf, standardise } from "../standardisation.js";
import { tailLimits } from "../tail-guard.js";
import { hashOfData } from "../training-data.js";
import { addDistance, distanceCentre } from "./distance-feature.js";
import { distinctRows, type FlowSet, pickFeatures, rowAt, rowCount } from "./flow-set.js";
import { growDecisionTree, growRandomForest } from "./grow-random-forest.js";
import type { TreeLimits } from "./grow-tree.js";
import type { NeighbourRows } from "./neighbours.js";
import { type Ranking, type RecipeOptions, rankFeatures } from "./recipe.js";
import { measureRegions } from "./regions.js";
import { type TrainingColumns, trainingColumns } from "./training-columns.js";

export const CLASSIFIER_KINDS = ["tree", "forest", "knn"] as const;
export type ClassifierKind = (typeof CLASSIFIER_KINDS)[number];

export interface FitOptions {
  kind: ClassifierKind;
  /** Model name, an identifier. */
  name: string;
  /** Of everything random in it: equal seeds give equal models. */
  seed: number;
  /** Clock of the model's `createdAt`, milliseconds since the Unix epoch. */
  now: number;
  /** Classes that are no attacks. */
  normal: readonly string[];
  /** Of a forest. */
  trees: number;
  /** Neighbours that vote. */
  k: number;
  limits: TreeLimits;
  /** Choose columns first; all are taken without it. */
  recipe?: Omit<RecipeOptions, "seed">;
  /** Add the distance from the middle of the training rows as a column. */
  distance: boolean;
  /** Train on rows that are equal in every used column as often as they occur. */
  keepDuplicates: boolean;
}

export interface Fitted {
  model: ClassifierModel;
  ranking?: Ranking;
}

/** Told after each part of the work; a forest's parts are its trees. */
export type FitProgress = (done: number) => void;

/** Parts of the work that {@link FitProgress} counts. */
export function fitSteps({ kind, trees }: Pick<FitOptions, "kind" | "trees">): number {
  return kind === "forest" ? trees : 1;
}

/** The kind as its file names it. */
export const MODEL_KIND = { tree: "decision-tree", forest: "random-forest", knn: "k-nearest-neighbours" } as const;

function baseOf(train: FlowSet, table: TrainingColumns, options: FitOptions): ClassifierBase {
  const { featureNames, values, classes } = train;
  const dimension = featureNames.length;
  const features = featureNames.map((_, f) => summarise(columnOf(values, f, dimension)));
  return {
    name: options.name,
    revision: 1,
    createdAt: new Date(options.now).toISOString(),
    featureNames: [...featureNames],
    origin: "redoubt",
    originVersion: null,
    scaler: null,
    training: { rows: rowCount(train), dropped: 0, sha256: hashOfData({ featureNames, values }), features },
    tails: features.map(tailLimits),
    drift: null,
    classes: [...classes],
    anomalyClasses: classes.flatMap((name, c) => (options.normal.includes(name) ? [] : [c])),
    regions: measureRegions(train, table, options.seed),
    ...(options.distance && { distance: distanceCentre(train) }),
  };
}

function neighboursOf(core: FlowSet, scaler: ReturnType<typeof standardisationOf>, k: number): NeighbourRows {
  const dimension = core.featureNames.length;
  const points = new Float64Array(core.values.length);
  for (let row = 0; row < rowCount(core); row++) points.set(standardise(rowAt(core, row), scaler), row * dimension);
  const most = Math.min(k, rowCount(core));
  return { dimension, classes: core.classes.length, k: most, points, labels: core.labels.slice() };
}

/** Rows that differ in columns left out only have become equal. */
function chosenColumns(train: FlowSet, { chosen }: Ranking, { keepDuplicates }: FitOptions): FlowSet {
  const names = chosen.map(({ feature }) => feature);
  const set = pickFeatures(train, names);
  return keepDuplicates ? set : distinctRows(set).set;
}

/**
 * Fits one classifier. All that is measured for it (columns chosen, centre, scales, regions) is measured on these rows.
 *
 * @param train classes without a row are kept: they have no votes.
 */
export function fitClassifier(train: FlowSet, options: FitOptions, progress?: FitProgress): Fitted {
  const { kind, seed, limits, recipe } = options;
  const ranking = recipe && rankFeatures(train, { ...recipe, seed });
  const set = ranking ? chosenColumns(train, ranking, options) : train;
  const ranked = trainingColumns(set);
  const base = baseOf(set, ranked, options);
  const core = base.distance ? addDistance(set, base.distance) : set;
  const done = (model: ClassifierModel): Fitted => {
    if (kind !== "forest") progress?.(1);
    return ranking ? { model, ranking } : { model };
  };
  if (kind === "knn") {
    const scaler = standardisationOf(core.values, core.featureNames.length);
    return done({ ...base, kind: MODEL_KIND.knn, scaler, neighbours: neighboursOf(core, scaler, options.k) });
  }
  const table = core === set ? ranked : trainingColumns(core);
  const trees =
    kind === "tree"
      ? [growDecisionTree(table, limits, seed)]
      : growRandomForest(table, options.trees, limits, seed, progress);
  const { dimension, classes } = table;
  return done({ ...base, kind: MODEL_KIND[kind], trees: { dimension, classes, trees } });
}
