import { leafDepths, type SplitTree } from "./split-tree.js";

/** One isolation tree. */
export interface IsolationTree extends SplitTree {
  /** Per leaf, in node order: number of rows of the sub-sample that ended in it; 0 only where rows had a weight of 0. */
  leafSize: Int32Array;
}

export interface IsolationForest {
  /** Number of features. */
  dimension: number;
  /** Rows each tree was grown on (psi in the paper). */
  sampleSize: number;
  trees: IsolationTree[];
  /** What another program computed, where its last bits are to be kept. */
  reference?: PathLengthReference;
}

/** Path lengths as scikit-learn has computed them: its logarithm may differ from ours in the last bit. */
export interface PathLengthReference {
  /** Average path length by number of rows, one entry for every leaf size. */
  averagePathLengths: ReadonlyMap<number, number>;
  /** Trees times the average path length of `sampleSize`; 0 where each tree saw a single row. */
  denominator: number;
}

/** Features of a model that we train; the scoring kernel keeps a feature's index in eight bits. */
export const MAX_FEATURES = 256;

/** Features of a model that was trained elsewhere. */
export const MAX_IMPORTED_FEATURES = 8192;

const EULER_GAMMA = 0.5772156649015329;

/**
 * Mean path length of an unsuccessful search in a binary search tree of `size` rows, c(n) in
 * Liu, Ting, Zhou, "Isolation Forest" (ICDM 2008), equation 1, with scikit-learn's values for 1 (0) and 2 (1).
 */
export function averagePathLength(size: number): number {
  if (size <= 1) return 0;
  if (size === 2) return 1;
  return 2 * (Math.log(size - 1) + EULER_GAMMA) - (2 * (size - 1)) / size;
}

/** The paper's height limit: a row deeper than the average tree is ordinary, wherever exactly it would end. */
export function heightLimit(sampleSize: number): number {
  return Math.ceil(Math.log2(Math.max(sampleSize, 2)));
}

/** Per leaf, in node order: the path length of a row that ends in it. */
export function leafPathLengths(tree: IsolationTree, reference?: PathLengthReference): Float64Array {
  const depths = leafDepths(tree);
  return Float64Array.from(tree.leafSize, (size, leaf) => {
    const depth = depths[leaf] as number;
    const known = reference?.averagePathLengths.get(size);
    // scikit-learn counts the nodes of the path, adds, and takes one off: that order has its own rounding.
    return known === undefined ? depth + averagePathLength(size) : depth + 1 + known - 1;
  });
}

/** What the sum of path lengths over all trees is divided by. */
export function pathLengthDenominator({ trees, sampleSize, reference }: IsolationForest): number {
  return reference?.denominator ?? trees.length * averagePathLength(sampleSize);
}

/**
 * The paper's score 2^(-E(h) / c(psi)), 0 (ordinary) .. 1, for the sum of a row's path lengths over all trees.
 *
 * @param denominator see {@link pathLengthDenominator}; 0, from trees of a single row, gives 0.5, as in scikit-learn.
 */
export function scoreOfPathLengths(sum: number, denominator: number): number {
  return denominator === 0 ? 0.5 : 2 ** (-sum / denominator);
}

const oneFloat = new Float32Array(1);
const itsBits = new Int32Array(oneFloat.buffer);

/**
 * The largest 32-bit float that is not above `value`. For every 32-bit float x, `x <= value` and
 * `x <= floor32(value)` agree, so a threshold stored this way decides exactly as the 64-bit one does.
 */
export function floor32(value: number): number {
  oneFloat[0] = value;
  const rounded = oneFloat[0];
  if (rounded <= value) return rounded;
  if (rounded === 0) return -(2 ** -149);
  itsBits[0] = (itsBits[0] as number) + (rounded > 0 ? -1 : 1);
  return oneFloat[0];
}
