import assert from "node:assert/strict";
import { Trend } from "../../../lib/monitor/trend.js";
import { NOON } from "./verdicts.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const totals = (trend: Trend, now: number) => trend.last(now).map(({ total }) => total);

describe("trend per minute", () => {
  it("counts messages and anomalies apart, with empty minutes, from the first one on", () => {
    const trend = new Trend();
    assert.deepEqual(trend.last(NOON), []);
    trend.add(NOON, false);
    trend.add(NOON + 59_999, true);
    trend.add(NOON + 2 * MINUTE, true);
    assert.deepEqual(trend.last(NOON + 3 * MINUTE), [
      { at: NOON, total: 2, anomalies: 1 },
      { at: NOON + MINUTE, total: 0, anomalies: 0 },
      { at: NOON + 2 * MINUTE, total: 1, anomalies: 1 },
      { at: NOON + 3 * MINUTE, total: 0, anomalies: 0 },
    ]);
  });

  it("shows the last 60 minutes and forgets what is older", () => {
    const trend = new Trend();
    for (let i = 0; i < 500; i++) trend.add(NOON + i * MINUTE, false);
    const now = NOON + 499 * MINUTE;
    assert.deepEqual(totals(trend, now), Array(60).fill(1));
    assert.equal(trend.last(now)[0]?.at, NOON + 440 * MINUTE);
    assert.deepEqual(totals(trend, now + 10 * HOUR), Array(60).fill(0));
  });

  for (const [name, jump] of [
    ["forward", HOUR],
    ["back", -HOUR],
  ] as const) {
    it(`loses nothing when the clock jumps ${name} by an hour and is set right again`, () => {
      const trend = new Trend();
      for (let i = 0; i < 60; i++) trend.add(NOON + i * MINUTE, false);
      for (let i = 50; i < 60; i++) trend.add(NOON + i * MINUTE + jump, true);
      for (let i = 60; i < 65; i++) trend.add(NOON + i * MINUTE, false);
      const now = NOON + 64 * MINUTE;
      assert.deepEqual(
        trend.last(now).map(({ total, anomalies }) => total - anomalies),
        Array(60).fill(1),
      );
    });
  }

  it("shows something sensible while the clock is wrong", () => {
    const trend = new Trend();
    trend.add(NOON, true);
    trend.add(NOON - HOUR, true);
    assert.deepEqual(trend.last(NOON - HOUR), [{ at: NOON - HOUR, total: 1, anomalies: 1 }]);
    assert.deepEqual(trend.last(NOON - 2 * HOUR), []);
    const later = trend.last(NOON + HOUR);
    assert.equal(later.length, 60);
    assert.ok(later.every(({ total }) => total === 0));
  });
});
