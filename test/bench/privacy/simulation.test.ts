import assert from "node:assert/strict";
import { contenderNamed, contenders, OURS, RAW, SEED_RULE } from "../../../bench/privacy/simulation/contenders.js";
import { ControlLoop } from "../../../bench/privacy/simulation/control-loop.js";
import { exactZoneMean, MaskPublisher, START_MS, seedRule } from "../../../bench/privacy/simulation/publishers.js";
import { OpenRoom, SupplyPath, sensorReading } from "../../../bench/privacy/simulation/room.js";
import { type RunOptions, runRoom } from "../../../bench/privacy/simulation/run.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { HvacController } from "../../../lib/hvac/hvac-controller.js";
import { DEFAULT_SETTINGS } from "../../../lib/privacy/settings.js";
import { ThermalPlant } from "../../../simulator/thermal/plant.js";

const ROOM = { seed: 7, racks: 4, events: { door: 6 } };

describe("the room of the privacy suite", () => {
  for (const rateHz of [1, 10]) {
    it(`is the plant in closed loop, at ${rateHz} Hz`, () => {
      const plant = new ThermalPlant({ ...ROOM, rateHz });
      const open = new OpenRoom({ ...ROOM, rateHz });
      const supply = new SupplyPath(rateHz);
      const random = new SeededRandom(1);
      let commandC = 22.5;
      let sensorsDiffer = 0;
      for (let step = 0; step < 3000; step++) {
        if (step % 50 === 0) commandC = 14 + 15 * random.uniform();
        const sample = plant.step(commandC);
        open.step();
        const effectK = supply.step(commandC);
        for (const [rack, { inletC, measuredC, utilisation }] of sample.racks.entries()) {
          assert.ok(Math.abs(inletC - (open.inletC[rack] as number) - effectK) < 1e-9);
          assert.equal(utilisation, open.utilisation[rack]);
          // A last bit may fall on the other side of a sensor's step.
          if (measuredC !== sensorReading((open.sensedC[rack] as number) + effectK)) sensorsDiffer++;
        }
      }
      assert.ok(sensorsDiffer < 3, `${sensorsDiffer} readings differ`);
    });
  }

  it("is regulated by what hvac-control computes", () => {
    const loop = new ControlLoop(1, 60);
    const hvac = new HvacController({ filterTauSec: 60 });
    const supply = new SupplyPath(1);
    const random = new SeededRandom(2);
    let commandC = hvac.options.baseSupplyC;
    let travel = 0;
    for (let second = 1; second <= 2000; second++) {
      const effect = supply.step(commandC);
      assert.equal(loop.step(), effect);
      const reading = 26 + random.gaussian(0, 1);
      loop.receive(START_MS + second * 1000, reading);
      const next = hvac.accept(START_MS + second * 1000, reading).command?.supply_temperature_C as number;
      travel += Math.abs(next - commandC);
      commandC = next;
    }
    assert.ok(Math.abs(loop.travelK - travel) < 1e-6 && travel > 1);
  });
});

describe("the streams of the privacy suite", () => {
  it("apply the first system's rule", () => {
    const rule = seedRule((reading) => reading < 24, new SeededRandom(1));
    const publish = (reading: number) => rule.accept(START_MS, Float64Array.of(reading));
    assert.equal(publish(30), 30);
    assert.equal(publish(21), 21);
    assert.ok(Math.abs(publish(23) - 25) < 0.6);
    assert.ok(Math.abs(publish(26) - 26) < 0.12);
  });

  it("publish the mean of an interval at its end, with and without the mask", () => {
    const readings = Float64Array.of(24, 24, 24, 24, 26, 26, 26, 26);
    const exact = exactZoneMean(60);
    const masked = new MaskPublisher(DEFAULT_SETTINGS, 8);
    const released: number[] = [];
    for (let second = 1; second <= 6000; second++) {
      const timestampMs = START_MS + second * 1000;
      const mean = exact.accept(timestampMs, readings);
      const value = masked.accept(timestampMs, readings);
      assert.equal(Number.isNaN(mean), second % 60 !== 0);
      assert.equal(Number.isNaN(value), second % 60 !== 0);
      if (second % 60 !== 0) continue;
      assert.equal(mean, 25);
      released.push(value);
    }
    // A hundred values of deviation 0.95 K: the mean is off by 0.095 K; six of those by chance once in 10^9.
    assert.ok(Math.abs(released.reduce((sum, value) => sum + value, 0) / released.length - 25) < 0.57);
    assert.ok(new Set(released).size > 50);
  });

  it("have one name each, raw first, and refuse an unknown one", () => {
    assert.equal(contenders[0]?.name, RAW);
    assert.equal(new Set(contenders.map(({ name }) => name)).size, contenders.length);
    assert.throws(() => contenderNamed("nobody"), RangeError);
  });
});

describe("a run", () => {
  const options: RunOptions = { ...ROOM, racks: 8, rateHz: 1, durationSec: 3600, isAnomaly: () => false };

  it("is the same for the same seed, and another for another", () => {
    const seeded = [contenderNamed(RAW), contenderNamed(SEED_RULE), contenderNamed("zone-mean")];
    const first = runRoom(seeded, options);
    assert.deepEqual(runRoom(seeded, options), first);
    assert.notDeepEqual(runRoom(seeded, { ...options, seed: 8 }).loads, first.loads);
  });

  it("does not depend on who else takes part", () => {
    const alone = runRoom([contenderNamed(RAW)], options).recordings.get(RAW);
    assert.deepEqual(runRoom([contenderNamed("noise-1K"), contenderNamed(RAW)], options).recordings.get(RAW), alone);
  });

  it("gives attackers the stream without the air conditioner's part, computed from the stream alone", () => {
    const published: number[] = [];
    const { recordings } = runRoom([contenderNamed(OURS)], {
      ...options,
      onStep: ({ published: value }) => published.push(value),
    });
    const view = recordings.get(OURS)?.view;
    const replay = new ControlLoop(1, 600);
    let effects = 0;
    for (const [i, value] of published.entries()) {
      effects += replay.step();
      if (Number.isNaN(value)) continue;
      const block = (i + 1) / 10 - 1;
      const expected = value - effects / 60;
      assert.ok(Math.abs((view?.observed[block] as number) - expected) < 1e-9);
      assert.ok(Math.abs((view?.held[block - 5] as number) - expected) < 1e-9);
      effects = 0;
      replay.receive(START_MS + (i + 1) * 1000, value);
    }
    assert.equal(view?.observed.filter((value) => !Number.isNaN(value)).length, 60);
  });

  it("leaves one rack and noise to who knows the others", () => {
    const rackMeans = new Float64Array(60);
    const { recordings } = runRoom([contenderNamed(OURS)], {
      ...options,
      onStep: ({ step, rackC }) => {
        const minute = Math.floor((step - 1) / 60);
        rackMeans[minute] = (rackMeans[minute] as number) + rackC / 60;
      },
    });
    const view = recordings.get(OURS)?.viewsWithOthers[0];
    // Eight times the noise of 0.95 K on each of sixty values.
    const left = rackMeans.map((mean, minute) => (view?.observed[minute * 6 + 5] as number) - mean);
    const rms = Math.sqrt(left.reduce((sum, value) => sum + value ** 2, 0) / 60);
    // Chi-square with 60 degrees of freedom: outside of this once in 10^9 runs.
    assert.ok(rms > 3.7 && rms < 12.5, String(rms));
  });
});
