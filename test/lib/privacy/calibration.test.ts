import assert from "node:assert/strict";
import fc from "fast-check";
import { epsilonFromRho } from "../../../lib/privacy/accounting.js";
import { DEFAULT_ALARMS } from "../../../lib/privacy/alarm-settings.js";
import { calibrate, releasesPerEvent, windowNoise } from "../../../lib/privacy/calibration.js";
import { DEFAULT_SETTINGS, parseMaskSettings } from "../../../lib/privacy/settings.js";

const close = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected} +- ${tolerance}`);

describe("mask calibration", () => {
  it("gives the documented defaults", () => {
    const found = calibrate(parseMaskSettings({}));
    assert.equal(found.releasesPerEvent, 16);
    assert.equal(found.releaseSensitivity, 0.25);
    assert.equal(found.delta2, 1);
    close(found.sigma, 0.95262, 1e-6);
    close(found.mu, 1.05, 5e-4);
    close(found.rho, 0.550973, 1e-6);
    close(found.maxAttackerAccuracy, 0.7, 5e-4);
    close(found.rmseAfterFilter, 0.213, 5e-4);
    close(found.epsilonPerDay, 95.4, 0.05);
    assert.deepEqual(found.warnings, []);
  });

  it("follows the reference table for other zones and budgets", () => {
    const sigma = (changed: Record<string, unknown>) => calibrate(parseMaskSettings(changed)).sigma;
    close(sigma({ groupSize: 4 }), 1.905, 5e-4);
    // 2/16 K is 12.5 units of the default grid; a finer one needs no rounding up.
    close(sigma({ groupSize: 16, granularity: 0.005 }), 0.476, 5e-4);
    close(sigma({ groupSize: 16 }), 0.476 * (13 / 12.5), 1e-3);
    close(sigma({ epsilon: 2 }), 2.149, 5e-4);
    close(sigma({ epsilon: 10 }), 0.5296, 5e-4);
    close(sigma({ groupSize: 1, sensitivity: 0.5 }), 1.905, 5e-4);
    close(sigma({ groupSize: 1 }), 7.621, 5e-4);
  });

  it("never spends more than epsilon, whatever the settings", () => {
    fc.assert(
      fc.property(
        fc.record({
          epsilon: fc.double({ min: 0.05, max: 50, noNaN: true }),
          delta: fc.double({ min: 1e-10, max: 1e-3, noNaN: true }),
          sensitivity: fc.double({ min: 0.5, max: 50, noNaN: true }),
          groupSize: fc.integer({ min: 1, max: 256 }),
          protectSec: fc.integer({ min: 1, max: 100_000 }),
          interval: fc.integer({ min: 1, max: 3600 }),
        }),
        fc.integer({ min: 1, max: 300 }),
        (changed, live) => {
          const settings = parseMaskSettings({ ...changed, granularity: 0.001 });
          const noise = windowNoise(settings, live);
          const counted = Math.min(live, settings.groupSize);
          assert.ok(noise.sensitivityUnits * 0.001 >= settings.sensitivity / counted - 1e-9);
          assert.ok(noise.rho * releasesPerEvent(settings) <= calibrate(settings).rho * (1 + 1e-6));
          assert.ok(epsilonFromRho(noise.rho * releasesPerEvent(settings), settings.delta) <= settings.epsilon);
        },
      ),
      { seed: 3, numRuns: 100 },
    );
  });

  it("adds noise while sensors are missing and never takes any away", () => {
    const settings = parseMaskSettings({});
    const full = windowNoise(settings, 8);
    close(windowNoise(settings, 4).sigma, 2 * full.sigma, 1e-6);
    assert.ok(windowNoise(settings, 6).sigma >= (8 / 6) * full.sigma);
    assert.equal(windowNoise(settings, 20).sigma, full.sigma);
    for (const live of [4, 5, 6, 7])
      assert.ok(windowNoise(settings, live).rho <= full.rho * (1 + 1e-6), `${live} live`);
  });

  it("states what noise per reading really costs", () => {
    const slow = calibrate(parseMaskSettings({ mechanism: "gaussian-sample" }), 1);
    const fast = calibrate(parseMaskSettings({ mechanism: "gaussian-sample" }), 10);
    assert.equal(slow.sigma, 0.02);
    assert.ok(slow.epsilon > 1e6 && fast.epsilon > 9 * slow.epsilon, `${slow.epsilon}, ${fast.epsilon}`);
    close(slow.maxAttackerAccuracy, 1, 1e-12);
    assert.deepEqual(slow.warnings, ["no-practical-protection"]);
    const none = calibrate(parseMaskSettings({ mechanism: "passthrough" }));
    assert.equal(none.epsilon, Number.POSITIVE_INFINITY);
    assert.deepEqual(none.warnings, ["no-protection"]);
  });

  it("warns of a single sensor, of noise beyond the dead band and of an epsilon without meaning", () => {
    const warnings = (changed: Record<string, unknown>) => calibrate(parseMaskSettings(changed)).warnings;
    assert.deepEqual(warnings({ groupSize: 1 }), ["single-sensor", "large-error"]);
    assert.deepEqual(warnings({ groupSize: 2 }), ["large-error"]);
    assert.deepEqual(warnings({ epsilon: 20 }), ["weak-epsilon"]);
  });

  it("refuses a grid that is coarser than the noise", () => {
    assert.throws(() => calibrate(parseMaskSettings({ mechanism: "gaussian-sample", granularity: 0.05 })), /coarser/);
  });
});

describe("mask settings", () => {
  it("take text from forms, and defaults for what is missing or empty", () => {
    assert.deepEqual(parseMaskSettings({}), DEFAULT_SETTINGS);
    assert.equal(parseMaskSettings({ interval: "30", epsilon: "" }).interval, 30);
    assert.equal(parseMaskSettings({ groupSize: 2 }).minGroup, 2);
    assert.deepEqual(parseMaskSettings({ alarms: JSON.stringify(DEFAULT_ALARMS) }).alarms, DEFAULT_ALARMS);
    assert.deepEqual(parseMaskSettings({ alarms: "[]" }).alarms, []);
  });

  const wrong: [string, Record<string, unknown>][] = [
    ["an unknown mechanism", { mechanism: "laplace" }],
    ["a name from the prototype", { mechanism: "constructor" }],
    ["half a second", { interval: 0.5 }],
    ["no interval", { interval: 0 }],
    ["an interval that is no number", { interval: "soon" }],
    ["an object", { epsilon: {} }],
    ["NaN", { epsilon: Number.NaN }],
    ["delta 0", { delta: 0 }],
    ["a grid off the thousandths", { granularity: 0.0015 }],
    ["more live sensors than the group has", { groupSize: 4, minGroup: 5 }],
    ["a clip range without width", { clipLow: 20, clipHigh: 20 }],
    ["an output named timestamp", { outputField: "timestamp" }],
    ["a field name with a space", { field: "a b" }],
    ["__proto__ as a field", { field: "__proto__" }],
    ["an unknown alarm scope", { alarmScope: "device" }],
    ["alarms that are not JSON", { alarms: "[" }],
    ["alarms that are no list", { alarms: "{}" }],
    ["a nameless alarm", { alarms: [{ op: ">=", threshold: 30 }] }],
    ["an alarm of another source", { alarms: [{ name: "a", source: "msg.topic" }] }],
    ["an alarm that clears beyond its threshold", { alarms: [{ name: "a", op: ">=", threshold: 30, clear: 31 }] }],
    ["a negative hold time", { alarms: [{ name: "a", source: "anomaly", holdSec: -1 }] }],
    ["two alarms of one name", { alarms: [DEFAULT_ALARMS[0], DEFAULT_ALARMS[0]] }],
    ["a hundred alarms", { alarms: Array.from({ length: 100 }, (_, i) => ({ name: `a${i}`, source: "anomaly" })) }],
  ];
  for (const [name, settings] of wrong) {
    it(`refuse ${name}`, () => assert.throws(() => parseMaskSettings(settings), RangeError));
  }
});
