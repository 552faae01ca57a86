import assert from "node:assert/strict";
import { HoldAlarm } from "../../../lib/common/hold-alarm.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";

const START = Date.UTC(2026, 0, 1);
const overheat = () => new HoldAlarm({ holdSec: 20, level: { op: ">=", threshold: 30, clear: 29.8 } });

/** Runs one course of temperature, sampled at a rate, and returns the changes as [state, seconds]. */
function changes(alarm: HoldAlarm, hertz: number, seconds: number, level: (t: number) => number | boolean) {
  const seen: [string, number][] = [];
  for (let i = 0; i <= seconds * hertz; i++) {
    const t = i / hertz;
    const change = alarm.update(START + t * 1000, level(t));
    if (change) seen.push([change, t]);
  }
  return seen;
}

describe("HoldAlarm", () => {
  it("goes on after the hold time and off at the clear level, alike at 1 and 10 Hz", () => {
    const course = (t: number) => (t < 30 ? 25 : t < 100 ? 30.5 : t < 120 ? 29.9 : 29);
    for (const hertz of [1, 10]) {
      const alarm = overheat();
      assert.deepEqual(
        changes(alarm, hertz, 200, course),
        [
          ["on", 50],
          ["off", 120],
        ],
        `${hertz} Hz`,
      );
      assert.equal(alarm.since, START + 120_000);
    }
  });

  it("is not restarted by noise around the threshold, but by a sample at the clear level", () => {
    const random = new SeededRandom(1);
    const noisy = overheat();
    assert.deepEqual(
      changes(noisy, 10, 40, (t) => (t === 0 ? 30 : 29.95 + random.uniform() * 0.1)),
      [["on", 20]],
    );
    assert.equal(noisy.since, START);
    assert.deepEqual(
      changes(overheat(), 1, 40, (t) => (t === 19 ? 29.8 : 30)),
      [["on", 40]],
    );
  });

  it("needs the threshold itself to start", () => {
    assert.deepEqual(
      changes(overheat(), 1, 100, () => 29.95),
      [],
    );
  });

  it("works downwards and on flags", () => {
    const undercool = new HoldAlarm({ holdSec: 20, level: { op: "<=", threshold: 21, clear: 21.2 } });
    assert.deepEqual(
      changes(undercool, 1, 60, (t) => (t < 40 ? 20.9 : 21.2)),
      [
        ["on", 20],
        ["off", 40],
      ],
    );
    assert.deepEqual(
      changes(new HoldAlarm({ holdSec: 20 }), 10, 60, (t) => t >= 5 && t < 40),
      [
        ["on", 25],
        ["off", 40],
      ],
    );
  });

  it("ignores late and repeated samples", () => {
    const alarm = overheat();
    assert.equal(alarm.update(START, 31), undefined);
    assert.equal(alarm.update(START - 30_000, 31), undefined);
    assert.equal(alarm.update(START - 10_000, 20), undefined, "a late cool sample does not clear");
    assert.equal(alarm.update(START, 20), undefined);
    assert.equal(alarm.update(START + 19_999, 31), undefined);
    assert.equal(alarm.update(START + 20_000, 31), "on");
  });

  it("keeps its state through silence and over samples that are not numbers", () => {
    const alarm = overheat();
    changes(alarm, 1, 30, () => 31);
    assert.equal(alarm.update(START + 3_600_000, Number.NaN), undefined);
    assert.equal(alarm.update(Number.NaN, 20), undefined);
    assert.equal(alarm.state, "on");
  });

  it("follows a clock that was set back once it has run there for a minute", () => {
    const alarm = overheat();
    alarm.update(START, 25);
    const setBack = START - 365 * 86_400_000;
    const seen: [string, number][] = [];
    for (let t = 0; t <= 120; t++) {
      const change = alarm.update(setBack + t * 1000, 31);
      if (change) seen.push([change, t]);
    }
    assert.deepEqual(seen, [["on", 80]]);
  });

  it("is not led astray by old samples between new ones", () => {
    const alarm = overheat();
    const seen: string[] = [];
    for (let t = 0; t <= 200; t++) {
      const now = alarm.update(START + t * 1000, 25);
      const old = alarm.update(START - 3_600_000 + t * 1000, 35);
      seen.push(...[now, old].filter((change) => change !== undefined));
    }
    assert.deepEqual(seen, []);
  });

  it("refuses settings that make no sense", () => {
    assert.throws(() => new HoldAlarm({ holdSec: -1 }), RangeError);
    assert.throws(() => new HoldAlarm({ holdSec: Number.NaN }), RangeError);
    assert.throws(() => new HoldAlarm({ holdSec: 1, level: { op: ">=", threshold: 30, clear: 30.1 } }), RangeError);
    assert.throws(() => new HoldAlarm({ holdSec: 1, level: { op: "<=", threshold: 21, clear: 20.9 } }), RangeError);
    assert.throws(() => new HoldAlarm({ holdSec: 1 }).update(START, 30), TypeError);
  });
});
