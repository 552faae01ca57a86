import { type AttackerView, BLOCK_SEC } from "../simulation/recording.js";
import { fitBoostedTrees, predictBoostedTrees } from "./boosted-trees.js";
import { lagFeatures } from "./features.js";
import { smooth } from "./kalman.js";
import { type AttackResult, judge, meanResult, rSquared } from "./metrics.js";
import { predictRidge, RidgeProblem, type Table } from "./ridge.js";
import { loadsOf, MEAN_INLET_C, thermalModel } from "./thermal-model.js";

/** One stream that is attacked. */
export interface AttackSubject {
  view: AttackerView;
  /** What the attackers learn to estimate, by block, 0..1; they know the first half of the time. */
  known: Float64Array;
  /** Loads that their estimate is judged by in the second half. */
  sought: readonly Float64Array[];
}

export interface AttackTask {
  /** What is learnt on one serves for all of them: they differ in the rack only. */
  subjects: readonly AttackSubject[];
  /** Racks that a value is the mean of. */
  racks: number;
  /** Blocks that a value is the mean of. */
  window: number;
  /** Variance of the noise in one value of a view, K^2. */
  noiseVariance: number;
  seed: number;
}

/** Ridge regression on lags; Kalman filter and smoother with the exact plant; boosted regression trees. */
export const ATTACKERS = ["ridge", "smoother", "trees"] as const;
export type AttackerName = (typeof ATTACKERS)[number];

/** One row each half minute. */
const BLOCKS_PER_ROW = 3;
export const ROW_SEC = BLOCKS_PER_ROW * BLOCK_SEC;
const PENALTIES = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10] as const;
/** The last quarter of the known rows chooses the penalty and the number of trees. */
const CHOOSING_SHARE = 0.25;
/** The smoother may take the noise for larger than it is: rounding errors are not independent of each other. */
const NOISE_FACTORS = [1, 8, 64] as const;
/** A door's draught is no load: the smoother skips values that far off, for as long as a door stays open. */
const GATE = { gate: 4, longestGate: 12 } as const;

interface Rows {
  table: Table;
  target: Float64Array;
}

/** Mean of a row's blocks. */
function perRow(blocks: Float64Array): Float64Array {
  return Float64Array.from({ length: Math.floor(blocks.length / BLOCKS_PER_ROW) }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < BLOCKS_PER_ROW; i++) sum += blocks[row * BLOCKS_PER_ROW + i] as number;
    return sum / BLOCKS_PER_ROW;
  });
}

function slice({ table, target }: Rows, from: number, to: number): Rows {
  const { columns, values } = table;
  return {
    table: { rows: to - from, columns, values: values.subarray(from * columns, to * columns) },
    target: target.subarray(from, to),
  };
}

/** The rows from..to-1 of every subject below each other. */
function stacked(parts: readonly Rows[], from: number, to: number): Rows {
  const slices = parts.map((part) => slice(part, from, to));
  const [first] = slices as [Rows];
  if (slices.length === 1) return first;
  const { columns } = first.table;
  const rows = slices.length * (to - from);
  const values = new Float64Array(rows * columns);
  const target = new Float64Array(rows);
  for (const [i, part] of slices.entries()) {
    values.set(part.table.values, i * (to - from) * columns);
    target.set(part.target, i * (to - from));
  }
  return { table: { rows, columns, values }, target };
}

/** Learns from `fit`, chooses with `choose`, learns again from both. */
function learnRidge(fit: Rows, choose: Rows, both: Rows): (table: Table) => Float64Array {
  const problem = new RidgeProblem(fit.table, fit.target);
  let best = { penalty: PENALTIES[0] as number, r2: Number.NEGATIVE_INFINITY };
  for (const penalty of PENALTIES) {
    const r2 = rSquared(choose.target, predictRidge(problem.fit(penalty), choose.table));
    if (r2 > best.r2) best = { penalty, r2 };
  }
  const model = new RidgeProblem(both.table, both.target).fit(best.penalty);
  return (table) => predictRidge(model, table);
}

/** Estimates for every row. The smoother knows the plant; it only learns how much of its noise law to believe. */
function smoothed(subject: AttackSubject, task: AttackTask): Float64Array {
  const { window, racks, noiseVariance } = task;
  const observations = subject.view.observed.map((value) => value - MEAN_INLET_C);
  const known = perRow(subject.known);
  const trainRows = known.length >> 1;
  let best = { r2: Number.NEGATIVE_INFINITY, estimate: known };
  for (const factor of NOISE_FACTORS) {
    const model = thermalModel({ stepSec: BLOCK_SEC, window, racks, observationVariance: noiseVariance * factor });
    const states = smooth(model, observations, (block) => (block % window === 0 ? 0 : 1), GATE);
    const estimate = perRow(loadsOf(states));
    const r2 = rSquared(known.subarray(0, trainRows), estimate.subarray(0, trainRows));
    if (r2 > best.r2) best = { r2, estimate };
  }
  return best.estimate;
}

export interface AttackOutcome {
  results: Record<AttackerName, AttackResult>;
  /** The smoother's estimate of the first subject's load, by row of {@link ROW_SEC}. */
  smoothed: Float64Array;
}

/** Every attacker knows the loads of the first half of the time and is judged on the second. */
export function attack(task: AttackTask): AttackOutcome {
  const { subjects, seed } = task;
  const parts: Rows[] = subjects.map(({ view, known }) => {
    const target = perRow(known);
    return { table: lagFeatures(view.held, target.length, BLOCKS_PER_ROW, BLOCK_SEC), target };
  });
  const rows = parts[0]?.target.length ?? 0;
  const trainRows = rows >> 1;
  const chooseFrom = Math.floor(trainRows * (1 - CHOOSING_SHARE));
  const fit = stacked(parts, 0, chooseFrom);
  const choose = stacked(parts, chooseFrom, trainRows);
  const ridge = learnRidge(fit, choose, stacked(parts, 0, trainRows));
  const trees = fitBoostedTrees(fit, choose, { seed });

  const found: Record<AttackerName, AttackResult[]> = { ridge: [], smoother: [], trees: [] };
  const allSmoothed = subjects.map((subject) => smoothed(subject, task));
  for (const [i, { sought }] of subjects.entries()) {
    const { table } = slice(parts[i] as Rows, trainRows, rows);
    const estimates: Record<AttackerName, Float64Array> = {
      ridge: ridge(table),
      smoother: (allSmoothed[i] as Float64Array).subarray(trainRows),
      trees: predictBoostedTrees(trees, table),
    };
    for (const load of sought) {
      const truth = perRow(load).subarray(trainRows);
      for (const name of ATTACKERS) found[name].push(judge(truth, estimates[name]));
    }
  }
  return {
    results: {
      ridge: meanResult(found.ridge),
      smoother: meanResult(found.smoother),
      trees: meanResult(found.trees),
    },
    smoothed: allSmoothed[0] as Float64Array,
  };
}
