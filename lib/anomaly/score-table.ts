import {
  type IsolationForest,
  type IsolationTree,
  leafPathLengths,
  pathLengthDenominator,
  scoreOfPathLengths,
} from "./isolation-forest.js";

const MAX_THRESHOLDS = 200_000;
const BUCKETS = 4096;

/**
 * The exact scores of a one-feature forest: the score of one variable is a step function whose steps are the
 * thresholds of all trees, so a lookup replaces the walk. Sums are added in the order of the trees, as the kernel does,
 * and are therefore equal to it bit for bit.
 */
export class ScoreTable {
  /** Distinct thresholds, ascending; interval k holds the x with steps[k - 1] < x <= steps[k]. */
  private readonly steps: Float32Array;
  private readonly scores: Float64Array;
  /** First interval that a value of the bucket can fall into; one entry more than buckets. */
  private readonly firstOfBucket: Uint32Array;
  private readonly lowest: number;
  private readonly bucketsPerUnit: number;

  private constructor(forest: IsolationForest, steps: Float32Array) {
    this.steps = steps;
    const sums = new Float64Array(steps.length + 1);
    for (const tree of forest.trees) {
      addPathLengths(tree, leafPathLengths(tree, forest.reference), steps, sums);
    }
    const denominator = pathLengthDenominator(forest);
    this.scores = sums.map((sum) => scoreOfPathLengths(sum, denominator));

    this.lowest = steps[0] ?? 0;
    const span = (steps[steps.length - 1] ?? 0) - this.lowest;
    this.bucketsPerUnit = span > 0 ? BUCKETS / span : 0;
    this.firstOfBucket = new Uint32Array(BUCKETS + 1).fill(steps.length);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.firstOfBucket[bucket] = lowerBound(steps, this.lowest + (bucket * span) / BUCKETS, 0, steps.length);
    }
  }

  /** @returns the table, or undefined where the forest has several features or more steps than are worth a table. */
  static of(forest: IsolationForest): ScoreTable | undefined {
    if (forest.dimension !== 1) return undefined;
    const steps = new Set<number>();
    for (const tree of forest.trees) for (const threshold of tree.threshold) steps.add(threshold);
    if (steps.size > MAX_THRESHOLDS) return undefined;
    return new ScoreTable(forest, Float32Array.from(steps).sort());
  }

  /** @param values one row: a single number, not NaN. */
  score(values: ArrayLike<number>): number {
    const x = Math.fround(values[0] as number);
    const { steps } = this;
    const position = (x - this.lowest) * this.bucketsPerUnit;
    const bucket = position > 0 ? Math.min(BUCKETS - 1, Math.floor(position)) : 0;
    const first = this.firstOfBucket[bucket] as number;
    let interval = lowerBound(steps, x, first, this.firstOfBucket[bucket + 1] as number);
    // Where rounding put the value into a neighbouring bucket.
    while (interval > 0 && (steps[interval - 1] as number) >= x) interval--;
    while (interval < steps.length && (steps[interval] as number) < x) interval++;
    return this.scores[interval] as number;
  }
}

/** First index in [from, to] whose value is not below x. */
function lowerBound(ascending: Float32Array, x: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds the tree's path length to every interval of the table. */
function addPathLengths(tree: IsolationTree, lengths: Float64Array, steps: Float32Array, sums: Float64Array): void {
  const nodes = tree.feature.length;
  const from = new Int32Array(nodes);
  const to = new Int32Array(nodes);
  to[0] = steps.length;
  let inner = 0;
  let leaves = 0;
  for (let i = 0; i < nodes; i++) {
    const start = from[i] as number;
    const end = to[i] as number;
    if ((tree.feature[i] as number) < 0) {
      const pathLength = lengths[leaves++] as number;
      for (let k = start; k <= end; k++) sums[k] = (sums[k] as number) + pathLength;
      continue;
    }
    const step = lowerBound(steps, tree.threshold[inner] as number, 0, steps.length);
    const child = 2 * inner++ + 1;
    from[child] = start;
    to[child] = Math.min(end, step);
    from[child + 1] = Math.max(start, step + 1);
    to[child + 1] = end;
  }
}
