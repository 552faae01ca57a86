import assert from "node:assert/strict";
import { FleetLearningBuffer } from "../../../lib/anomaly/fleet-learning-buffer.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import { flattened } from "../../../lib/verify/flatten.js";
import { makeGatewayFleet } from "../../../simulator/devices/gateway-device.js";
import { Sensors } from "../../../simulator/devices/sensors.js";

const FEATURES = ["temperature", "humidity"];
const START = Date.UTC(2026, 0, 1, 8);
const DEVICES = 1000;
const OF_DEVICE = 300;
const PERIOD_SEC = 5;

describe("learning buffer of a fleet", () => {
  const fill = (buffer: FleetLearningBuffer, devices: number, limit = 1e6) => {
    for (let i = 0; i < limit && !buffer.isFull; i++) buffer.add(Float64Array.of(i, 1), `d${i % devices}`);
    return buffer;
  };

  it("follows some devices for long, and takes what tells the level of the others", () => {
    const buffer = fill(new FleetLearningBuffer(FEATURES, 2000, 300), 200);
    assert.deepEqual([buffer.have, buffer.isFull], [buffer.need, true]);
    const rows = new Map<number, number>();
    const { devices = new Int32Array(), values } = buffer.toTrainingData();
    for (const device of devices) rows.set(device, (rows.get(device) ?? 0) + 1);
    assert.equal(values.length, 2 * devices.length);
    assert.equal(rows.get(199), 64);
    assert.equal(rows.get(0), 300);
    assert.equal(rows.size, 200);
  });

  it("is full for a few devices, for one, and where most have fallen silent; not before", () => {
    for (const devices of [1, 2, 6, 40]) {
      const buffer = new FleetLearningBuffer(FEATURES, 2000, 300);
      for (let i = 0; i < 1999; i++) buffer.add(Float64Array.of(i, 1), `d${i % devices}`);
      assert.ok(!buffer.isFull && buffer.have < buffer.need, `${devices}`);
      assert.ok(fill(buffer, devices).isFull, `${devices}`);
    }
    const silent = new FleetLearningBuffer(FEATURES, 500, 300);
    for (let i = 0; i < 100; i++) silent.add(Float64Array.of(i, 1), `gone-${i}`);
    assert.ok(fill(silent, 2).isFull);
    const missing = new FleetLearningBuffer(FEATURES, 64, 10);
    for (let i = 0; i < 1000; i++) missing.add(Float64Array.of(i, Number.NaN), "d");
    assert.equal(missing.have, 0);
  });
});

describe("a model learned from a simulated fleet of a thousand devices", () => {
  let scorer: AnomalyScorer;
  let next: (device: number) => { row: Float64Array; at: number };
  const ticks = new Int32Array(DEVICES);

  before(() => {
    const sensors = makeGatewayFleet({ devices: DEVICES, seed: 11 }).map((device) => new Sensors(device));
    next = (device) => {
      const tick = (ticks[device] as number)++;
      const at = START + tick * PERIOD_SEC * 1000 + device;
      const { temperature, humidity } = flattened((sensors[device] as Sensors).payload(at, tick + 1));
      return { row: Float64Array.of(Number(temperature ?? Number.NaN), Number(humidity ?? Number.NaN)), at };
    };
    const buffer = new FleetLearningBuffer(FEATURES, 2000, OF_DEVICE);
    while (!buffer.isFull) for (let i = 0; i < DEVICES; i++) buffer.add(next(i).row, `d${i}`);
    const options = { contamination: 0, ownLevels: true, seed: 1, now: START };
    scorer = new AnomalyScorer(trainModel(buffer.toTrainingData(), options), { missing: "impute" });
  });

  it("calls fewer than one in a thousand honest readings unusual", () => {
    let [judged, flagged] = [0, 0];
    for (let tick = 0; tick < 150; tick++) {
      for (let i = 0; i < DEVICES; i++) {
        const { row, at } = next(i);
        judged++;
        if (scorer.scoreRow(row, `d${i}`, { at }).isAnomaly) flagged++;
      }
    }
    assert.ok(flagged / judged < 0.001, `${flagged} of ${judged}`);
  });

  it("finds a device that leaves its level, and one that leaves every level", () => {
    const thermometers = Array.from({ length: 20 }, (_, i) => i).filter((i) => !Number.isNaN(next(i).row[0]));
    const until = (drift: (step: number) => number) => {
      const device = thermometers.pop() as number;
      for (let step = 0; step < 600; step++) {
        const { row, at } = next(device);
        row[0] = (row[0] as number) + drift(step);
        if (scorer.scoreRow(row, `d${device}`, { at }).isAnomaly) return step;
      }
      return Number.POSITIVE_INFINITY;
    };
    assert.ok(until(() => 6) < 120);
    assert.equal(
      until(() => 40),
      0,
      "beyond every range",
    );
    assert.ok(until((step) => step * 0.05) < 300);
  });
});
