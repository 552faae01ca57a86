import fc from "fast-check";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { names } from "./support.js";

/** What models/export_sklearn.py writes, made here: small random models with scikit-learn's arrays. */
export type Export = Record<string, unknown>;

interface SklearnTree extends Record<string, unknown> {
  children_left: number[];
  children_right: number[];
  feature: number[];
  threshold: number[];
}

export const EXPORT_KINDS = [
  "isolation-forest",
  "decision-tree",
  "random-forest",
  "k-nearest-neighbours",
  "one-class-svm",
] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

const EULER_GAMMA = 0.5772156649015329;
const DEPTH = 4;
const CLASSES = ["normal", "scan", "flood"];

function averagePathLength(n: number): number {
  if (n <= 2) return n === 2 ? 1 : 0;
  return 2 * (Math.log(n - 1) + EULER_GAMMA) - (2 * (n - 1)) / n;
}

/** Depth-first, as scikit-learn numbers its nodes. */
function randomTree(random: SeededRandom, dimension: number): SklearnTree {
  const tree: SklearnTree = { children_left: [], children_right: [], feature: [], threshold: [] };
  const grow = (depth: number): number => {
    const node = tree.feature.push(-1) - 1;
    tree.children_left.push(-1);
    tree.children_right.push(-1);
    tree.threshold.push(0);
    if (depth === DEPTH || random.uniform() < 0.2) return node;
    tree.feature[node] = random.integer(dimension);
    tree.threshold[node] = random.gaussian();
    tree.children_left[node] = grow(depth + 1);
    tree.children_right[node] = grow(depth + 1);
    return node;
  };
  grow(0);
  return tree;
}

const isLeaf = (tree: SklearnTree, node: number) => (tree.children_left[node] as number) < 0;
const leavesOf = (tree: SklearnTree) => [...tree.feature.keys()].filter((node) => isLeaf(tree, node));

function pathOf(tree: SklearnTree, row: readonly number[]): number[] {
  const path = [0];
  for (let node = 0; !isLeaf(tree, node); path.push(node)) {
    const left = Math.fround(row[tree.feature[node] as number] as number) <= (tree.threshold[node] as number);
    node = (left ? tree.children_left[node] : tree.children_right[node]) as number;
  }
  return path;
}

function isolationForest(random: SeededRandom, dimension: number) {
  const trees = Array.from({ length: 3 }, () => {
    const tree = randomTree(random, dimension);
    return { ...tree, n_node_samples: tree.feature.map(() => 1 + random.integer(20)) };
  });
  const sizes = new Set(trees.flatMap((tree) => leavesOf(tree).map((node) => tree.n_node_samples[node] as number)));
  const denominator = trees.length * averagePathLength(64);
  const offset = -0.5;
  const depthOf = (row: readonly number[]) =>
    trees.reduce((sum, tree) => {
      const path = pathOf(tree, row);
      const leaf = path.at(-1) as number;
      return sum + (path.length + averagePathLength(tree.n_node_samples[leaf] as number) - 1);
    }, 0);
  return {
    body: {
      max_samples: 64,
      offset,
      denominator,
      decision_depth: denominator,
      average_path_length: [...sizes].sort((a, b) => a - b).map((size) => [size, averagePathLength(size)]),
      trees,
    },
    score: (row: readonly number[]) => -(2 ** (-depthOf(row) / denominator)),
    label: (row: readonly number[]) => (depthOf(row) < denominator ? -1 : 1),
  };
}

function classifier(random: SeededRandom, dimension: number, isForest: boolean) {
  const trees = Array.from({ length: isForest ? 3 : 1 }, () => {
    const tree = randomTree(random, dimension);
    const shares = leavesOf(tree).map(() => {
      const counts = CLASSES.map(() => random.integer(9) + 1);
      const total = counts.reduce((sum, count) => sum + count, 0);
      return counts.map((count) => count / total);
    });
    const leaf_class = shares.map((list) => list.indexOf(Math.max(...list)));
    return { ...tree, weight: tree.feature.map(() => 1 + random.integer(9)), probability: shares, leaf_class };
  });
  const score = (row: readonly number[]) => {
    const sums = CLASSES.map(() => 0);
    for (const tree of trees) {
      const leaf = leavesOf(tree).indexOf(pathOf(tree, row).at(-1) as number);
      for (const [c, share] of (tree.probability[leaf] as number[]).entries()) sums[c] = (sums[c] as number) + share;
    }
    return sums.map((sum) => sum / trees.length);
  };
  const label = (row: readonly number[]) => score(row).indexOf(Math.max(...score(row)));
  return { body: { classes: CLASSES, anomaly_classes: null, trees }, score, label };
}

function neighbours(random: SeededRandom, dimension: number) {
  const points = Array.from({ length: 9 }, () => Array.from({ length: dimension }, () => random.gaussian()));
  const labels = points.map((_, i) => i % CLASSES.length);
  const k = 3;
  const score = (row: readonly number[]) => {
    const distances = points.map((point, i) => {
      const squared = point.reduce((sum, value, f) => sum + ((row[f] as number) - value) ** 2, 0);
      return { i, squared };
    });
    const votes = distances.sort((a, b) => a.squared - b.squared).slice(0, k);
    return CLASSES.map((_, c) => votes.filter(({ i }) => labels[i] === c).length / k);
  };
  const label = (row: readonly number[]) => score(row).indexOf(Math.max(...score(row)));
  return { body: { classes: CLASSES, anomaly_classes: null, n_neighbors: k, points, labels }, score, label };
}

function oneClassSvm(random: SeededRandom, dimension: number) {
  const vector = () => Array.from({ length: dimension }, () => random.gaussian());
  const support_vectors = Array.from({ length: 6 }, vector);
  const dual_coef = support_vectors.map(() => random.uniform());
  const gamma = 0.3;
  const offset = 0.8;
  const score = (row: readonly number[]) =>
    support_vectors.reduce((sum, support, k) => {
      const distance = support.reduce((total, value, f) => total + ((row[f] as number) - value) ** 2, 0);
      return sum + (dual_coef[k] as number) * Math.exp(-gamma * distance);
    }, 0);
  const machine = { kernel: "rbf", gamma, degree: 3, coef0: 0, support_vectors, dual_coef, intercept: -offset, offset };
  return { body: machine, score, label: (row: readonly number[]) => (score(row) > offset ? 1 : -1) };
}

/** What a kind's arrays are, and what scikit-learn would say of a row. */
interface Fixture {
  body: Export;
  score: (row: readonly number[]) => number | number[];
  label: (row: readonly number[]) => number;
}

function modelOf(kind: ExportKind, random: SeededRandom, dimension: number): Fixture {
  if (kind === "isolation-forest") return isolationForest(random, dimension);
  if (kind === "one-class-svm") return oneClassSvm(random, dimension);
  if (kind === "k-nearest-neighbours") return neighbours(random, dimension);
  return classifier(random, dimension, kind === "random-forest");
}

/** A random export, and what its arrays say of rows, computed node by node from the definitions. */
export function randomExport(kind: ExportKind, seed: number, dimension = 3) {
  const random = new SeededRandom(seed);
  const { body, score, label } = modelOf(kind, random, dimension);
  const rows = Array.from({ length: 10 }, () => Array.from({ length: dimension }, () => random.gaussian(0, 1.5)));
  const summary = { min: -3, max: 3, median: 0.1, mad: 0.7, mean: 0, sd: 1 };
  const content: Export = {
    format: "redoubt-sklearn-export",
    version: 1,
    kind,
    library: { name: "scikit-learn", version: "1.2.1" },
    feature_names: names(dimension),
    scaler: null,
    training: { rows: 100, features: names(dimension).map(() => summary) },
    check: { rows, scores: rows.map(score), labels: rows.map(label) },
    ...body,
  };
  return { content, rows, score, label };
}

/** JSON text that no exporter writes, to be put in place of a file or of a property. */
export const hostileJson = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("null", "true", "1e400", "-1e400", "NaN", "[]", "{}", '"\\ud800"', "-1", "0.5", "1e308", "9e15"),
    fc.string().map((text) => JSON.stringify(text)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => `[${items.join()}]`),
    fc
      .tuple(fc.constantFrom("__proto__", "constructor", "feature", "min", "rows", "x"), tie("value"))
      .map(([key, value]) => `{"${key}":${value}}`),
    fc.integer({ min: 1, max: 5000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  ),
})).value;

/** A copy with the value at a path such as `trees[0].feature[2]` replaced, or removed for `undefined`. */
export function changedAt(content: Export, path: string, value: unknown): Export {
  const copy = JSON.parse(JSON.stringify(content)) as Export;
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  const last = steps.pop() as string;
  const target = steps.reduce((at, step) => at[step] as Record<string, unknown>, copy as Record<string, unknown>);
  if (value === undefined) delete target[last];
  else target[last] = value;
  return copy;
}
