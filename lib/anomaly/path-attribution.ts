import { averagePathLength, type IsolationForest } from "./isolation-forest.js";

interface Expectation {
  /** Per node: mean total path length of the training rows that passed it. */
  pathLength: Float64Array;
  /** Per node: first child, 0 for a leaf. */
  child: Int32Array;
  threshold: Float64Array;
}

/**
 * Explains scores: which features shortened a row's paths. Walking down a tree, each split changes the path length to
 * be expected; a split that lowers it has isolated the row, and its feature is credited with the difference
 * (Saabas, "Interpreting random forests", 2014, applied to path lengths).
 */
export class PathAttribution {
  private readonly expectations: Expectation[];

  constructor(private readonly forest: IsolationForest) {
    this.expectations = forest.trees.map((tree) => {
      const nodes = tree.feature.length;
      const child = new Int32Array(nodes);
      const depth = new Int32Array(nodes);
      const threshold = new Float64Array(nodes);
      const pathLength = new Float64Array(nodes);
      const rows = new Float64Array(nodes);
      let inner = 0;
      let leaves = 0;
      for (let i = 0; i < nodes; i++) {
        if ((tree.feature[i] as number) < 0) {
          rows[i] = tree.leafSize[leaves++] as number;
          pathLength[i] = (depth[i] as number) + averagePathLength(rows[i] as number);
          continue;
        }
        threshold[i] = tree.threshold[inner] as number;
        const first = 2 * inner++ + 1;
        child[i] = first;
        depth[first] = (depth[i] as number) + 1;
        depth[first + 1] = depth[first] as number;
      }
      for (let i = nodes - 1; i >= 0; i--) {
        const first = child[i] as number;
        if (first === 0) continue;
        const left = rows[first] as number;
        const right = rows[first + 1] as number;
        rows[i] = left + right;
        const total = left * (pathLength[first] as number) + right * (pathLength[first + 1] as number);
        pathLength[i] = total / (left + right);
      }
      return { pathLength, child, threshold };
    });
  }

  /**
   * @param values one row without NaN.
   * @returns one share per feature, at least 0, summing to 1, or all 0 where no split isolated the row.
   */
  shares(values: ArrayLike<number>): Float64Array {
    const credit = new Float64Array(this.forest.dimension);
    for (const [t, { pathLength, child, threshold }] of this.expectations.entries()) {
      const features = this.forest.trees[t]?.feature as Int16Array;
      let node = 0;
      while (child[node] !== 0) {
        const feature = features[node] as number;
        const right = Math.fround(values[feature] as number) > (threshold[node] as number);
        const following = (child[node] as number) + (right ? 1 : 0);
        const gain = (pathLength[node] as number) - (pathLength[following] as number);
        credit[feature] = (credit[feature] as number) + gain;
        node = following;
      }
    }
    let total = 0;
    for (const [f, value] of credit.entries()) {
      credit[f] = Math.max(0, value);
      total += credit[f] as number;
    }
    return total > 0 ? credit.map((value) => value / total) : credit;
  }
}
