/**
 * The splits of a binary tree in breadth-first order: node 0 is the root, and the children of the k-th inner node
 * (counted in node order from 0) are the nodes 2k + 1 and 2k + 2. Child indices are therefore implied: a stored tree
 * cannot hold a cycle, and siblings lie beside each other, as the scoring kernel needs them.
 */
export interface SplitTree {
  /** Per node: index of the feature it splits on, or -1 for a leaf. */
  feature: Int16Array;
  /** Per inner node, in node order: a row goes to the first child where float32(x) <= threshold. */
  threshold: Float32Array;
}

/** Walks trees one after another; for models whose depth or width the interleaved forest kernel is not made for. */
export class TreeWalker {
  readonly trees: number;
  /** First node of each tree. */
  private readonly roots: Int32Array;
  /** Per node: the feature, or -1 for a leaf. */
  private readonly features: Int16Array;
  private readonly thresholds: Float32Array;
  /** Per inner node its first child; per leaf its number within the tree. */
  private readonly next: Int32Array;

  constructor(trees: readonly SplitTree[]) {
    this.trees = trees.length;
    const nodes = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
    this.roots = new Int32Array(trees.length);
    this.features = new Int16Array(nodes);
    this.thresholds = new Float32Array(nodes);
    this.next = new Int32Array(nodes);
    let base = 0;
    for (const [t, tree] of trees.entries()) {
      this.roots[t] = base;
      this.features.set(tree.feature, base);
      let inner = 0;
      let leaves = 0;
      for (let i = 0; i < tree.feature.length; i++) {
        if ((tree.feature[i] as number) < 0) {
          this.next[base + i] = leaves++;
        } else {
          this.thresholds[base + i] = tree.threshold[inner] as number;
          this.next[base + i] = base + 2 * inner++ + 1;
        }
      }
      base += tree.feature.length;
    }
  }

  /** The number, within the tree, of the leaf that a row of 32-bit floats ends in. */
  leafOf(tree: number, row: Float32Array): number {
    const { features, thresholds, next } = this;
    let node = this.roots[tree] as number;
    for (let feature = features[node] as number; feature >= 0; feature = features[node] as number) {
      const right = (row[feature] as number) > (thresholds[node] as number);
      node = (next[node] as number) + (right ? 1 : 0);
    }
    return next[node] as number;
  }
}

/** Depth of every leaf, in leaf order; the root alone has depth 0. */
export function leafDepths(tree: SplitTree): Int32Array {
  const depths = new Int32Array(tree.feature.length);
  const leaves = new Int32Array(tree.feature.length - tree.threshold.length);
  let inner = 0;
  let leaf = 0;
  for (let i = 0; i < depths.length; i++) {
    if ((tree.feature[i] as number) < 0) {
      leaves[leaf++] = depths[i] as number;
      continue;
    }
    const child = 2 * inner++ + 1;
    depths[child] = (depths[i] as number) + 1;
    depths[child + 1] = depths[child] as number;
  }
  return leaves;
}
