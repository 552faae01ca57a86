import { SeededRandom } from "../../../lib/common/seeded-random.js";
import type { Table } from "./ridge.js";

/** Gradient-boosted regression trees for the squared error, on histograms (as LightGBM, NIPS 2017, but plain). */
export interface BoostingOptions {
  seed: number;
  /** At most this many; fewer where the validation rows stop to improve. */
  trees?: number;
  depth?: number;
  learningRate?: number;
  /** Least training rows in a leaf. */
  leafRows?: number;
  /** Shares of rows and of features that each tree sees. */
  rowShare?: number;
  featureShare?: number;
  /** Trees without an improvement after which it stops. */
  patience?: number;
}

const DEFAULTS = {
  trees: 300,
  depth: 4,
  learningRate: 0.06,
  leafRows: 40,
  rowShare: 0.6,
  featureShare: 0.4,
  patience: 40,
} as const;

const BINS = 64;

/** Children of node n are 2n+1 and 2n+2; a node without a feature (-1) is a leaf. */
interface Tree {
  feature: Int16Array;
  /** Values up to this go left. */
  threshold: Float64Array;
  value: Float64Array;
}

export interface BoostedTrees {
  base: number;
  trees: Tree[];
}

/** Upper borders of each feature's bins, at quantiles of the training rows. */
function binBorders(table: Table, feature: number): Float64Array {
  const sorted = Float64Array.from(
    { length: table.rows },
    (_, r) => table.values[r * table.columns + feature] as number,
  );
  sorted.sort();
  const borders = new Set<number>();
  for (let bin = 1; bin < BINS; bin++) borders.add(sorted[Math.floor((bin * table.rows) / BINS)] as number);
  borders.delete(sorted[table.rows - 1] as number);
  return Float64Array.from(borders);
}

function binOf(borders: Float64Array, value: number): number {
  let [low, high] = [0, borders.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (borders[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Binned {
  borders: Float64Array[];
  /** Column by column. */
  bins: Uint8Array[];
}

function binned(table: Table): Binned {
  const borders = Array.from({ length: table.columns }, (_, feature) => binBorders(table, feature));
  const bins = borders.map((own, feature) =>
    Uint8Array.from({ length: table.rows }, (_, r) => binOf(own, table.values[r * table.columns + feature] as number)),
  );
  return { borders, bins };
}

interface Split {
  feature: number;
  bin: number;
  gain: number;
}

/** Grows one tree at a time on the same bins. */
class TreeGrower {
  private readonly sums = new Float64Array(BINS);
  private readonly counts = new Int32Array(BINS);

  constructor(
    private readonly data: Binned,
    private readonly options: Required<BoostingOptions>,
    private readonly random: SeededRandom,
  ) {}

  grow(residuals: Float64Array, rows: Int32Array): Tree {
    const { depth, featureShare } = this.options;
    const nodes = 2 ** (depth + 1) - 1;
    const tree: Tree = {
      feature: new Int16Array(nodes).fill(-1),
      threshold: new Float64Array(nodes),
      value: new Float64Array(nodes),
    };
    const all = this.data.bins.length;
    const features = [...Array(all).keys()].filter(() => this.random.uniform() < featureShare);
    if (features.length === 0) features.push(this.random.integer(all));
    this.growNode(tree, 0, depth, { rows, residuals, features });
    return tree;
  }

  private growNode(
    tree: Tree,
    node: number,
    depth: number,
    { rows, residuals, features }: { rows: Int32Array; residuals: Float64Array; features: number[] },
  ): void {
    let sum = 0;
    for (const row of rows) sum += residuals[row] as number;
    tree.value[node] = (this.options.learningRate * sum) / rows.length;
    const split = depth > 0 ? this.bestSplit(rows, residuals, features, sum) : undefined;
    if (!split) return;
    const { feature, bin } = split;
    tree.feature[node] = feature;
    tree.threshold[node] = this.data.borders[feature]?.[bin] as number;
    const bins = this.data.bins[feature] as Uint8Array;
    const isLeft = (row: number) => (bins[row] as number) <= bin;
    this.growNode(tree, 2 * node + 1, depth - 1, { rows: rows.filter(isLeft), residuals, features });
    this.growNode(tree, 2 * node + 2, depth - 1, { rows: rows.filter((row) => !isLeft(row)), residuals, features });
  }

  private bestSplit(rows: Int32Array, residuals: Float64Array, features: number[], sum: number): Split | undefined {
    const { sums, counts } = this;
    const { leafRows } = this.options;
    let best: Split | undefined;
    const whole = sum ** 2 / rows.length;
    for (const feature of features) {
      const bins = this.data.bins[feature] as Uint8Array;
      sums.fill(0);
      counts.fill(0);
      for (const row of rows) {
        const bin = bins[row] as number;
        sums[bin] = (sums[bin] as number) + (residuals[row] as number);
        counts[bin] = (counts[bin] as number) + 1;
      }
      let [leftSum, leftCount] = [0, 0];
      const last = (this.data.borders[feature] as Float64Array).length;
      for (let bin = 0; bin < last; bin++) {
        leftSum += sums[bin] as number;
        leftCount += counts[bin] as number;
        const rightCount = rows.length - leftCount;
        if (leftCount < leafRows || rightCount < leafRows) continue;
        const gain = leftSum ** 2 / leftCount + (sum - leftSum) ** 2 / rightCount - whole;
        if (gain > (best?.gain ?? 0)) best = { feature, bin, gain };
      }
    }
    return best;
  }
}

function treeValue(tree: Tree, values: Float64Array, offset: number): number {
  let node = 0;
  for (;;) {
    const feature = tree.feature[node] as number;
    if (feature < 0) return tree.value[node] as number;
    node = 2 * node + ((values[offset + feature] as number) <= (tree.threshold[node] as number) ? 1 : 2);
  }
}

function addTree(tree: Tree, table: Table, prediction: Float64Array): void {
  for (let r = 0; r < table.rows; r++) {
    prediction[r] = (prediction[r] as number) + treeValue(tree, table.values, r * table.columns);
  }
}

function squaredError(target: Float64Array, prediction: Float64Array): number {
  let sum = 0;
  for (let r = 0; r < target.length; r++) sum += ((target[r] as number) - (prediction[r] as number)) ** 2;
  return sum;
}

/**
 * Fits on the training rows and keeps as many trees as serve the validation rows best.
 *
 * @throws {RangeError} without training rows.
 */
export function fitBoostedTrees(
  training: { table: Table; target: Float64Array },
  validation: { table: Table; target: Float64Array },
  given: BoostingOptions,
): BoostedTrees {
  const options = { ...DEFAULTS, ...given };
  const { table, target } = training;
  if (table.rows === 0) throw new RangeError("there is nothing to learn from");
  const random = new SeededRandom(options.seed);
  const grower = new TreeGrower(binned(table), options, random);
  const base = target.reduce((sum, value) => sum + value, 0) / table.rows;
  const fitted = new Float64Array(table.rows).fill(base);
  const validated = new Float64Array(validation.table.rows).fill(base);
  const residuals = new Float64Array(table.rows);
  const trees: Tree[] = [];
  let best = squaredError(validation.target, validated);
  let kept = 0;
  while (trees.length < options.trees && trees.length - kept < options.patience) {
    for (let r = 0; r < table.rows; r++) residuals[r] = (target[r] as number) - (fitted[r] as number);
    const rows = Int32Array.from(residuals.keys()).filter(() => random.uniform() < options.rowShare);
    if (rows.length === 0) break;
    const tree = grower.grow(residuals, rows);
    trees.push(tree);
    addTree(tree, table, fitted);
    addTree(tree, validation.table, validated);
    const error = squaredError(validation.target, validated);
    if (error < best) [best, kept] = [error, trees.length];
  }
  return { base, trees: trees.slice(0, kept) };
}

export function predictBoostedTrees(model: BoostedTrees, table: Table): Float64Array {
  const prediction = new Float64Array(table.rows).fill(model.base);
  for (const tree of model.trees) addTree(tree, table, prediction);
  return prediction;
}
