import assert from "node:assert/strict";
import fc from "fast-check";
import { KdTree } from "../../../../lib/anomaly/classify/kd-tree.js";
import { NeighbourClassifier } from "../../../../lib/anomaly/classify/neighbours.js";
import { SeededRandom } from "../../../../lib/common/seeded-random.js";

function bruteForce(points: Float64Array, dimension: number, query: readonly number[], k: number) {
  const all = Array.from({ length: points.length / dimension }, (_, i) => {
    let squared = 0;
    for (let f = 0; f < dimension; f++) squared += ((query[f] as number) - (points[i * dimension + f] as number)) ** 2;
    return { i, squared };
  });
  return all.sort((a, b) => a.squared - b.squared || a.i - b.i).slice(0, k);
}

describe("nearest neighbours", () => {
  it("are those of a search through all points, in the same order, also among equal points", () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.constantFrom(1, 2, 5, 30),
        fc.constantFrom(1, 40, 400),
        (seed, dimension, count) => {
          const random = new SeededRandom(seed);
          const step = seed % 3;
          const value = () => (step === 0 ? random.gaussian() : random.integer(2 + step));
          const points = Float64Array.from({ length: count * dimension }, value);
          const tree = new KdTree(points, dimension);
          const k = Math.min(count, 1 + (seed % 9));
          for (let q = 0; q < 5; q++) {
            const query = Array.from({ length: dimension }, value);
            const expected = bruteForce(points, dimension, query, k);
            const { index, squared } = tree.nearest(query, k);
            assert.deepEqual(
              [...index],
              expected.map(({ i }) => i),
            );
            assert.deepEqual(
              [...squared],
              expected.map((entry) => entry.squared),
            );
          }
        },
      ),
      { seed: 62, numRuns: 120 },
    );
  });

  it("keep apart many equal points without end", () => {
    const tree = new KdTree(new Float64Array(2 * 5000).fill(3), 2);
    assert.deepEqual([...tree.nearest([0, 0], 3).index], [0, 1, 2]);
  });

  it("vote, and the first class wins a draw", () => {
    const points = Float64Array.of(0, 1, 2, 10);
    const model = { dimension: 1, classes: 3, k: 2, points, labels: Int32Array.of(2, 1, 1, 0) };
    const vote = new NeighbourClassifier(model).classify([0.4]);
    assert.deepEqual([...vote.probabilities], [0, 0.5, 0.5]);
    assert.equal(vote.predicted, 1);
    assert.ok(Math.abs(vote.nearest - 0.4) < 1e-12);
  });
});
