import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { HeavyHitters } from "../../../lib/monitor/heavy-hitters.js";

function count(hitters: HeavyHitters<{ seen: number }>, key: string): void {
  hitters.add(
    key,
    () => ({ key, details: { seen: 1 } }),
    (details) => {
      details.seen++;
    },
  );
}

describe("heavy hitters", () => {
  it("counts exactly while there is a counter for every key", () => {
    const hitters = new HeavyHitters<{ seen: number }>(3);
    for (const key of ["a", "b", "a", "__proto__", "a", "b"]) count(hitters, key);
    const found = Object.fromEntries(hitters.entries().map(({ key, count, error }) => [`<${key}>`, [count, error]]));
    assert.deepEqual(found, { "<a>": [3, 0], "<b>": [2, 0], "<__proto__>": [1, 0] });
  });

  it("keeps the promises of Space-Saving on a skewed stream with many keys", () => {
    const capacity = 64;
    const hitters = new HeavyHitters<{ seen: number }>(capacity);
    const random = new SeededRandom(1);
    const truth = new Map<string, number>();
    const total = 50_000;
    for (let i = 0; i < total; i++) {
      // A third of them from 20 keys, the others from keys that hardly ever come twice.
      const key = random.uniform() < 1 / 3 ? `k${Math.floor(20 * random.uniform() ** 2)}` : `x${random.integer(1e6)}`;
      truth.set(key, (truth.get(key) ?? 0) + 1);
      count(hitters, key);
    }
    const entries = hitters.entries();
    assert.equal(entries.length, capacity);
    assert.equal(
      entries.reduce((sum, entry) => sum + entry.count, 0),
      total,
      "the counters add up to the stream",
    );
    for (const { key, count: upper, error } of entries) {
      const real = truth.get(key) ?? 0;
      assert.ok(real <= upper && real >= upper - error, `${key}: ${real} is not in ${upper - error}..${upper}`);
      assert.ok(error <= total / capacity, `${key}: error ${error}`);
    }
    const monitored = new Set(entries.map(({ key }) => key));
    const heavy = [...truth].filter(([, real]) => real > total / capacity).map(([key]) => key);
    assert.ok(heavy.length >= 5, `only ${heavy.length} heavy keys`);
    for (const key of heavy) assert.ok(monitored.has(key), `${key} has no counter`);
  });

  it("begins anew for the key that takes a counter over", () => {
    const hitters = new HeavyHitters<{ seen: number }>(2);
    for (const key of ["a", "a", "b", "c"]) count(hitters, key);
    const taken = hitters.entries().find(({ key }) => key === "c");
    assert.deepEqual([taken?.count, taken?.error, taken?.details.seen], [2, 1, 1]);
    assert.ok(!hitters.entries().some(({ key }) => key === "b"));
  });
});
