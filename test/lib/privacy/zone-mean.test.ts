import assert from "node:assert/strict";
import fc from "fast-check";
import { clippedUnits, fromGrid, toGrid, ZoneMean } from "../../../lib/privacy/zone-mean.js";

const CLIP = [10, 45] as const;
const GRID = 10;

function meanOf(sensors: number[][]): bigint {
  const zone = new ZoneMean();
  for (const [index, samples] of sensors.entries()) {
    for (const sample of samples) zone.add(`sensor-${index}`, sample);
  }
  return zone.onGrid(GRID);
}

describe("zone mean", () => {
  it("gives each sensor the same weight, whatever its rate", () => {
    const slow = new Array(60).fill(20_000);
    const fast = new Array(600).fill(30_000);
    assert.equal(meanOf([slow, fast]), 2500n);
  });

  it("clips and rounds each reading first", () => {
    assert.equal(clippedUnits(1e308, CLIP), 45_000);
    assert.equal(clippedUnits(-40, CLIP), 10_000);
    assert.equal(clippedUnits(25.0625, CLIP), 25_063);
    assert.equal(clippedUnits(-3.25, [-40, 40]), -3250);
  });

  it("rounds halves up on either side of zero", () => {
    assert.equal(toGrid(25_005n, 1n, GRID), 2501n);
    assert.equal(toGrid(25_004n, 1n, GRID), 2500n);
    assert.equal(toGrid(-5n, 1n, GRID), 0n);
    assert.equal(toGrid(-6n, 1n, GRID), -1n);
    assert.equal(toGrid(-15n, 1n, GRID), -1n);
    assert.equal(toGrid(1n, 3n, 1), 0n);
    assert.equal(fromGrid(2503n, GRID), 25.03);
    assert.equal(fromGrid(-7n, GRID), -0.07);
  });

  it("is exact where doubles are not", () => {
    // (1/3 + 1/7 + 1/11) / 3 = 131/693: 0.189033..., times 1000 units is below 190 and rounds at a grid of 1 to 189.
    const third = [1000, 0, 0];
    const seventh = [1000, 0, 0, 0, 0, 0, 0];
    const eleventh = [1000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const zone = new ZoneMean();
    for (const [index, samples] of [third, seventh, eleventh].entries()) {
      for (const sample of samples) zone.add(`s${index}`, sample);
    }
    assert.equal(zone.onGrid(1), 189n);
  });

  it("has no value without a sensor, and forgets at the end of an interval", () => {
    const zone = new ZoneMean();
    assert.throws(() => zone.onGrid(GRID), RangeError);
    zone.add("a", 25_000);
    assert.equal(zone.live, 1);
    zone.clear();
    assert.equal(zone.live, 0);
  });

  it("keeps sums, never readings", () => {
    const zone = new ZoneMean();
    for (let i = 0; i < 1000; i++) zone.add("a", 20_000 + i);
    assert.deepEqual(Object.values(zone), [new Map([["a", { sum: 20_499_500, count: 1000 }]])]);
  });

  it("moves by no more than the calibrated sensitivity between neighbouring streams", () => {
    // Neighbours: the interval means of the sensors differ by at most S in sum. Here S = 2 K, K = 8: 25 grid units.
    const sensor = fc.array(fc.integer({ min: 10_000, max: 43_000 }), { minLength: 1, maxLength: 12 });
    let largest = 0n;
    fc.assert(
      fc.property(
        fc.array(sensor, { minLength: 8, maxLength: 8 }),
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 8, maxLength: 8 }),
        fc.boolean(),
        (sensors, shares, up) => {
          const total = Math.max(
            1,
            shares.reduce((sum, share) => sum + share, 0),
          );
          const shift = shares.map((share) => Math.floor((2000 * share) / total) * (up ? 1 : -1));
          const neighbour = sensors.map((samples, i) => samples.map((sample) => sample + shift[i]!));
          const moved = meanOf(sensors) - meanOf(neighbour);
          const distance = moved < 0n ? -moved : moved;
          if (distance > largest) largest = distance;
          return distance <= 25n;
        },
      ),
      { seed: 4, numRuns: 2000 },
    );
    assert.equal(largest, 25n, "the bound is reached, so a smaller one would be wrong");
  });
});
