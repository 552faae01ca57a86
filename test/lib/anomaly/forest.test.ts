import assert from "node:assert/strict";
import fc from "fast-check";
import { ForestKernel } from "../../../lib/anomaly/forest-kernel.js";
import { growForest } from "../../../lib/anomaly/grow-forest.js";
import {
  averagePathLength,
  floor32,
  type IsolationForest,
  type IsolationTree,
} from "../../../lib/anomaly/isolation-forest.js";
import { PathAttribution } from "../../../lib/anomaly/path-attribution.js";
import { ScoreTable } from "../../../lib/anomaly/score-table.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { gaussianRows, rowsOf } from "./support.js";

const OPTIONS = { trees: 100, sampleSize: 256 };

function grow(rows: Float64Array, dimension: number, seed = 1, options = OPTIONS): IsolationForest {
  return growForest(rows, dimension, options, new SeededRandom(seed));
}

/** The definition, node by node, as the paper writes it. */
function pathLength(tree: IsolationTree, row: Float64Array): number {
  let node = 0;
  let depth = 0;
  for (;;) {
    const before = tree.feature.subarray(0, node);
    const inner = before.filter((feature) => feature >= 0).length;
    const feature = tree.feature[node] as number;
    if (feature < 0) return depth + averagePathLength(tree.leafSize[node - inner] as number);
    const goesLeft = Math.fround(row[feature] as number) <= (tree.threshold[inner] as number);
    node = 2 * inner + (goesLeft ? 1 : 2);
    depth++;
  }
}

function depthOf(tree: IsolationTree): number {
  const depths = [0];
  let inner = 0;
  for (const [node, feature] of tree.feature.entries()) {
    if (feature < 0) continue;
    depths[2 * inner + 1] = (depths[node] as number) + 1;
    depths[2 * inner + 2] = (depths[node] as number) + 1;
    inner++;
  }
  return Math.max(...depths);
}

describe("isolation forest", () => {
  it("has the paper's average path lengths, with 0 for one row and 1 for two", () => {
    assert.deepEqual([0, 1, 2].map(averagePathLength), [0, 0, 1]);
    // c(n) evaluated from the paper's formula with Python.
    assert.ok(Math.abs(averagePathLength(5) - 2.327020052042847) < 1e-12);
    assert.ok(Math.abs(averagePathLength(256) - 10.244770920119917) < 1e-12);
  });

  it("sub-samples every tree and limits its height", () => {
    const forest = grow(gaussianRows(10_000, 3, 1), 3);
    assert.equal(forest.sampleSize, 256);
    for (const tree of forest.trees) {
      assert.equal(
        tree.leafSize.reduce((sum, size) => sum + size, 0),
        256,
      );
      assert.ok(depthOf(tree) <= 8);
    }
    assert.ok(forest.trees.some((tree) => depthOf(tree) === 8));
  });

  it("draws without replacement: a sample as large as the data holds every row once", () => {
    const rows = Float64Array.from({ length: 64 }, (_, i) => i);
    const [tree] = grow(rows, 1, 3, { trees: 1, sampleSize: 64 }).trees as [IsolationTree];
    const table = rowsOf(rows, 1).map((row) => pathLength(tree, row));
    assert.ok(tree.leafSize.length > 6);
    assert.ok(table.every((length) => length >= 1));
    // Rows drawn twice would leave other rows out, whose leaves would then count fewer rows than fall into them.
    const fallen = new Map<number, number>();
    for (const row of rows) {
      let node = 0;
      while ((tree.feature[node] as number) >= 0) {
        const inner = tree.feature.subarray(0, node).filter((feature) => feature >= 0).length;
        node = 2 * inner + (row <= (tree.threshold[inner] as number) ? 1 : 2);
      }
      fallen.set(node, (fallen.get(node) ?? 0) + 1);
    }
    const leaves = [...tree.feature.keys()].filter((node) => (tree.feature[node] as number) < 0);
    assert.deepEqual(
      leaves.map((node) => fallen.get(node) ?? 0),
      Array.from(tree.leafSize),
    );
  });

  it("never splits on a constant feature and leaves no side of a split empty", () => {
    const rows = gaussianRows(500, 3, 5);
    for (let i = 1; i < rows.length; i += 3) rows[i] = 7;
    const forest = grow(rows, 3);
    for (const tree of forest.trees) {
      assert.ok(!tree.feature.includes(1));
      assert.ok(tree.leafSize.every((size) => size >= 1));
    }
    const constant = grow(new Float64Array(300).fill(25), 1);
    assert.ok(constant.trees.every((tree) => tree.feature.length === 1 && tree.leafSize[0] === 256));
  });

  it("is determined by its seed", () => {
    const rows = gaussianRows(1000, 2, 1);
    assert.deepEqual(grow(rows, 2, 7), grow(rows, 2, 7));
    assert.notDeepEqual(grow(rows, 2, 7), grow(rows, 2, 8));
  });

  it("scores by the definition, for any number of trees", () => {
    for (const trees of [1, 7, 8, 9, 100]) {
      const rows = gaussianRows(600, 3, trees);
      const forest = grow(rows, 3, trees, { trees, sampleSize: 200 });
      const kernel = new ForestKernel(forest);
      const probes = [...rowsOf(rows.subarray(0, 60), 3), Float64Array.of(1e300, -1e300, 0)];
      for (const row of probes) {
        const sum = forest.trees.reduce((total, tree) => total + pathLength(tree, row), 0);
        assert.equal(kernel.score(row), 2 ** (-sum / (trees * averagePathLength(200))));
      }
    }
  });

  it("keeps the median score of normal rows from 256 to 10,000 training rows", () => {
    const medians = [256, 1000, 10_000].map((count) => {
      const rows = gaussianRows(count, 3, count);
      const kernel = new ForestKernel(grow(rows, 3));
      const scores = rowsOf(rows.subarray(0, 3 * 256), 3).map((row) => kernel.score(row));
      return scores.sort((a, b) => a - b)[128] as number;
    });
    assert.ok(Math.max(...medians) - Math.min(...medians) < 0.03, medians.join(" "));
    assert.ok((medians[0] as number) > 0.4 && (medians[0] as number) < 0.5);
  });

  it("has a score table for one feature that equals the trees at every threshold and its neighbours", () => {
    for (const [seed, round] of [
      [1, 1000],
      [2, 1],
      [3, 1e6],
    ] as const) {
      const rows = gaussianRows(2000, 1, seed).map((x) => Math.round(x * round) / round);
      rows[0] = 1e30; // squeezes all other thresholds into one bucket
      const forest = grow(seed === 3 ? rows : rows.subarray(1), 1, seed);
      const kernel = new ForestKernel(forest);
      const table = ScoreTable.of(forest) as ScoreTable;
      const neighbours = new Int32Array(1);
      const float = new Float32Array(neighbours.buffer);
      let probes = 0;
      const compare = (x: number) => {
        probes++;
        assert.equal(table.score([x]), kernel.score([x]), `at ${x}`);
      };
      for (const tree of forest.trees) {
        for (const threshold of tree.threshold) {
          compare(threshold);
          for (const step of [-1, 1]) {
            float[0] = threshold;
            neighbours[0] = (neighbours[0] as number) + step;
            if (Number.isFinite(float[0])) compare(float[0] as number);
          }
          compare(threshold + Math.abs(threshold) * 2 ** -26);
        }
      }
      for (const x of [-1e300, 1e300, 0, -0, Number.MAX_VALUE, -1e-300]) compare(x);
      assert.ok(probes > 1000);
    }
    assert.equal(ScoreTable.of(grow(gaussianRows(100, 2, 1), 2)), undefined);
    const constant = grow(new Float64Array(100).fill(1), 1);
    assert.equal(ScoreTable.of(constant)?.score([5]), new ForestKernel(constant).score([5]));
  });

  it("stores a threshold as the largest 32-bit float below it, which decides alike for every 32-bit float", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -3.4e38, max: 3.4e38 }), fc.float({ noNaN: true }), (t, x) => {
        const stored = floor32(t);
        assert.equal(stored, Math.fround(stored));
        assert.ok(stored <= t);
        assert.equal(x <= stored, x <= t);
        const near = Math.fround(t);
        assert.equal(near <= stored, near <= t);
      }),
      { seed: 11, numRuns: 2000 },
    );
    assert.equal(floor32(-1e-300), -(2 ** -149));
  });

  it("credits the feature that isolates a row", () => {
    const rows = gaussianRows(1000, 4, 9);
    const attribution = PathAttribution.ofForest(grow(rows, 4));
    for (let odd = 0; odd < 4; odd++) {
      const row = new Float64Array(4);
      row[odd] = 9;
      const shares = attribution.shares(row);
      assert.ok((shares[odd] as number) > 0.7, shares.join(" "));
      assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
    }
  });
});
