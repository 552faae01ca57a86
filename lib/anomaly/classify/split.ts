import { SeededRandom } from "../../common/seeded-random.js";
import { type FlowSet, vectorNumbers } from "./flow-set.js";

export const SPLIT_KINDS = ["stratified", "blocked"] as const;
export type SplitKind = (typeof SPLIT_KINDS)[number];

/** Rows to train on and rows to test with, each ascending. */
export interface Split {
  train: Int32Array;
  test: Int32Array;
}

/** Shuffles in place (Fisher and Yates). */
export function shuffle<T>(items: T[], random: SeededRandom): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}

/** Per class, the groups of rows that must stay together, in the order of their first rows. */
function groupsByClass(set: FlowSet, groups: Int32Array): number[][][] {
  const rowsOfGroup: number[][] = [];
  for (const [row, group] of groups.entries()) {
    const known = rowsOfGroup[group];
    if (known) known.push(row);
    else rowsOfGroup[group] = [row];
  }
  const byClass: number[][][] = set.classes.map(() => []);
  for (const rows of rowsOfGroup) byClass[set.labels[rows[0] as number] as number]?.push(rows);
  return byClass;
}

/**
 * Splits a set class by class, `testShare` of each class for testing (rounded; at least one row stays in training).
 *
 * `stratified`: at random. Rows that are equal in every feature are one group and go to the same part, so that no test
 * row was trained on. `blocked`: the last rows of each class in the order of the file, that is of the capture; equal
 * rows may then be in both parts, unless the set has none.
 */
export function splitRows(set: FlowSet, kind: SplitKind, testShare: number, seed: number): Split {
  const random = new SeededRandom(seed);
  const groups = kind === "stratified" ? vectorNumbers(set) : Int32Array.from(set.labels, (_, row) => row);
  const train: number[] = [];
  const test: number[] = [];
  for (const ofClass of groupsByClass(set, groups)) {
    if (kind === "stratified") shuffle(ofClass, random);
    const trained = Math.max(1, ofClass.length - Math.round(ofClass.length * testShare));
    for (const [i, rows] of ofClass.entries()) (i < trained ? train : test).push(...rows);
  }
  return { train: Int32Array.from(train).sort(), test: Int32Array.from(test).sort() };
}
