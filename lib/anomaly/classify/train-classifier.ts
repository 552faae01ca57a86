import { isIdentifier } from "../../common/identifier.js";
import { Rejection } from "../../common/rejection.js";
import type { ClassifierModel } from "../model.js";
import { modelLabel } from "../model.js";
import { type Baselines, baselinesOf } from "./baselines.js";
import { type FitOptions, fitClassifier, fitSteps } from "./fit.js";
import {
  classCounts,
  distinctRows,
  type FlowSet,
  pickFeatures,
  pickRows,
  rowCount,
  vectorNumbers,
} from "./flow-set.js";
import { judgeRows, shareOf } from "./judge-rows.js";
import { type LeftOutClass, leaveOneClassOut } from "./leave-one-out.js";
import { type ClassificationReport, classificationReport } from "./metrics.js";
import { type Ranking, RECIPE_DEFAULTS } from "./recipe.js";
import { limitFor, type TrainedRegions } from "./regions.js";
import { inventedRows, recordSelfTest } from "./self-test.js";
import { type Split, type SplitKind, splitRows } from "./split.js";

/** The classes of RT-IoT2022 that are devices at work. The other nine are attacks. */
export const RT_IOT2022_NORMAL: readonly string[] = ["MQTT_Publish", "Thing_Speak", "Wipro_bulb"];

export const CLASSIFIER_DEFAULTS = {
  seed: 1,
  trees: 100,
  k: 5,
  minLeaf: 1,
  testShare: 0.3,
  normal: RT_IOT2022_NORMAL,
  ...RECIPE_DEFAULTS,
};
/** Fewer rows say nothing of how often a prediction is right. */
const MIN_ROWS = 64;

export interface TrainClassifierOptions extends FitOptions {
  split: SplitKind;
  testShare: number;
  /** Train once more per class without it. */
  leaveOneOut: boolean;
}

/** What is known of a model besides its file. */
export interface ClassifierReport {
  model: string;
  kind: FitOptions["kind"];
  seed: number;
  features: string[];
  ranking?: Ranking;
  distance: boolean;
  data: {
    rows: number;
    used: number;
    duplicates: number;
    /** Duplicates whose first occurrence has another label. */
    contradictions: number;
    classes: { name: string; isAttack: boolean; rows: number }[];
  };
  split: {
    kind: SplitKind;
    train: number;
    /** Rows tested with. */
    test: number;
    /** Rows tested with that have an equal row in the training part. */
    twins: number;
    /** Rows not tested with because of such a row. */
    leftOut: number;
  };
  /** A model of the same options, trained on the training part, on the test part. */
  heldOut: ClassificationReport;
  /** Share of the test part that it answers "unknown" in a flow. */
  heldOutUnknown: number;
  baselines: Baselines;
  leaveOneOut?: LeftOutClass[];
}

export type StepProgress = (done: number, total: number) => void;

function checkOptions(set: FlowSet, options: TrainClassifierOptions): boolean[] {
  const { name, normal, trees, k, limits, testShare, seed } = options;
  const whole = (value: number, what: string, min: number, max: number) => {
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new Rejection("RANGE", `${what} must be a whole number from ${min} to ${max}`);
    }
  };
  if (!isIdentifier(name)) throw new Rejection("SCHEMA", "the model's name is not an identifier");
  whole(trees, "trees", 1, 10_000);
  whole(k, "k", 1, 1000);
  whole(seed, "seed", 0, Number.MAX_SAFE_INTEGER);
  whole(limits.minLeaf ?? 1, "min-leaf", 1, 1_000_000);
  if (limits.maxDepth !== undefined) whole(limits.maxDepth, "max-depth", 1, 1000);
  if (options.recipe) whole(options.recipe.features, "features", 1, 1000);
  if (!(testShare > 0 && testShare < 1)) throw new Rejection("RANGE", "the test share must lie between 0 and 1");
  if (rowCount(set) < MIN_ROWS)
    throw new Rejection("SCHEMA", `${rowCount(set)} rows are too few; take ${MIN_ROWS} or more`);
  const isAttack = set.classes.map((label) => !normal.includes(label));
  const counts = classCounts(set);
  const kinds = new Set(isAttack.filter((_, c) => (counts[c] as number) > 0));
  if (kinds.size < 2) {
    const named = normal.find((label) => !set.classes.includes(label));
    const why = named === undefined ? "the rows are all of one of the two" : `"${named}" is not among them`;
    throw new Rejection("SCHEMA", `of the classes ${set.classes.join(", ")} some must be normal and some not: ${why}`);
  }
  return isAttack;
}

/** Test rows by whether the training part has a row that is equal in the columns. */
function twinsOf(
  set: FlowSet,
  { train, test }: Split,
  columns: readonly string[],
): { twins: number[]; alone: number[] } {
  const numbers = vectorNumbers(pickFeatures(set, columns));
  const trained = new Set(Array.from(train, (row) => numbers[row]));
  const isTwin = (row: number) => trained.has(numbers[row]);
  const rows = Array.from(test);
  return { twins: rows.filter(isTwin), alone: rows.filter((row) => !isTwin(row)) };
}

/** The finished model: regions with their limit, and rows to try it on. */
function complete(model: ClassifierModel, limit: number, seed: number): ClassifierModel {
  const regions: TrainedRegions = { ...(model.regions as TrainedRegions), limit };
  const rows = inventedRows(regions, model.featureNames.length, seed);
  return { ...model, regions, selfTest: recordSelfTest(model, rows) };
}

/**
 * Trains a classifier of flows and finds out what it is worth. The report is about a model trained on a part of the
 * rows and tested on the rest; the model that is returned is trained on all of them, with the same options.
 *
 * @param data all rows, in the order of capture.
 * @throws {Rejection} SCHEMA or RANGE for rows or options that cannot be trained on.
 */
export function trainClassifier(
  data: FlowSet,
  options: TrainClassifierOptions,
  progress?: StepProgress,
): { model: ClassifierModel; report: ClassifierReport; split: Split; used: FlowSet } {
  const isAttack = checkOptions(data, options);
  const { set, duplicates, contradictions } = options.keepDuplicates
    ? { set: data, duplicates: 0, contradictions: 0 }
    : distinctRows(data);
  const fits = 2 + (options.leaveOneOut ? set.classes.length : 0);
  const steps = fitSteps(options);
  let finished = 0;
  const fitOn = (train: FlowSet) => {
    const fitted = fitClassifier(train, options, (done) => progress?.(finished * steps + done, fits * steps));
    finished++;
    return fitted;
  };

  const split = splitRows(set, options.split, options.testShare, options.seed);
  const train = pickRows(set, split.train);
  const tried = fitOn(train).model;
  const { twins, alone } = twinsOf(set, split, tried.featureNames);
  const test = pickRows(set, options.keepDuplicates ? split.test : alone);
  if (rowCount(test) === 0) throw new Rejection("SCHEMA", "the classes are too small to keep rows for a test");
  const limit = limitFor(tried.regions as TrainedRegions, pickFeatures(test, tried.featureNames));
  const withLimit = (model: ClassifierModel): ClassifierModel => ({
    ...model,
    regions: { ...(model.regions as TrainedRegions), limit },
  });
  const judged = judgeRows(withLimit(tried), test);
  const leaveOneOut = options.leaveOneOut
    ? leaveOneClassOut(set, isAttack, (rows) => withLimit(fitOn(rows).model))
    : undefined;
  const { model: whole, ranking } = fitOn(set);
  const model = complete(whole, limit, options.seed);
  const counts = classCounts(set);
  const report: ClassifierReport = {
    model: modelLabel(model),
    kind: options.kind,
    seed: options.seed,
    features: model.featureNames,
    ...(ranking && { ranking }),
    distance: options.distance,
    data: {
      rows: rowCount(data),
      used: rowCount(set),
      duplicates,
      contradictions,
      classes: set.classes.map((name, c) => ({ name, isAttack: isAttack[c] as boolean, rows: counts[c] as number })),
    },
    split: {
      kind: options.split,
      train: rowCount(train),
      test: rowCount(test),
      twins: options.keepDuplicates ? twins.length : 0,
      leftOut: options.keepDuplicates ? 0 : twins.length,
    },
    heldOut: classificationReport(test.labels, judged.predicted, set.classes, isAttack),
    heldOutUnknown: shareOf(judged.unknown),
    baselines: baselinesOf(train, test, isAttack, options.seed),
    ...(leaveOneOut && { leaveOneOut }),
  };
  return { model, report, split, used: set };
}
