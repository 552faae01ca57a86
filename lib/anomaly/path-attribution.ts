import { type IsolationForest, leafPathLengths } from "./isolation-forest.js";
import type { SplitTree } from "./split-tree.js";

/** A tree and what its leaves say. */
export interface ValuedTree extends SplitTree {
  /** Per leaf: number of training rows, also fractional. */
  weight: ArrayLike<number>;
  /** Per leaf: lower means more unusual. */
  value: ArrayLike<number>;
}

interface Expectation {
  /** Per node: mean value over the training rows that passed it. */
  value: Float64Array;
  /** Per node: first child, 0 for a leaf. */
  child: Int32Array;
  threshold: Float32Array;
  feature: Int16Array;
}

function expectationOf(tree: ValuedTree): Expectation {
  const nodes = tree.feature.length;
  const child = new Int32Array(nodes);
  const threshold = new Float32Array(nodes);
  const value = new Float64Array(nodes);
  const weight = new Float64Array(nodes);
  let inner = 0;
  let leaves = 0;
  for (let i = 0; i < nodes; i++) {
    if ((tree.feature[i] as number) < 0) {
      weight[i] = tree.weight[leaves] as number;
      value[i] = tree.value[leaves++] as number;
      continue;
    }
    threshold[i] = tree.threshold[inner] as number;
    child[i] = 2 * inner++ + 1;
  }
  for (let i = nodes - 1; i >= 0; i--) {
    const first = child[i] as number;
    if (first === 0) continue;
    const left = weight[first] as number;
    const total = left + (weight[first + 1] as number);
    // A leaf may weigh nothing where rows had weights of 0.
    const share = total > 0 ? left / total : 0.5;
    weight[i] = total;
    value[i] = share * (value[first] as number) + (1 - share) * (value[first + 1] as number);
  }
  return { value, child, threshold, feature: tree.feature };
}

/** The values over their sum; all 0 where nothing is above 0. */
export function sharesOf(values: Float64Array): Float64Array {
  const credit = values.map((value) => Math.max(0, value));
  const total = credit.reduce((sum, value) => sum + value, 0);
  return total > 0 ? credit.map((value) => value / total) : credit;
}

/**
 * Explains what trees say: which features made a row unusual. Walking down a tree, each split changes the value to be
 * expected (an isolation forest's path length, a classifier's probability that all is normal); a split that lowers it
 * has set the row apart, and its feature is credited with the difference (Saabas, "Interpreting random forests", 2014).
 */
export class PathAttribution {
  private readonly expectations: Expectation[];

  constructor(
    private readonly dimension: number,
    trees: readonly ValuedTree[],
  ) {
    this.expectations = trees.map(expectationOf);
  }

  /** Credits the features whose splits shortened a row's paths. */
  static ofForest({ dimension, trees, reference }: IsolationForest): PathAttribution {
    return new PathAttribution(
      dimension,
      trees.map((tree) => ({ ...tree, weight: tree.leafSize, value: leafPathLengths(tree, reference) })),
    );
  }

  /**
   * @param values one row without NaN.
   * @returns one share per feature, at least 0, summing to 1, or all 0 where no split set the row apart.
   */
  shares(values: ArrayLike<number>): Float64Array {
    const credit = new Float64Array(this.dimension);
    for (const { value, child, threshold, feature } of this.expectations) {
      let node = 0;
      while (child[node] !== 0) {
        const split = feature[node] as number;
        const right = Math.fround(values[split] as number) > (threshold[node] as number);
        const following = (child[node] as number) + (right ? 1 : 0);
        credit[split] = (credit[split] as number) + (value[node] as number) - (value[following] as number);
        node = following;
      }
    }
    return sharesOf(credit);
  }
}
