import assert from "node:assert/strict";
import { calibrateDrift } from "../../../lib/anomaly/drift-calibration.js";
import { DriftDetector } from "../../../lib/anomaly/drift-detector.js";
import { columnOf, summarise } from "../../../lib/anomaly/feature-summary.js";
import { formatModel, parseModel } from "../../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import { trainOneClassSvm } from "../../../lib/anomaly/train-one-class-svm.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";

const DAY_SEC = 86_400;
const FEATURE = "temperature";

/** A room at a level of its own: a day's cycle, wandering for minutes, sensor noise. One reading a second. */
function room(seed: number, level: number) {
  const random = new SeededRandom(seed);
  const kept = Math.exp(-1 / 600);
  const amplitude = 0.2 + 0.6 * random.uniform();
  let wander = 0;
  return (second: number, driftK = 0) => {
    wander = wander * kept + random.gaussian(0, 0.4 * Math.sqrt(1 - kept * kept));
    const day = amplitude * Math.cos((2 * Math.PI * (second - 54_000)) / DAY_SEC);
    return level + day + wander + driftK + random.gaussian(0, 0.05);
  };
}

const LEVELS = [22, 24.2, 26.4, 28.6, 30.8, 33];
const HOURS = 6;

function fleetRows(hours: number) {
  const rooms = LEVELS.map((level, i) => room(i + 1, level));
  const values = new Float64Array(hours * 3600 * rooms.length);
  const devices = Int32Array.from(values, (_, i) => i % rooms.length);
  for (let i = 0; i < values.length; i++) {
    values[i] = (rooms[i % rooms.length] as (second: number) => number)(Math.floor(i / rooms.length));
  }
  return { featureNames: [FEATURE], values, devices };
}

describe("drift from a device's own level", () => {
  const data = fleetRows(HOURS);
  const summary = summarise(columnOf(data.values, 0, 1));
  const parameters = calibrateDrift(data, [summary], true);

  /** Kelvin of drift at the alarm; undefined without one. Drift begins after two hours. */
  function foundAt(seed: number, kelvinPerHour: number, hours: number): number | undefined {
    const detector = new DriftDetector(parameters);
    const read = room(seed, 26);
    for (let second = 0; second < hours * 3600; second++) {
      const drift = Math.max(0, (second - 7200) / 3600) * kelvinPerHour;
      const row = Float64Array.of(read(second, drift));
      if ((detector.add("d", row)[0] as number) >= 1) return drift;
      detector.follow("d", row);
    }
    return undefined;
  }

  it("leaves a day's cycle and a room's wandering alone, at levels that it was not trained at", () => {
    for (const [i, level] of [21.5, 25.1, 29.9, 33.4].entries()) {
      const detector = new DriftDetector(parameters);
      const read = room(100 + i, level);
      for (let second = 0; second < DAY_SEC; second++) {
        const row = Float64Array.of(read(second));
        assert.ok((detector.add("d", row)[0] as number) < 1, `level ${level} at ${second} s`);
        detector.follow("d", row);
      }
    }
  });

  it("finds what drifts by 3 K an hour and more, long before 3 trained standard deviations", () => {
    assert.ok(summary.sd > 3);
    for (const rate of [3, 6, 12, 60, 360, -3, -60]) {
      for (const seed of [201, 202]) {
        const found = foundAt(seed, rate, 8);
        assert.ok(found !== undefined && Math.abs(found) < 2.2 * summary.sd, `${rate} K/h: ${found}`);
      }
    }
  });

  it("does not find what drifts as slowly as a day does: the common level and the tail limits are left with that", () => {
    assert.equal(foundAt(203, 0.3, 12), undefined);
  });

  it("finds much more than the common level alone", () => {
    const common = parameters.map(({ ownLevel, ...rest }) => rest);
    const detector = new DriftDetector(common);
    const read = room(204, 26);
    let found = false;
    for (let second = 0; second < 3600; second++) {
      found ||= (detector.add("d", Float64Array.of(read(second, Math.min(5, second / 300))))[0] as number) >= 1;
    }
    assert.equal(found, false);
    assert.ok(foundAt(204, 12, 4));
  });

  it("keeps the level where it was while it alarms, and ends the alarm when readings are back", () => {
    const detector = new DriftDetector(parameters);
    const feed = (value: number) => {
      const row = Float64Array.of(value);
      const isAlarm = (detector.add("d", row)[0] as number) >= 1;
      if (!isAlarm) detector.follow("d", row);
      return isAlarm;
    };
    assert.ok(Number.isNaN(detector.ownLevel("d", 0)));
    for (let i = 0; i < 600; i++) feed(26);
    assert.equal(detector.ownLevel("d", 0), 26);
    let alarms = 0;
    for (let i = 0; i < 7200; i++) if (feed(30)) alarms++;
    assert.ok(alarms > 7100 && Math.abs(detector.ownLevel("d", 0) - 26) < 0.5, `${alarms}`);
    for (let i = 0; i < 60; i++) feed(26);
    assert.equal(feed(26), false);
  });

  it("learns the level anew after a silence: the device may have been moved", () => {
    const detector = new DriftDetector(parameters);
    let at = 1e12;
    const feed = (value: number, gapSec: number) => {
      at += gapSec * 1000;
      const row = Float64Array.of(value);
      const isAlarm = (detector.add("d", row, at)[0] as number) >= 1;
      if (!isAlarm) detector.follow("d", row);
      return isAlarm;
    };
    for (let i = 0; i < 600; i++) feed(24, 1);
    feed(30, 60);
    for (let i = 0; i < 600; i++) assert.equal(feed(30, 1), false);
    let alarms = 0;
    for (let i = 0; i < 100; i++) if (feed(26, 5)) alarms++;
    assert.ok(alarms > 0, "a shorter pause is none");
  });

  it("is off unless it is asked for, and is not moved by readings that were suspect or flagged", () => {
    const few = { featureNames: [FEATURE], values: data.values.slice(0, 6000), devices: data.devices.slice(0, 6000) };
    assert.equal(trainModel(few, { now: 0 }).drift?.[0]?.ownLevel, undefined);
    const model = trainModel(few, { now: 0, ownLevels: true });
    assert.ok(model.drift?.[0]?.ownLevel);
    assert.ok(trainOneClassSvm(few, { ownLevels: true, maxRows: 200 }).model.drift?.[0]?.ownLevel);
    const scorer = new AnomalyScorer(model);
    for (let i = 0; i < 600; i++) assert.equal(scorer.score({ temperature: 26 }, "d").isAnomaly, false);
    for (let i = 0; i < 5000; i++) scorer.score({ temperature: 26.5 }, "d", { isSuspect: true });
    let text = "";
    for (let i = 0; i < 3000 && text === ""; i++) {
      const { reasons } = scorer.score({ temperature: 30.5 }, "d");
      text = reasons.find(({ source }) => source === "drift")?.text ?? "";
    }
    assert.match(text, /^temperature 30.5 °C: drifting from its normal level of 26\.\d °C \(at the alarm limit\)$/);
  });

  it("is kept in the model file; files without it stay readable, and what is wrong is refused by name", () => {
    const few = { featureNames: [FEATURE], values: data.values.slice(0, 3000), devices: data.devices.slice(0, 3000) };
    const model = trainModel(few, { now: 0, ownLevels: true });
    assert.deepEqual(parseModel(formatModel(model)), model);
    const text = formatModel(model);
    const change = (edit: (ownLevel: Record<string, unknown>, drift: Record<string, unknown>) => void) => {
      const json = JSON.parse(text);
      edit(json.drift[0].ownLevel, json.drift[0]);
      return () => parseModel(JSON.stringify(json));
    };
    assert.equal(change((_, drift) => delete drift.ownLevel)().drift?.[0]?.ownLevel, undefined);
    const refused = (at: RegExp) => (error: unknown) => error instanceof Rejection && at.test(error.reason);
    assert.throws(
      change((own) => Object.assign(own, { sd: 0 })),
      refused(/drift\[0\]\.ownLevel\.sd/),
    );
    assert.throws(
      change((own) => Object.assign(own, { horizon: 1 })),
      refused(/ownLevel\.horizon/),
    );
    assert.throws(
      change((own) => Object.assign(own, { learn: 1.5 })),
      refused(/ownLevel\.learn/),
    );
    assert.throws(
      change((own) => Object.assign(own, { more: 1 })),
      refused(/ownLevel has a property/),
    );
    assert.throws(
      change((_, drift) => Object.assign(drift, { more: 1 })),
      refused(/drift\[0\] has a property/),
    );
  });
});
