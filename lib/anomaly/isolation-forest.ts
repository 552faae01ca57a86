/**
 * One isolation tree in breadth-first order: node 0 is the root, and the children of the k-th inner node (counted in
 * node order from 0) are the nodes 2k + 1 and 2k + 2. Child indices are therefore implied: a stored tree cannot hold
 * a cycle, and siblings lie beside each other, as the scoring kernel needs them.
 */
export interface IsolationTree {
  /** Per node: index of the feature it splits on, or -1 for a leaf. */
  feature: Int16Array;
  /** Per inner node, in node order: a row goes to the first child where float32(x) <= threshold. */
  threshold: Float32Array;
  /** Per leaf, in node order: number of rows of the sub-sample that ended in it, at least 1. */
  leafSize: Int32Array;
}

export interface IsolationForest {
  /** Number of features, 1..{@link MAX_FEATURES}. */
  dimension: number;
  /** Rows each tree was grown on (psi in the paper). */
  sampleSize: number;
  trees: IsolationTree[];
}

/** The scoring kernel keeps a feature's index in eight bits. */
export const MAX_FEATURES = 256;

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

/** The paper's score 2^(-E(h) / c(psi)), 0 (ordinary) .. 1, for the sum of a row's path lengths over all trees. */
export function scoreOfPathLengths(sum: number, trees: number, sampleSize: number): number {
  return 2 ** (-sum / (trees * averagePathLength(sampleSize)));
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
