import assert from "node:assert/strict";
import fc from "fast-check";
import { Accountant, type BudgetStore } from "../../../lib/privacy/accountant.js";
import { epsilonFromRho } from "../../../lib/privacy/accounting.js";
import { calibrate } from "../../../lib/privacy/calibration.js";
import { type IntervalEnd, Mask } from "../../../lib/privacy/mask.js";
import { parseMaskSettings } from "../../../lib/privacy/settings.js";

const MIDNIGHT = Date.UTC(2026, 10, 21);
const MINUTE = 60_000;
const DAY = 86_400_000;

function store(): BudgetStore & { text?: string } {
  return {
    load() {
      return this.text;
    },
    save(text) {
      this.text = text;
    },
  };
}

function makeMask(settings: Record<string, unknown>, account: BudgetStore = store()): Mask {
  return new Mask(parseMaskSettings({ groupSize: 1, ...settings }), new Accountant(account));
}

function interval(mask: Mask, end: number): IntervalEnd {
  const reading = { device: "rack-1", group: "default", timestamp: end - 1000, value: 25, isAnomaly: undefined };
  mask.accept(reading, end - 1000);
  return mask.endInterval(end);
}

/** Ends of the intervals of one UTC day; midnight itself begins the day. */
const dayEnds = (day: number) => Array.from({ length: 1440 }, (_, i) => MIDNIGHT + day * DAY + i * MINUTE);

describe("mask daily budget", () => {
  it("lasts exactly as long as the calibration says, holds, and refills at midnight UTC but not the total", () => {
    const settings = { budgetDay: 40 };
    const { budget } = calibrate(parseMaskSettings({ groupSize: 1, ...settings }));
    const mask = makeMask(settings);
    let total = 0;
    for (const day of [0, 1]) {
      const ended = dayEnds(day).map((end) => interval(mask, end));
      const fresh = ended.filter(({ releases }) => !releases[0]!.privacy.withheld).length;
      total += fresh;
      assert.equal(fresh, budget!.releases);
      assert.equal(budget!.exhaustedAfterSec, fresh * 60);
      assert.ok(
        ended.every(({ releases }) => releases.length === 1),
        "hold keeps the rate",
      );
      const last = ended.at(-1)!;
      assert.deepEqual(last.exhausted, ["default"]);
      assert.deepEqual(last.withheld, []);
      const { privacy, report, payload } = last.releases[0]!;
      assert.deepEqual([privacy.withheld, privacy.exhausted], [true, true]);
      assert.equal(
        payload.temperature,
        ended[fresh - 1]!.releases[0]!.payload.temperature,
        "the last value is repeated",
      );
      assert.ok(report.window.epsilon! <= 40 && report.window.epsilon! > 39.9);
      assert.deepEqual(report.budget, {
        epsilon: 40,
        onExhausted: "hold",
        exhausted: true,
        resumes: day === 0 ? "2026-11-22T00:00:00Z" : "2026-11-23T00:00:00Z",
      });
      assert.equal(report.total.releases, total);
    }
  });

  for (const onExhausted of ["suppress", "alarm-only"]) {
    it(`${onExhausted} sends no value any more, but a report that says why`, () => {
      const mask = makeMask({ budgetDay: 20, onExhausted });
      const ended = dayEnds(0)
        .slice(0, 300)
        .map((end) => interval(mask, end));
      const spent = ended.findIndex(({ releases }) => releases.length === 0);
      assert.ok(spent > 10);
      for (const { releases, reports, exhausted } of ended.slice(spent)) {
        assert.deepEqual(releases, []);
        assert.equal(reports[0]?.budget?.exhausted, true);
        assert.deepEqual(exhausted, ["default"]);
      }
      const hot = { device: "rack-1", group: "default", value: 35, isAnomaly: undefined };
      const at = MIDNIGHT + 300 * MINUTE;
      mask.accept({ ...hot, timestamp: at }, at);
      assert.equal(mask.accept({ ...hot, timestamp: at + 20_000 }, at + 20_000).alarms.length, 1, "exact alarms go on");
    });
  }

  it("is each group's own", () => {
    const mask = makeMask({ budgetDay: 10 });
    for (const end of dayEnds(0).slice(0, 200)) interval(mask, end);
    const end = MIDNIGHT + 200 * MINUTE;
    const reading = { device: "x", group: "other", timestamp: end - 1, value: 25, isAnomaly: undefined };
    mask.accept(reading, end - 1);
    const ended = mask.endInterval(end);
    assert.deepEqual(ended.exhausted, ["default"]);
    assert.equal(ended.releases.find(({ payload }) => payload.group === "other")!.privacy.withheld, undefined);
  });

  it("also ends noise per reading", () => {
    for (const [onExhausted, sent] of [
      ["hold", 30],
      ["suppress", 10],
    ] as const) {
      const settings = { mechanism: "gaussian-sample", sampleSigma: 2, onExhausted };
      const { rho } = calibrate(parseMaskSettings({ groupSize: 1, ...settings, protectSec: 9 }));
      const mask = makeMask({ ...settings, budgetDay: epsilonFromRho(rho * 1.001, 1e-5) });
      const accepted = Array.from({ length: 30 }, (_, i) => {
        const time = MIDNIGHT + i * 1000;
        return mask.accept({ device: "a", group: "default", timestamp: time, value: 25, isAnomaly: undefined }, time);
      });
      assert.equal(accepted.filter(({ release }) => release).length, sent);
      assert.equal(accepted.filter(({ release }) => release && !release.privacy.withheld).length, 10);
      assert.equal(accepted.filter(({ report }) => report?.budget?.exhausted).length, onExhausted === "hold" ? 0 : 1);
    }
  });

  it("is never exceeded, whatever happens to the process and the clock, and each day is filled once", () => {
    const event = fc.oneof(
      { weight: 12, arbitrary: fc.record({ minutes: fc.integer({ min: 1, max: 200 }) }) },
      { weight: 1, arbitrary: fc.constant("restart" as const) },
      { weight: 1, arbitrary: fc.record({ setBack: fc.integer({ min: 1, max: 2 * 1440 }) }) },
      { weight: 1, arbitrary: fc.record({ setForward: fc.integer({ min: 1, max: 2 * 1440 }) }) },
    );
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 5, maxLength: 25 }),
        fc.integer({ min: 8, max: 30 }),
        (events, epsilon) => {
          const account = store();
          const settings = { budgetDay: epsilon, interval: 1800, protectSec: 3600 };
          const cost = calibrate(parseMaskSettings({ groupSize: 1, ...settings })).rho / 3;
          const spentOn = new Map<string, number>();
          let mask = makeMask(settings, account);
          let time = MIDNIGHT + 10 * DAY;
          let total = 0;
          for (const what of events) {
            if (what === "restart") mask = makeMask(settings, account);
            else if ("setBack" in what) time -= what.setBack * MINUTE;
            else if ("setForward" in what) time += what.setForward * MINUTE;
            else {
              for (let i = 0; i < what.minutes; i += 30) {
                time += 30 * MINUTE;
                const [release] = interval(mask, time).releases;
                if (!release || release.privacy.withheld) continue;
                const day = new Date(time).toISOString().slice(0, 10);
                spentOn.set(day, (spentOn.get(day) ?? 0) + cost);
                total++;
              }
            }
            // More than four days at once are not remembered.
            if (spentOn.size > 4) return;
          }
          for (const [day, rho] of spentOn) assert.ok(epsilonFromRho(rho, 1e-5) <= epsilon * (1 + 1e-9), day);
          const record = new Accountant(account).record("default", time);
          assert.equal(record?.total.releases ?? 0, total);
        },
      ),
      { seed: 11, numRuns: 150 },
    );
  });

  it("refuses settings that it cannot keep", () => {
    for (const mechanism of ["quantize", "passthrough"]) {
      assert.throws(() => parseMaskSettings({ mechanism, budgetDay: 10 }), /budgetDay/);
    }
    assert.throws(() => makeMask({ budgetDay: 0.1 }), /single value/);
    assert.throws(
      () => makeMask({ mechanism: "alarm-only", alarmRelease: "sparse-vector", alarmEpsilon: 100, budgetDay: 1 }),
      /one run/,
    );
  });
});
