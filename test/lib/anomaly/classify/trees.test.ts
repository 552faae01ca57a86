import assert from "node:assert/strict";
import fc from "fast-check";
import { type FlowSet, rowAt } from "../../../../lib/anomaly/classify/flow-set.js";
import { growDecisionTree, growRandomForest } from "../../../../lib/anomaly/classify/grow-random-forest.js";
import { growTree } from "../../../../lib/anomaly/classify/grow-tree.js";
import { type ClassifierTree, TreeClassifier } from "../../../../lib/anomaly/tree-classifier.js";
import { SeededRandom } from "../../../../lib/common/seeded-random.js";
import { clouds, columnsOf, setOf } from "./support.js";

const classifier = (set: FlowSet, trees: ClassifierTree[]) =>
  new TreeClassifier({ dimension: set.featureNames.length, classes: set.classes.length, trees });

function hits(set: FlowSet, trees: ClassifierTree[]): number {
  const made = classifier(set, trees);
  return Array.from(set.labels).filter((label, i) => made.classify(rowAt(set, i)).predicted === label).length;
}

/** Weighted Gini impurity of a cut, from the definition. */
function impurityOf(set: FlowSet, feature: number, isLeft: (value: number) => boolean): number {
  const sides = [true, false].map((side) =>
    Array.from(set.labels).filter((_, i) => isLeft(rowAt(set, i)[feature] as number) === side),
  );
  return sides.reduce((sum, side) => {
    const gini =
      1 - set.classes.reduce((p, _, c) => p + (side.filter((label) => label === c).length / side.length) ** 2, 0);
    return sum + (side.length > 0 ? side.length * gini : 0);
  }, 0);
}

function leastImpurity(set: FlowSet): number {
  let least = Number.POSITIVE_INFINITY;
  for (let f = 0; f < set.featureNames.length; f++) {
    const values = [...new Set(Array.from(set.labels, (_, i) => rowAt(set, i)[f] as number))].sort((a, b) => a - b);
    for (const value of values.slice(0, -1))
      least = Math.min(
        least,
        impurityOf(set, f, (x) => x <= value),
      );
  }
  return least;
}

describe("trees that are grown here", () => {
  it("cut in the middle of two values and stop at pure leaves", () => {
    const set = setOf(
      [
        [1, 5],
        [2, 5],
        [4, 5],
        [9, 5],
      ],
      [0, 0, 1, 1],
    );
    const tree = growDecisionTree(columnsOf(set), {}, 1);
    assert.deepEqual([...tree.feature], [0, -1, -1]);
    assert.deepEqual([...tree.threshold], [3]);
    assert.deepEqual([...tree.leafWeight], [2, 2]);
    assert.deepEqual([...tree.probability], [1, 0, 0, 0, 1, 0]);
    assert.deepEqual([...(tree.leafClass ?? [])], [0, 1]);
  });

  it("take the cut of least Gini impurity at the root", () => {
    const value = fc.integer({ min: -3, max: 3 });
    const row = fc.tuple(fc.array(value, { minLength: 3, maxLength: 3 }), fc.nat(2));
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 30 }), fc.nat(1000), (rows, seed) => {
        const set = setOf(
          rows.map(([values]) => values),
          rows.map(([, label]) => label),
        );
        const tree = growDecisionTree(columnsOf(set), { maxDepth: 1 }, seed);
        const least = leastImpurity(set);
        if ((tree.feature[0] as number) < 0) {
          const isPure = new Set(set.labels).size < 2;
          assert.ok(isPure || least === Number.POSITIVE_INFINITY);
          return;
        }
        const cut = tree.threshold[0] as number;
        const ours = impurityOf(set, tree.feature[0] as number, (x) => x <= cut);
        assert.ok(Math.abs(ours - least) < 1e-9, `${ours} is not ${least}`);
      }),
      { seed: 61, numRuns: 300 },
    );
  });

  it("learn by heart whatever their values tell apart", () => {
    const set = clouds(300, 2);
    assert.equal(hits(set, [growDecisionTree(columnsOf(set), {}, 1)]), 300);
    const twins = setOf([[1], [1], [1], [2]], [0, 0, 1, 1]);
    const tree = growDecisionTree(columnsOf(twins), {}, 1);
    assert.deepEqual([...tree.probability.subarray(0, 2)], [2 / 3, 1 / 3]);
  });

  it("count a row as often as its weight says, and not at all for 0", () => {
    const set = setOf([[1], [2], [3], [4]], [0, 1, 2, 2]);
    const tree = growTree(columnsOf(set), Int32Array.of(3, 0, 1, 2), {}, new SeededRandom(1));
    assert.deepEqual([...tree.leafWeight], [3, 3]);
    assert.deepEqual([...tree.threshold], [2]);
  });

  it("keep to the limits", () => {
    const set = clouds(300, 3);
    const small = growDecisionTree(columnsOf(set), { minLeaf: 25 }, 1);
    assert.ok(small.leafWeight.length > 2 && small.leafWeight.every((rows) => rows >= 25));
    const shallow = growDecisionTree(columnsOf(set), { maxDepth: 2 }, 1);
    assert.ok(shallow.leafWeight.length <= 4);
  });

  it("are the same for the same seed, and vote better together on rows they have not seen", () => {
    const [train, test] = [clouds(300, 4), clouds(900, 5)];
    const grow = (seed: number, trees: number) => growRandomForest(columnsOf(train), trees, {}, seed);
    assert.deepEqual(grow(7, 3), grow(7, 3));
    assert.notDeepEqual(grow(7, 3), grow(8, 3));
    const alone = hits(test, [growDecisionTree(columnsOf(train), {}, 1)]);
    const together = hits(test, grow(1, 50));
    assert.ok(together >= alone && together > 850, `${alone}, ${together}`);
    assert.ok(grow(1, 2).every((tree) => tree.leafClass === undefined));
  });

  it("take values for equal that differ by less than rounding", () => {
    const set = setOf([[1], [1 + 2e-8], [1 + 4e-8]], [0, 1, 2]);
    assert.deepEqual([...growDecisionTree(columnsOf(set), {}, 1).feature], [-1]);
  });
});
