import type { SeededRandom } from "../common/seeded-random.js";
import { floor32, heightLimit, type IsolationForest, type IsolationTree } from "./isolation-forest.js";

export interface GrowOptions {
  /** Number of trees. */
  trees: number;
  /** Rows drawn for each tree; at most the number of rows is used. */
  sampleSize: number;
}

/** Rows of one tree as 32-bit floats, row after row, and the order in which its nodes hold them. */
interface Sample {
  values: Float32Array;
  order: Int32Array;
  dimension: number;
}

/** Features in random order, drawn without replacement until one is not constant in the node. */
class FeatureDraw {
  private readonly candidates: Int32Array;
  lowest = 0;
  highest = 0;

  constructor(
    private readonly sample: Sample,
    private readonly random: SeededRandom,
  ) {
    this.candidates = Int32Array.from({ length: sample.dimension }, (_, i) => i);
  }

  /** A random feature that varies over the rows order[start..end), its range in `lowest`, `highest`; -1 if none. */
  draw(start: number, end: number): number {
    for (let left = this.candidates.length; left > 0; left--) {
      const pick = this.random.integer(left);
      const feature = this.candidates[pick] as number;
      this.measure(feature, start, end);
      if (this.highest > this.lowest) return feature;
      this.candidates[pick] = this.candidates[left - 1] as number;
      this.candidates[left - 1] = feature;
    }
    return -1;
  }

  private measure(feature: number, start: number, end: number): void {
    const { values, order, dimension } = this.sample;
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = start; i < end; i++) {
      const value = values[(order[i] as number) * dimension + feature] as number;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
    this.lowest = lowest;
    this.highest = highest;
  }
}

/** Moves rows with value <= threshold to the front of order[start..end) and returns where the others begin. */
function partition(sample: Sample, feature: number, threshold: number, start: number, end: number): number {
  const { values, order, dimension } = sample;
  let low = start;
  let high = end - 1;
  while (low <= high) {
    const row = order[low] as number;
    if ((values[row * dimension + feature] as number) <= threshold) {
      low++;
    } else {
      order[low] = order[high] as number;
      order[high--] = row;
    }
  }
  return low;
}

/** Grows one tree, breadth first, on the whole sample; extended no deeper than the height limit. */
function growTree(sample: Sample, random: SeededRandom): IsolationTree {
  const size = sample.order.length;
  const limit = heightLimit(size);
  const draw = new FeatureDraw(sample, random);
  const feature: number[] = [];
  const threshold: number[] = [];
  const leafSize: number[] = [];
  const starts = [0];
  const ends = [size];
  const depths = [0];
  for (let node = 0; node < starts.length; node++) {
    const start = starts[node] as number;
    const end = ends[node] as number;
    const depth = depths[node] as number;
    const split = end - start > 1 && depth < limit ? draw.draw(start, end) : -1;
    feature.push(split);
    if (split < 0) {
      leafSize.push(end - start);
      continue;
    }
    const drawn = floor32(draw.lowest + random.uniform() * (draw.highest - draw.lowest));
    // Rounding may reach the maximum, which would leave one side empty; scikit-learn falls back to the minimum too.
    const cut = drawn < draw.highest ? drawn : draw.lowest;
    threshold.push(cut);
    const middle = partition(sample, split, cut, start, end);
    starts.push(start, middle);
    ends.push(middle, end);
    depths.push(depth + 1, depth + 1);
  }
  return {
    feature: Int16Array.from(feature),
    threshold: Float32Array.from(threshold),
    leafSize: Int32Array.from(leafSize),
  };
}

/**
 * Grows an isolation forest (Liu, Ting, Zhou 2008) with scikit-learn's choices: every tree on its own sub-sample drawn
 * without replacement, values compared as 32-bit floats, and each split uniform between the minimum and the maximum of
 * a random feature that is not constant in the node.
 *
 * @param rows finite values within float32, row after row, `dimension` per row; at least two rows.
 * @param onTree called after each tree with the number grown so far.
 */
export function growForest(
  rows: Float64Array,
  dimension: number,
  options: GrowOptions,
  random: SeededRandom,
  onTree?: (grown: number) => void,
): IsolationForest {
  const count = rows.length / dimension;
  const sampleSize = Math.min(options.sampleSize, count);
  const shuffled = Uint32Array.from({ length: count }, (_, i) => i);
  const trees: IsolationTree[] = [];
  for (let grown = 1; grown <= options.trees; grown++) {
    const values = new Float32Array(sampleSize * dimension);
    for (let i = 0; i < sampleSize; i++) {
      // A partial Fisher-Yates shuffle stays uniform from whatever order the previous tree left.
      const pick = i + random.integer(count - i);
      const row = shuffled[pick] as number;
      shuffled[pick] = shuffled[i] as number;
      shuffled[i] = row;
      for (let f = 0; f < dimension; f++) values[i * dimension + f] = rows[row * dimension + f] as number;
    }
    const order = Int32Array.from({ length: sampleSize }, (_, i) => i);
    trees.push(growTree({ values, order, dimension }, random));
    onTree?.(grown);
  }
  return { dimension, sampleSize, trees };
}
