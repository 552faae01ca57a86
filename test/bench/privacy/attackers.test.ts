import assert from "node:assert/strict";
import { fitBoostedTrees, predictBoostedTrees } from "../../../bench/privacy/attackers/boosted-trees.js";
import { FEATURES, lagFeatures } from "../../../bench/privacy/attackers/features.js";
import {
  areaUnder,
  judge,
  quantile,
  rocCurve,
  rSquared,
  trueRateAt,
} from "../../../bench/privacy/attackers/metrics.js";
import { movingAverage } from "../../../bench/privacy/experiments/averaging.js";
import { jobResponse, NIGHTS, RECURRENCE_CASES, recurrence } from "../../../bench/privacy/experiments/recurrence.js";
import { scoreAlarms } from "../../../bench/privacy/simulation/alarms.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";

/** y = sin(3 x0) where x1 > 0, else x0^2: no straight line fits it. */
function crooked(seed: number, rows: number) {
  const random = new SeededRandom(seed);
  const values = Float64Array.from({ length: rows * 3 }, () => 2 * random.uniform() - 1);
  const target = Float64Array.from({ length: rows }, (_, r) => {
    const [x0, x1] = [values[r * 3] as number, values[r * 3 + 1] as number];
    return (x1 > 0 ? Math.sin(3 * x0) : x0 ** 2) + random.gaussian(0, 0.05);
  });
  return { table: { rows, columns: 3, values }, target };
}

describe("boosted trees", () => {
  it("learn a crooked function from rows they have not seen", () => {
    const model = fitBoostedTrees(crooked(1, 1500), crooked(2, 400), { seed: 1, leafRows: 10 });
    const test = crooked(3, 400);
    assert.ok(rSquared(test.target, predictBoostedTrees(model, test.table)) > 0.9);
  });

  it("stay near the mean where there is nothing to learn", () => {
    const noise = (seed: number) => {
      const random = new SeededRandom(seed);
      const { table } = crooked(seed, 400);
      return { table, target: Float64Array.from({ length: 400 }, () => random.gaussian()) };
    };
    const model = fitBoostedTrees(noise(1), noise(2), { seed: 1 });
    const test = noise(3);
    const r2 = rSquared(test.target, predictBoostedTrees(model, test.table));
    assert.ok(r2 < 0.05 && r2 > -0.1, String(r2));
  });

  it("are equal for equal seeds", () => {
    const train = (seed: number) =>
      predictBoostedTrees(fitBoostedTrees(crooked(1, 300), crooked(2, 100), { seed, trees: 20 }), crooked(3, 50).table);
    assert.deepEqual(train(4), train(4));
    assert.notDeepEqual(train(4), train(5));
  });
});

describe("the attackers' metrics", () => {
  it("R2 is 1, 0 and negative where it must be", () => {
    const truth = Float64Array.of(1, 2, 3);
    assert.equal(rSquared(truth, truth), 1);
    assert.equal(rSquared(truth, Float64Array.of(2, 2, 2)), 0);
    assert.equal(rSquared(truth, Float64Array.of(3, 2, 1)), -3);
  });

  it("AUC and the true positive rate agree with counting by hand", () => {
    // Positives score 0.9, 0.7, 0.4; negatives 0.8, 0.3, 0.2, 0.1: 10 of the 12 pairs are in order.
    const scores = Float64Array.of(0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.1);
    const curve = rocCurve(scores, Uint8Array.of(1, 0, 1, 1, 0, 0, 0));
    assert.ok(Math.abs(areaUnder(curve) - 10 / 12) < 1e-12);
    assert.equal(trueRateAt(curve, 0), 1 / 3);
    assert.equal(trueRateAt(curve, 0.25), 1);
    assert.ok(Math.abs(trueRateAt(curve, 0.1) - 1 / 3) < 1e-12);
  });

  it("a tie counts half, and goes in a straight line", () => {
    const curve = rocCurve(Float64Array.of(5, 5, 5, 5), Uint8Array.of(1, 0, 1, 0));
    assert.equal(areaUnder(curve), 0.5);
    assert.ok(Math.abs(trueRateAt(curve, 0.1) - 0.1) < 1e-12);
    assert.throws(() => rocCurve(Float64Array.of(1, 2), Uint8Array.of(1, 1)), RangeError);
  });

  it("judges the top fifth of the load", () => {
    const load = Float64Array.from({ length: 10 }, (_, i) => i / 10);
    assert.equal(quantile(load, 0.8), 0.7);
    assert.deepEqual(judge(load, load), { r2: 1, auc: 1, balancedAccuracy: 1, truePositiveRate: 1 });
    const blind = judge(load, new Float64Array(10).fill(0.45));
    assert.equal(blind.auc, 0.5);
    assert.equal(blind.balancedAccuracy, 0.5);
  });
});

describe("features", () => {
  it("are means around each row, of the known blocks", () => {
    const held = Float64Array.from({ length: 600 }, (_, block) => block);
    held[301] = Number.NaN;
    const { rows, columns, values } = lagFeatures(held, 200, 3, 10);
    assert.deepEqual([rows, columns], [200, FEATURES]);
    const row = values.subarray(100 * FEATURES, 101 * FEATURES);
    // The shortest window at the row itself holds its three blocks, of which the middle one is unknown.
    assert.equal(row[5], 301);
    assert.equal(row[4], 298);
    // One minute, centred: blocks 298.5 .. 304.5, rounded to 299..304 without 301.
    assert.ok(Math.abs((row[16] as number) - (299 + 300 + 302 + 303 + 304) / 5) < 1e-12);
  });
});

describe("averaging, recurrence and alarms", () => {
  it("moving averages are centred and shorter at the ends", () => {
    assert.deepEqual([...movingAverage(Float64Array.of(1, 2, 3, 4, 9), 3)], [1.5, 2, 3, 16 / 3, 6.5]);
    assert.deepEqual([...movingAverage(Float64Array.of(1, 2, 3), 1)], [1, 2, 3]);
  });

  it("a ten-minute job warms its inlet by 1.6 K", () => {
    const response = jobResponse(60);
    assert.ok(Math.abs(Math.max(...response) - 1.63) < 0.03);
    assert.ok((response.at(-1) as number) < 0.02);
  });

  it("nights fold as the bound says: more nights show more, never more than the bound", () => {
    for (const one of RECURRENCE_CASES) {
      const { auc, bound } = recurrence(one, { seed: 1, nights: 80, trials: 1500 });
      assert.equal(auc.length, NIGHTS.length);
      for (const [i, value] of auc.entries()) {
        // Three standard errors of an area estimated from 1500 of each kind.
        assert.ok(value <= (bound[i] as number) + 0.03, `${one.name}: ${value} > ${bound[i]}`);
        if (i > 0) assert.ok(value >= (auc[i - 1] as number));
      }
      assert.ok((auc.at(-1) as number) > 0.99);
    }
  });

  it("alarms are matched with overheats that they overlap", () => {
    const truth = [
      { onSec: 100, offSec: 200 },
      { onSec: 1000, offSec: 1100 },
    ];
    const alarms = [
      { onSec: 103, offSec: 150 },
      { onSec: 160, offSec: 210 },
      { onSec: 500, offSec: 520 },
    ];
    assert.deepEqual(scoreAlarms(truth, alarms, 2), {
      overheats: 2,
      found: 1,
      falseAlarms: 1,
      days: 2,
      delaysSec: [3],
    });
  });
});
