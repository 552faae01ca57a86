import assert from "node:assert/strict";
import fc from "fast-check";
import { Accountant, budgetInMemory } from "../../../lib/privacy/accountant.js";
import { calibrate } from "../../../lib/privacy/calibration.js";
import { Mask } from "../../../lib/privacy/mask.js";
import type { MaskReading } from "../../../lib/privacy/reading.js";
import { SensorRegistry } from "../../../lib/privacy/sensor-registry.js";
import { parseMaskSettings } from "../../../lib/privacy/settings.js";
import { ZoneMean } from "../../../lib/privacy/zone-mean.js";

const NOON = Date.UTC(2026, 10, 21, 12);
const MINUTE = 60_000;

function makeMask(settings: Record<string, unknown> = {}): Mask {
  return new Mask(parseMaskSettings(settings), new Accountant(budgetInMemory()));
}

function reading(changed: Partial<MaskReading> = {}): MaskReading {
  return { device: "rack-1", group: "default", timestamp: NOON, value: 25, isAnomaly: undefined, ...changed };
}

function feed(mask: Mask, group: string, devices: number[], at = NOON): void {
  for (const i of devices) mask.accept(reading({ group, device: `rack-${i}`, timestamp: at }), at);
}

describe("mask groups", () => {
  it("count a sensor that joins in the middle of an interval, however few readings it has", () => {
    const mask = makeMask();
    for (let i = 0; i < 3; i++) {
      for (let second = 0; second < 60; second++) feed(mask, "default", [i], NOON + second * 1000);
    }
    feed(mask, "default", [3], NOON + 59_000);
    const ended = mask.endInterval(NOON + MINUTE);
    assert.deepEqual(ended.withheld, []);
    assert.equal(ended.releases[0]!.privacy.sigma.toFixed(2), "1.91", "four of eight sensors: twice the noise");
  });

  it("count what arrives, not when it says it was measured", () => {
    const mask = makeMask({ groupSize: 1 });
    feed(mask, "default", [1], NOON);
    mask.endInterval(NOON + MINUTE);
    // Late for the interval that was closed: it is in the one in which it came.
    mask.accept(reading({ timestamp: NOON + 30_000 }), NOON + 61_000);
    const ended = mask.endInterval(NOON + 2 * MINUTE);
    assert.deepEqual(ended.withheld, []);
    assert.equal(ended.releases[0]!.report.total.releases, 2);
  });

  it("do not depend on the order in which readings come", () => {
    const sample = fc.record({
      device: fc.integer({ min: 1, max: 9 }),
      units: fc.integer({ min: 10_000, max: 45_000 }),
    });
    fc.assert(
      fc.property(
        fc
          .array(sample, { minLength: 1, maxLength: 60 })
          .chain((list) =>
            fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length })),
          ),
        ([inOrder, shuffled]) => {
          const mean = (list: typeof inOrder) => {
            const zone = new ZoneMean();
            for (const { device, units } of list) zone.add(String(device), units);
            return [zone.onGrid(10), zone.excessOnGrid(25_000, 10)];
          };
          assert.deepEqual(mean(inOrder), mean(shuffled));
        },
      ),
      { seed: 13 },
    );
  });

  it("refuse readings whose own time is too far from the gateway's, if asked to", () => {
    const mask = makeMask({ maxAge: 120, groupSize: 1 });
    const accept = (timestamp: number) => mask.accept(reading({ timestamp, value: 35 }), NOON);
    assert.throws(() => accept(NOON - 120_001), { name: "Rejection", code: "STALE" });
    assert.throws(() => accept(NOON + 120_001), { code: "STALE" });
    assert.deepEqual(mask.endInterval(NOON + MINUTE).releases, [], "refused readings count for nothing");
    accept(NOON - 120_000);
    accept(NOON + 120_000);
    assert.equal(mask.endInterval(NOON + 2 * MINUTE).releases.length, 1);
    // What may arrive two intervals late touches two releases more.
    assert.equal(calibrate(mask.settings).releasesPerEvent, 18);
    assert.ok(calibrate(mask.settings).epsilon <= 5);
  });

  it("let a sensor move, and end in the old group what it held there", () => {
    const mask = makeMask();
    const hot = (group: string, second: number) =>
      mask.accept(reading({ group, timestamp: NOON + second * 1000, value: 35 }), NOON + second * 1000).alarms;
    hot("a", 0);
    assert.deepEqual(
      hot("a", 20).map(({ state, group }) => `${state} ${group}`),
      ["on a"],
    );
    assert.throws(() => hot("b", 30), { code: "SCHEMA" }, "not within an interval");
    mask.endInterval(NOON + MINUTE);
    assert.deepEqual(hot("b", 61), [
      { alarm: "overheat", state: "off", since: "2026-11-21T12:01:01.000Z", group: "a" },
    ]);
    assert.deepEqual(
      hot("b", 81).map(({ state, group }) => `${state} ${group}`),
      ["on b"],
    );
  });

  it("keep the old group's alarm where another of its sensors still holds it", () => {
    const mask = makeMask();
    const hot = (device: string, group: string, second: number) =>
      mask.accept(reading({ device, group, timestamp: NOON + second * 1000, value: 35 }), NOON + second * 1000).alarms;
    for (const second of [0, 20]) for (const device of ["x", "y"]) hot(device, "a", second);
    mask.endInterval(NOON + MINUTE);
    assert.deepEqual(hot("x", "b", 61), []);
    assert.deepEqual(
      hot("y", "b", 62).map(({ state, group }) => `${state} ${group}`),
      ["off a"],
    );
  });

  it("charge a sensor that moves once per interval in all", () => {
    const mask = makeMask({ groupSize: 1 });
    feed(mask, "a", [1], NOON);
    mask.endInterval(NOON + MINUTE);
    feed(mask, "b", [1], NOON + MINUTE);
    const { releases, withheld } = mask.endInterval(NOON + 2 * MINUTE);
    assert.deepEqual(withheld, ["a"], "the group that it left repeats its last value");
    assert.deepEqual(
      releases.map(({ payload, report }) => [payload.group, report.total.releases]),
      [
        ["a", 1],
        ["b", 1],
      ],
    );
  });
});

describe("other mechanisms", () => {
  it("quantize publishes whole steps of each reading, claims nothing and has no epsilon", () => {
    const mask = makeMask({ mechanism: "quantize", step: 0.5 });
    const { release } = mask.accept(reading({ value: 25.26 }), NOON);
    assert.deepEqual(release!.payload, { timestamp: "2026-11-21T12:00:00Z", temperature: 25.5 });
    assert.equal(release!.report.granularity, 0.5);
    assert.equal(release!.report.claim, "no formal guarantee");
    assert.equal(release!.privacy.claim, "no formal guarantee");
    assert.deepEqual([release!.report.perEvent.epsilon, release!.report.total.rho], [null, null]);
    assert.equal(mask.accept(reading({ value: 25.24, timestamp: NOON + 1 }), NOON).release!.payload.temperature, 25);
  });

  it("alarm-only publishes a report per interval, alarms, and never a value", () => {
    const mask = makeMask({ mechanism: "alarm-only" });
    assert.equal(mask.needsTimer, true);
    const accepted = [0, 20].map((second) => {
      const at = NOON + second * 1000;
      return mask.accept(reading({ value: 35, timestamp: at }), at);
    });
    assert.deepEqual(
      accepted.map(({ release }) => release),
      [undefined, undefined],
    );
    assert.equal(accepted[1]!.alarms[0]?.state, "on");
    const ended = mask.endInterval(NOON + MINUTE);
    assert.deepEqual([ended.releases, ended.withheld, ended.exhausted], [[], [], []]);
    const [report] = ended.reports;
    assert.deepEqual(report!.perEvent, { rho: 0, mu: 0, epsilon: 0, delta: 1e-5, maxAttackerAccuracy: 0.5 });
    assert.deepEqual(report!.total, { since: null, releases: 0, rho: 0 });
    assert.equal(report!.claim, "no values leave");
    assert.deepEqual(report!.exempt, ["alarms"]);
    assert.ok(!JSON.stringify(report).includes("35"));
  });
});

describe("sensor registry", () => {
  it("tells masks of each other as soon as they see the same sensor, until one is gone", () => {
    const registry = new SensorRegistry();
    const [first, second, third] = [registry.watch("hall"), registry.watch("roof"), registry.watch("cellar")];
    first.saw("rack-1");
    second.saw("rack-2");
    assert.deepEqual([first.others, second.others], [[], []]);
    second.saw("rack-1");
    third.saw("rack-1");
    assert.deepEqual(
      [first.others, second.others, third.others],
      [
        ["cellar", "roof"],
        ["cellar", "hall"],
        ["hall", "roof"],
      ],
    );
    second.close();
    assert.deepEqual([first.others, third.others], [["cellar"], ["hall"]]);
    const again = registry.watch("roof");
    assert.deepEqual(again.others, []);
    again.saw("rack-1");
    assert.deepEqual(again.others, ["cellar", "hall"]);
  });

  it("reaches the report, and counts no unnamed sensor", () => {
    const registry = new SensorRegistry();
    const settings = parseMaskSettings({ groupSize: 1 });
    const [one, two] = ["one", "two"].map(
      (name) => new Mask(settings, new Accountant(budgetInMemory()), registry.watch(name)),
    ) as [Mask, Mask];
    for (const mask of [one, two]) mask.accept(reading({ device: "unnamed" }), NOON);
    assert.equal(one.endInterval(NOON).releases[0]!.report.sharedWith, undefined);
    for (const mask of [one, two]) mask.accept(reading(), NOON);
    assert.deepEqual(one.endInterval(NOON + MINUTE).releases[0]!.report.sharedWith, ["two"]);
  });
});
