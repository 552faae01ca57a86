import { Rejection } from "../../common/rejection.js";
import { SeededRandom } from "../../common/seeded-random.js";
import { type FlowSet, featureColumn, pickRows, rowCount } from "./flow-set.js";
import { mutualInformation } from "./mutual-information.js";
import { shuffle } from "./split.js";

export const RECIPE_DEFAULTS = { features: 20, maxCorrelation: 0.9 };
/** Rows that the mutual information is estimated on; the estimate gains little from more. */
const MAX_ROWS = 20_000;

export interface RecipeOptions {
  /** Columns to keep. */
  features: number;
  /** A column whose |Pearson r| with one already kept is above this is left out; 1 keeps all. */
  maxCorrelation: number;
  /** Columns that are kept whatever their rank, before the others. */
  always: readonly string[];
  seed: number;
}

export interface Ranking {
  /** In the order in which they were chosen. */
  chosen: { feature: string; information: number }[];
  /** Columns better than the last one chosen that were left out for their correlation. */
  pruned: { feature: string; correlatesWith: string; r: number }[];
}

/** Pearson's r of two columns; 0 where one of them is constant. */
export function pearson(a: Float64Array, b: Float64Array): number {
  const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [(a[i] as number) - meanA, (b[i] as number) - meanB];
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

function sample(set: FlowSet, seed: number): FlowSet {
  const rows = rowCount(set);
  if (rows <= MAX_ROWS) return set;
  const all = shuffle(
    Array.from({ length: rows }, (_, row) => row),
    new SeededRandom(seed),
  );
  return pickRows(
    set,
    all.slice(0, MAX_ROWS).sort((a, b) => a - b),
  );
}

/**
 * Chooses columns as the paper on this data set does (Putro, Ahmad, Ijtihadie): in the order of their mutual
 * information with the class, leaving out those that say what a chosen one says already.
 *
 * @param train the training part only: choosing on all rows would tell the test of itself.
 * @throws {Rejection} SCHEMA for a column of `always` that is absent.
 */
export function rankFeatures(train: FlowSet, options: RecipeOptions): Ranking {
  const { features, maxCorrelation, always, seed } = options;
  const absent = always.find((name) => !train.featureNames.includes(name));
  if (absent !== undefined) throw new Rejection("SCHEMA", `there is no numeric column "${absent}" to keep always`);
  const set = sample(train, seed);
  const columns = set.featureNames.map((_, f) => featureColumn(set, f));
  const information = columns.map((column) => mutualInformation(column, set.labels, set.classes.length, seed));
  const forced = always.map((name) => set.featureNames.indexOf(name));
  const ranked = columns
    .map((_, f) => f)
    .filter((f) => !forced.includes(f))
    .sort((a, b) => (information[b] as number) - (information[a] as number) || a - b);
  const kept: number[] = [];
  const pruned: Ranking["pruned"] = [];
  const name = (f: number) => set.featureNames[f] as string;
  for (const f of [...forced, ...ranked]) {
    if (kept.length >= features && !forced.includes(f)) break;
    const r = (other: number) => pearson(columns[f] as Float64Array, columns[other] as Float64Array);
    const twin = forced.includes(f) ? undefined : kept.find((other) => Math.abs(r(other)) > maxCorrelation);
    if (twin === undefined) kept.push(f);
    else pruned.push({ feature: name(f), correlatesWith: name(twin), r: r(twin) });
  }
  return { chosen: kept.map((f) => ({ feature: name(f), information: information[f] as number })), pruned };
}
