import assert from "node:assert/strict";
import { createCipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { Accountant, type BudgetStore, budgetInMemory } from "../../../lib/privacy/accountant.js";
import type { AlarmChange } from "../../../lib/privacy/group-alarms.js";
import { Mask, type Release } from "../../../lib/privacy/mask.js";
import { type MaskReading, readMaskInput } from "../../../lib/privacy/reading.js";
import { parseMaskSettings } from "../../../lib/privacy/settings.js";

const START = Date.UTC(2026, 10, 21, 12);
const MINUTE = 60_000;

function makeMask(settings: Record<string, unknown> = {}, store: BudgetStore = budgetInMemory()): Mask {
  return new Mask(parseMaskSettings(settings), new Accountant(store));
}

function reading(changed: Partial<MaskReading> = {}): MaskReading {
  return { device: "rack-1", group: "default", timestamp: START, value: 25, isAnomaly: undefined, ...changed };
}

/** One interval with `live` sensors at 25 degrees. */
function interval(mask: Mask, live: number, end: number, group = "default"): Release[] {
  for (let i = 0; i < live; i++)
    mask.accept(reading({ device: `rack-${i}`, group, timestamp: end - 1000 }), end - 1000);
  return mask.endInterval(end).releases;
}

const temperature = (release: Release | undefined) => release?.payload.temperature as number;

describe("mask gaussian-window", () => {
  it("publishes the end of the interval and a value on the grid, and nothing else", () => {
    const mask = makeMask();
    const [release] = interval(mask, 8, START + MINUTE);
    assert.deepEqual(Object.keys(release!.payload), ["timestamp", "temperature"]);
    assert.equal(release!.payload.timestamp, "2026-11-21T12:01:00Z");
    assert.equal(temperature(release), Math.round(temperature(release) * 100) / 100);
    assert.equal(interval(makeMask(), 8, START, "zone-a")[0]!.payload.group, "zone-a");
  });

  it("reports what the guarantee is and what was spent", () => {
    const mask = makeMask();
    interval(mask, 8, START + MINUTE);
    const { report, privacy } = interval(mask, 8, START + 2 * MINUTE)[0]!;
    assert.deepEqual(Object.keys(report), [
      ...["mechanism", "interval", "groupSize", "sigma", "granularity", "sensitivity", "protectSec"],
      ...["perEvent", "window", "total", "exempt", "claim"],
    ]);
    assert.equal(report.sigma.toFixed(4), "0.9526");
    assert.equal(report.perEvent.epsilon?.toFixed(3), "5.000");
    assert.equal(report.perEvent.maxAttackerAccuracy.toFixed(3), "0.700");
    assert.equal(report.window.since, "2026-11-21T00:00:00Z");
    assert.equal(report.window.releases, 2);
    assert.equal(report.window.rho?.toFixed(4), ((2 * 0.550973) / 16).toFixed(4));
    assert.deepEqual(report.total, { since: "2026-11-21T12:01:00Z", releases: 2, rho: report.window.rho });
    assert.deepEqual(report.exempt, ["alarms"]);
    assert.equal(report.claim, "w-event (ε,δ)-DP of the value stream");
    assert.equal(privacy.epsilonToday, report.window.epsilon);
    assert.equal(privacy.withheld, undefined);
  });

  it("adds noise of the calibrated size around the zone's mean", () => {
    const mask = makeMask();
    const count = 2000;
    let sum = 0;
    let squares = 0;
    for (let i = 1; i <= count; i++) {
      const error = temperature(interval(mask, 8, START + i * MINUTE)[0]) - 25;
      sum += error;
      squares += error * error;
    }
    // 5.5 standard errors.
    assert.ok(Math.abs(sum / count) < (5.5 * 0.9526) / Math.sqrt(count), `mean ${sum / count}`);
    const ratio = squares / count / 0.9526 ** 2;
    assert.ok(Math.abs(ratio - 1) < 5.5 * Math.sqrt(2 / count), `variance ratio ${ratio}`);
  });

  it("adds more noise while sensors are missing, and says so", () => {
    const mask = makeMask();
    const full = interval(mask, 8, START + MINUTE)[0]!.privacy.sigma;
    assert.ok(Math.abs(interval(mask, 4, START + 2 * MINUTE)[0]!.privacy.sigma - 2 * full) < 1e-6);
    assert.equal(interval(mask, 12, START + 3 * MINUTE)[0]!.privacy.sigma, full);
  });

  it("repeats the last value while too few sensors are live, at no cost", () => {
    const mask = makeMask();
    assert.deepEqual(interval(mask, 3, START + MINUTE), [], "no data before the first value");
    const value = temperature(interval(mask, 4, START + 2 * MINUTE)[0]);
    const [repeated] = interval(mask, 3, START + 3 * MINUTE);
    assert.equal(temperature(repeated), value);
    assert.equal(repeated!.payload.timestamp, "2026-11-21T12:03:00Z");
    assert.equal(repeated!.privacy.withheld, true);
    assert.equal(repeated!.report.total.releases, 1);
    const ended = mask.endInterval(START + 4 * MINUTE);
    assert.deepEqual(ended.withheld, ["default"]);
    assert.equal(ended.releases.length, 1, "the rate of messages does not depend on the data");
  });

  it("counts a sensor as live only in the interval it delivers in", () => {
    const mask = makeMask();
    interval(mask, 8, START + MINUTE);
    assert.deepEqual(mask.endInterval(START + 2 * MINUTE).withheld, ["default"]);
  });

  it("releases one value per group", () => {
    const mask = makeMask({ groupSize: 2, minGroup: 2 });
    for (const group of ["a", "b"]) {
      for (const device of ["1", "2"]) mask.accept(reading({ group, device: group + device }), START);
    }
    assert.deepEqual(
      mask.endInterval(START + MINUTE).releases.map(({ payload, report }) => [payload.group, report.group]),
      [
        ["a", "a"],
        ["b", "b"],
      ],
    );
  });

  it("hides one sensor only with eight times the noise of eight", () => {
    const single = interval(makeMask({ groupSize: 1 }), 1, START)[0]!;
    assert.equal(single.privacy.sigma.toFixed(2), "7.62");
  });

  it("books before it releases: with a full disk nothing new leaves, and alarms go on", () => {
    let broken = false;
    const store = {
      load: () => undefined,
      save: () => {
        if (broken) throw new Error("no space left on device");
      },
    };
    const mask = makeMask({}, store);
    const value = temperature(interval(mask, 8, START + MINUTE)[0]);
    broken = true;
    for (let i = 0; i < 8; i++) mask.accept(reading({ device: `rack-${i}` }), START);
    const ended = mask.endInterval(START + 2 * MINUTE);
    assert.match(ended.problem!.message, /no space/);
    assert.equal(temperature(ended.releases[0]), value);
    assert.equal(ended.releases[0]!.privacy.withheld, true);
  });

  it("releases nothing without an account, yet raises alarms", () => {
    const mask = new Mask(parseMaskSettings({ groupSize: 1 }), undefined);
    mask.accept(reading({ value: 35 }), START);
    const { alarms } = mask.accept(reading({ value: 35, timestamp: START + 20_000 }), START);
    assert.equal(alarms.length, 1);
    assert.deepEqual(mask.endInterval(START + MINUTE).releases, []);
  });

  it("keeps the totals when its settings change", () => {
    let text: string | undefined;
    const store = { load: () => text, save: (next: string) => (text = next) };
    const before = interval(makeMask({}, store), 8, START + MINUTE)[0]!.report.total;
    const after = interval(makeMask({ epsilon: 1, groupSize: 4 }, store), 4, START + 2 * MINUTE)[0]!.report.total;
    assert.equal(after.releases, 2);
    assert.equal(after.since, before.since);
    assert.ok(after.rho! > before.rho! && after.rho! < 2 * before.rho!);
  });

  it("bounds groups and sensors, and refuses a sensor in two groups", () => {
    const mask = makeMask();
    for (let i = 0; i < 64; i++) mask.accept(reading({ group: `g${i}`, device: `d${i}` }), START);
    assert.throws(() => mask.accept(reading({ group: "g64", device: "x" }), START), { code: "RANGE" });
    for (let i = 1; i < 256; i++) mask.accept(reading({ group: "g0", device: `s${i}` }), START);
    assert.throws(() => mask.accept(reading({ group: "g0", device: "one-more" }), START), { code: "RANGE" });
    assert.throws(() => mask.accept(reading({ group: "g1", device: "s1" }), START), { code: "SCHEMA" });
    const later = START + 3_600_001;
    mask.accept(reading({ group: "g0", device: "one-more", timestamp: later }), later);
  });

  it("gives ciphertexts of one length, so that their size tells nothing", () => {
    // AES-CBC as Fernet uses it: 16-byte blocks, one more for the padding.
    const encrypted = (text: string) => {
      const cipher = createCipheriv("aes-128-cbc", randomBytes(16), randomBytes(16));
      return cipher.update(text).length + cipher.final().length;
    };
    const lengths = new Set<number>();
    const values = [-99.99, -10, -0.01, 0, 5, 9.5, 9.99, 10, 10.1, 25.03, 45, 45.01, 99.99, 100, 145.05];
    for (const value of values) {
      for (const timestamp of ["2026-11-21T12:01:00Z", "2026-11-21T12:01:00.125Z"]) {
        lengths.add(encrypted(JSON.stringify({ timestamp, temperature: value })));
      }
    }
    assert.deepEqual([...lengths], [64]);
  });
});

describe("mask per reading", () => {
  it("gaussian-sample publishes each reading, with its real epsilon and no claim", () => {
    const mask = makeMask({ mechanism: "gaussian-sample" });
    assert.equal(mask.needsTimer, false);
    let last: Release | undefined;
    for (let i = 0; i < 600; i++) {
      const time = START + i * 100;
      last = mask.accept(reading({ timestamp: time, value: 31.5 }), time).release;
      assert.ok(Math.abs(temperature(last) - 31.5) < 0.3);
    }
    assert.equal(last!.payload.timestamp, "2026-11-21T12:00:59.900Z");
    assert.equal(last!.report.claim, "no practical protection");
    assert.equal(last!.privacy.claim, "no practical protection");
    const atTenHertz = last!.report.perEvent.epsilon!;
    assert.ok(atTenHertz > 4e7 && atTenHertz < 5e7, `${atTenHertz}`);
    assert.equal(last!.report.total.releases, 600);
  });

  it("passthrough publishes true values and admits that nothing bounds the loss", () => {
    const { release } = makeMask({ mechanism: "passthrough" }).accept(reading({ value: 25.034 }), START);
    assert.equal(temperature(release), 25.03);
    assert.equal(release!.report.perEvent.epsilon, null);
    assert.equal(release!.report.window.epsilon, null);
    assert.equal(release!.report.total.rho, null);
  });

  it("sends the alarm even when the value cannot be booked", () => {
    const store = {
      load: () => undefined,
      save: () => {
        throw new Error("no space left on device");
      },
    };
    const mask = makeMask({ mechanism: "gaussian-sample" }, store);
    mask.accept(reading({ value: 35 }), START);
    const { alarms, release, problem } = mask.accept(reading({ value: 35, timestamp: START + 20_000 }), START);
    assert.equal(alarms[0]?.alarm, "overheat");
    assert.equal(release, undefined);
    assert.match(problem!.message, /no space/);
  });
});

describe("mask alarms", () => {
  /** Feeds a course of raw temperature at a rate; noise-free unless asked. */
  function run(mask: Mask, hertz: number, seconds: number, level: (t: number) => number, device = "rack-1") {
    const changes: AlarmChange[] = [];
    for (let i = 0; i <= seconds * hertz; i++) {
      const timestamp = START + (i * 1000) / hertz;
      changes.push(...mask.accept(reading({ device, timestamp, value: level(i / hertz) }), timestamp).alarms);
    }
    return changes;
  }
  const overheat = (t: number) => (t < 10 ? 25 : t < 60 ? 31 : 25);

  it("are decided on raw values, carry neither value nor sensor, and do not depend on the rate", () => {
    for (const hertz of [1, 10]) {
      assert.deepEqual(run(makeMask(), hertz, 100, overheat), [
        { alarm: "overheat", state: "on", since: "2026-11-21T12:00:10.000Z", group: "default" },
        { alarm: "overheat", state: "off", since: "2026-11-21T12:01:00.000Z", group: "default" },
      ]);
    }
  });

  it("see beyond the clip range and name the sensor if asked", () => {
    const mask = makeMask({ clipHigh: 28, alarmScope: "sensor" });
    assert.deepEqual(
      run(mask, 1, 40, () => 60).map(({ alarm, device }) => [alarm, device]),
      [["overheat", "rack-1"]],
    );
  });

  it("are on from the group's first sensor to its last, and stay on with a dead one", () => {
    const mask = makeMask();
    const one = run(mask, 1, 30, () => 31, "rack-1");
    const two = run(mask, 1, 60, overheat, "rack-2");
    assert.deepEqual(
      [...one, ...two].map(({ state }) => state),
      ["on"],
      "rack-2 joins and leaves while rack-1 is still hot, and then silent",
    );
    const cool = mask.accept(reading({ timestamp: START + 90_000, value: 25 }), START + 90_000).alarms;
    assert.deepEqual(
      cool.map(({ state }) => state),
      ["off"],
    );
  });

  it("work at irregular times with samples out of order", () => {
    const mask = makeMask();
    const random = new SeededRandom(7);
    const times = Array.from({ length: 200 }, () => random.uniform() * 100).sort((a, b) => a - b);
    for (let i = 0; i + 1 < times.length; i += 5) [times[i], times[i + 1]] = [times[i + 1]!, times[i]!];
    const changes = times.flatMap((t) => {
      const timestamp = Math.round(START + t * 1000);
      return mask.accept(reading({ timestamp, value: overheat(t) }), START).alarms;
    });
    assert.deepEqual(
      changes.map(({ state }) => state),
      ["on", "off"],
    );
  });

  it("follow the anomaly verdict and leave its absence alone", () => {
    const mask = makeMask();
    const changes = [true, undefined, true, true, false].flatMap((isAnomaly, i) => {
      const timestamp = START + i * 10_000;
      return mask.accept(reading({ timestamp, isAnomaly }), timestamp).alarms;
    });
    assert.deepEqual(
      changes.map(({ alarm, state }) => [alarm, state]),
      [
        ["prolonged-anomaly", "on"],
        ["prolonged-anomaly", "off"],
      ],
    );
  });
});

describe("mask input", () => {
  const payload = { timestamp: "2026-11-21T12:00:00Z", temperature_C: 25.5 };
  const read = (message: object) => readMaskInput(message, "temperature_C");

  it("takes the authenticated device before the claimed one", () => {
    assert.deepEqual(read({ payload: { ...payload, device_id: "claimed", group: "z" }, device: { id: "true" } }), {
      device: "true",
      group: "z",
      timestamp: START,
      value: 25.5,
      isAnomaly: undefined,
    });
    assert.equal(read({ payload: { ...payload, device_id: "claimed" } }).device, "claimed");
    assert.equal(read({ payload }).device, "unnamed");
    assert.equal(read({ payload, anomaly: { isAnomaly: true } }).isAnomaly, true);
  });

  const bad: [string, object, string][] = [
    ["text", { payload: "25" }, "SCHEMA"],
    ["nothing", {}, "SCHEMA"],
    ["a list", { payload: [payload] }, "SCHEMA"],
    ["a number as text", { payload: { ...payload, temperature_C: "25" } }, "SCHEMA"],
    ["null", { payload: { ...payload, temperature_C: null } }, "SCHEMA"],
    ["NaN", { payload: { ...payload, temperature_C: Number.NaN } }, "RANGE"],
    ["1e400", { payload: JSON.parse('{"timestamp":0,"temperature_C":1e400}') }, "RANGE"],
    ["no timestamp", { payload: { temperature_C: 25 } }, "SCHEMA"],
    ["a group with a slash", { payload: { ...payload, group: "a/b" } }, "SCHEMA"],
    ["a group called __proto__", { payload: { ...payload, group: "__proto__" } }, "SCHEMA"],
    ["a device that is an object", { payload, device: { id: {} } }, "SCHEMA"],
    ["inherited fields", { payload: Object.create(payload) }, "SCHEMA"],
  ];
  for (const [name, message, code] of bad) {
    it(`rejects ${name}`, () => assert.throws(() => read(message), { name: "Rejection", code }));
  }

  it("answers hostile messages with a rejection or a reading, never with another error", () => {
    const hostile = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true, maxDepth: 4 }),
      fc.constantFrom<unknown>(
        null,
        [],
        JSON.parse('{"__proto__":{"id":"x"}}'),
        Number.POSITIVE_INFINITY,
        "\ud800",
        Number.MAX_VALUE,
      ),
    );
    const message = fc.record({
      payload: fc.oneof(
        hostile,
        fc.record({ timestamp: hostile, temperature_C: hostile, group: hostile, device_id: hostile }),
        fc.record({ timestamp: fc.constant(START), temperature_C: fc.double(), group: hostile }),
        fc.record({
          timestamp: fc.constant(START),
          temperature_C: fc.double({ noNaN: true, noDefaultInfinity: true }),
        }),
      ),
      device: hostile,
      anomaly: hostile,
    });
    const mask = makeMask({ groupSize: 1 });
    fc.assert(
      fc.property(message, (hostileMessage) => {
        try {
          mask.accept(read(hostileMessage), START);
        } catch (error) {
          assert.equal((error as Error).name, "Rejection", String(error));
        }
      }),
      { seed: 8, numRuns: 2000 },
    );
    for (const { payload } of mask.endInterval(START + MINUTE).releases)
      assert.ok(Number.isFinite(payload.temperature));
  });
});
