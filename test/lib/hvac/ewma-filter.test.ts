import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { EwmaFilter } from "../../../lib/hvac/ewma-filter.js";

const START = Date.UTC(2026, 0, 1);

/** A filter that is past its start-up average. */
function settledAt(value: number, tauSec: number): EwmaFilter {
  const filter = new EwmaFilter({ tauSec });
  for (let t = 0; t <= 5 * tauSec; t += tauSec / 100) filter.update(START + t * 1000, value);
  return filter;
}

describe("EwmaFilter", () => {
  for (const stepSec of [0.1, 1, 7, 60]) {
    it(`covers 1 - 1/e of a step after one time constant, sampled every ${stepSec} s`, () => {
      const filter = settledAt(20, 600);
      const from = filter.timestampMs as number;
      let value = 20;
      for (let t = stepSec; t <= 600 + 1e-9; t += stepSec) value = filter.update(from + t * 1000, 30).filtered;
      const covered = stepSec * Math.floor(600 / stepSec + 1e-9);
      assert.ok(Math.abs(value - (30 - 10 * Math.exp(-covered / 600))) < 1e-6, `${value}`);
    });
  }

  it("gives the same value for regular and irregular timestamps of one constant stretch", () => {
    const random = new SeededRandom(1);
    const regular = settledAt(20, 100);
    const irregular = settledAt(20, 100);
    const from = regular.timestampMs as number;
    for (let t = 1; t <= 200; t++) regular.update(from + t * 1000, 22);
    for (let t = 0; t < 200; ) {
      t = Math.min(200, t + 0.05 + random.exponential(3));
      irregular.update(from + t * 1000, 22);
    }
    assert.ok(Math.abs((regular.value as number) - (irregular.value as number)) < 1e-9);
  });

  it("averages evenly until a time constant has passed", () => {
    const filter = new EwmaFilter({ tauSec: 600 });
    for (const [i, value] of [24, 26, 28, 30].entries()) filter.update(START + i * 60_000, value);
    assert.ok(Math.abs((filter.value as number) - 27) < 1e-9);
  });

  it("rejects equal and older timestamps and stays as it was", () => {
    const filter = settledAt(25, 60);
    const { value, timestampMs } = filter;
    for (const late of [0, 1, 60_000]) {
      assert.throws(() => filter.update((timestampMs as number) - late, 99), { name: "Rejection", code: "STALE" });
    }
    assert.equal(filter.value, value);
    assert.equal(filter.timestampMs, timestampMs);
  });

  it("starts anew after a silence of several time constants, not before", () => {
    const bridged = settledAt(20, 60);
    bridged.update((bridged.timestampMs as number) + 299_000, 30);
    assert.ok((bridged.value as number) < 30);
    const restarted = settledAt(20, 60);
    const result = restarted.update((restarted.timestampMs as number) + 301_000, 30);
    assert.deepEqual(result, { filtered: 30, stepSec: 0 });
  });

  it("refuses a time constant that is none", () => {
    for (const tauSec of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => new EwmaFilter({ tauSec }), RangeError);
    }
  });
});
