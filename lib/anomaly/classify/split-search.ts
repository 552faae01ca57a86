import type { SeededRandom } from "../../common/seeded-random.js";
import { floor32 } from "../isolation-forest.js";
import type { TrainingColumns } from "./training-columns.js";

/** Values closer than this count as equal, as in scikit-learn. */
const SAME_VALUE = 1e-7;
/** Rank and row share one double; 2^26 of each fit, and a power of two is taken apart without rounding. */
const ROW_SPACE = 2 ** 26;
/** Below so many entries an insertion sort is faster than the typed array's own. */
const SMALL = 40;

export interface BestSplit {
  feature: number;
  /** Rows with float32(x) <= threshold go left. */
  threshold: number;
}

function sortKeys(keys: Float64Array, count: number): void {
  if (count > SMALL) {
    keys.subarray(0, count).sort();
    return;
  }
  for (let i = 1; i < count; i++) {
    const key = keys[i] as number;
    let j = i - 1;
    for (; j >= 0 && (keys[j] as number) > key; j--) keys[j + 1] = keys[j] as number;
    keys[j + 1] = key;
  }
}

/**
 * Finds the split of a node's rows that lowers the Gini impurity most (Breiman et al., "Classification and Regression
 * Trees", 1984), as scikit-learn's `best` splitter does: features in random order, at least `maxFeatures` of them and
 * as many more as it takes to find one that is not constant; thresholds in the middle of two values; the first of
 * equally good splits.
 */
export class SplitSearch {
  private readonly keys: Float64Array;
  private readonly order: Int32Array;
  private readonly left: Float64Array;
  private readonly right: Float64Array;

  constructor(
    private readonly table: TrainingColumns,
    private readonly weights: Int32Array,
    private readonly maxFeatures: number,
    private readonly minLeaf: number,
    private readonly random: SeededRandom,
  ) {
    this.keys = new Float64Array(table.rows);
    this.order = Int32Array.from({ length: table.dimension }, (_, f) => f);
    this.left = new Float64Array(table.classes);
    this.right = new Float64Array(table.classes);
  }

  /**
   * @param rows the node's rows.
   * @param totals their weight per class.
   * @returns undefined where no feature tells the rows apart.
   */
  best(rows: Int32Array, totals: Float64Array): BestSplit | undefined {
    const { order, random } = this;
    let best: BestSplit | undefined;
    let bestGain = Number.NEGATIVE_INFINITY;
    let found = 0;
    for (let visited = 0; visited < order.length && (visited < this.maxFeatures || found === 0); visited++) {
      const pick = visited + random.integer(order.length - visited);
      const feature = order[pick] as number;
      order[pick] = order[visited] as number;
      order[visited] = feature;
      if (!this.sortBy(feature, rows)) continue;
      found++;
      const split = this.bestOf(feature, rows.length, totals, bestGain);
      if (!split) continue;
      bestGain = split.gain;
      best = { feature, threshold: split.threshold };
    }
    return best;
  }

  /** Brings the rows' keys into the feature's order; false where it is constant. */
  private sortBy(feature: number, rows: Int32Array): boolean {
    const { keys, table } = this;
    const base = feature * table.rows;
    let least = Number.POSITIVE_INFINITY;
    let most = -1;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      const rank = table.ranks[base + row] as number;
      if (rank < least) least = rank;
      if (rank > most) most = rank;
      keys[i] = rank * ROW_SPACE + row;
    }
    if (least === most) return false;
    sortKeys(keys, rows.length);
    const at = (i: number) => table.values[base + ((keys[i] as number) % ROW_SPACE)] as number;
    return at(rows.length - 1) > Math.fround(at(0) + SAME_VALUE);
  }

  private bestOf(feature: number, count: number, totals: Float64Array, above: number) {
    const { keys, left, right, table, weights, minLeaf } = this;
    const { labels, values } = table;
    const base = feature * table.rows;
    left.fill(0);
    right.set(totals);
    let leftWeight = 0;
    let rightWeight = 0;
    let leftSquares = 0;
    let rightSquares = 0;
    for (const total of totals) {
      rightWeight += total;
      rightSquares += total * total;
    }
    let gain = above;
    let threshold: number | undefined;
    let row = (keys[0] as number) % ROW_SPACE;
    let value = values[base + row] as number;
    for (let i = 1; i < count; i++) {
      const label = labels[row] as number;
      const weight = weights[row] as number;
      leftSquares += weight * (2 * (left[label] as number) + weight);
      rightSquares -= weight * (2 * (right[label] as number) - weight);
      left[label] = (left[label] as number) + weight;
      right[label] = (right[label] as number) - weight;
      leftWeight += weight;
      rightWeight -= weight;
      row = (keys[i] as number) % ROW_SPACE;
      const next = values[base + row] as number;
      if (next > Math.fround(value + SAME_VALUE) && i >= minLeaf && count - i >= minLeaf) {
        // The impurities weighed by their rows, without what all splits have in common.
        const candidate = leftSquares / leftWeight + rightSquares / rightWeight;
        if (candidate > gain) {
          gain = candidate;
          const middle = value / 2 + next / 2;
          threshold = floor32(middle === next || !Number.isFinite(middle) ? value : middle);
        }
      }
      value = next;
    }
    return threshold === undefined ? undefined : { gain, threshold };
  }
}
