import assert from "node:assert/strict";
import { heightAt, type ThermalEvent } from "../../../simulator/thermal/events.js";
import { type PlantOptions, type PlantSample, ThermalPlant } from "../../../simulator/thermal/plant.js";

/** A room in which nothing is random. */
const STILL = { disturbanceSdK: 0, sensorSdK: 0, sensorStepK: 0 };

function within(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected} +- ${tolerance}`);
}

function run(options: PlantOptions, seconds: number, command?: (sec: number) => number | undefined): PlantSample[] {
  const plant = new ThermalPlant(options);
  return Array.from({ length: seconds * plant.rateHz }, (_, i) => plant.step(command?.(i / plant.rateHz)));
}

/** Change of the inlet by a job from idle to peak that runs ten minutes. */
function jobResponse(rateHz: number): number[] {
  const job = (_: number, sec: number) => (sec < 600 ? 1 : 0);
  const options = { seed: 1, racks: 1, rateHz, parameters: STILL };
  // Both start in their steady state, so the job begins one second late in a run that starts idle.
  const loaded = run({ ...options, workload: (rack, sec) => (sec < 1 ? 0 : job(rack, sec - 1)) }, 3601);
  const idle = run({ ...options, workload: () => 0 }, 3601);
  return loaded.map((sample, i) => (sample.racks[0]?.inletC as number) - (idle[i]?.racks[0]?.inletC as number));
}

function deviation(values: number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

describe("ThermalPlant", () => {
  it("answers a ten-minute job from idle to peak as the privacy analysis assumes", () => {
    const response = jobResponse(1);
    const norm = Math.hypot(...response);
    within(Math.max(...response), 1.63, 0.02, "peak in K");
    within(norm, 35, 0.02 * 35, "l2 norm at 1 Hz in K sqrt(sample)");
    within(Math.hypot(...jobResponse(10)), 110, 0.02 * 110, "l2 norm at 10 Hz");
  });

  it("settles at the gains of its physics", () => {
    const settle = (utilisation: number, commandC: number) =>
      run({ seed: 1, racks: 2, workload: () => utilisation, parameters: STILL }, 3000, () => commandC).at(-1)?.racks[1]
        ?.inletC as number;
    // 0.25 of 12 K comes back at peak, two fifths of it when idle.
    within(settle(1, 22), 25, 1e-6, "peak");
    within(settle(0, 22), 23.2, 1e-6, "idle");
    within(settle(0.5, 18) - settle(0.5, 20), -2, 1e-6, "one kelvin of supply is one kelvin of inlet");
  });

  it("reaches 63 % of a supply step after the actuator's time constant, at any rate", () => {
    for (const rateHz of [1, 10]) {
      const samples = run({ seed: 1, racks: 1, rateHz, workload: () => 0, parameters: STILL }, 60, () => 17.5);
      within(samples.at(-1)?.supplyC as number, 22.5 - 5 * (1 - Math.exp(-1)), 1e-9, `supply at ${rateHz} Hz`);
    }
  });

  it("keeps the last command, starts at 22.5 and obeys only within the supply range", () => {
    const plant = new ThermalPlant({ seed: 1 });
    assert.equal(plant.step().commandC, 22.5);
    assert.equal(plant.step(20).commandC, 20);
    assert.equal(plant.step(undefined).commandC, 20);
    assert.equal(plant.step(Number.NaN).commandC, 20);
    assert.equal(plant.step(-300).commandC, 16);
    assert.equal(plant.step(1e9).commandC, 27);
  });

  it("repeats itself by seed and differs between seeds and racks", () => {
    const options = { seed: 7, events: { door: 20 } };
    assert.deepEqual(run(options, 600), run(options, 600));
    assert.notDeepEqual(run(options, 10), run({ ...options, seed: 8 }, 10));
    const [first, second] = run(options, 600).at(-1)?.racks ?? [];
    assert.notEqual(first?.utilisation, second?.utilisation);
  });

  it("has the same workload, events and true temperatures at 1 and 10 Hz", () => {
    const options = { seed: 3, racks: 3, events: { door: 30, "near-miss": 5 } };
    const slow = run({ ...options, rateHz: 1 }, 3600);
    const fast = run({ ...options, rateHz: 10 }, 3600).filter((_, i) => i % 10 === 9);
    for (const [i, sample] of slow.entries()) {
      assert.equal(fast[i]?.timeSec, sample.timeSec);
      assert.deepEqual(
        fast[i]?.events.map(({ kind, startSec }) => [kind, startSec]),
        sample.events.map(({ kind, startSec }) => [kind, startSec]),
      );
      for (const [rack, { utilisation, inletC }] of sample.racks.entries()) {
        assert.equal(fast[i]?.racks[rack]?.utilisation, utilisation);
        within(fast[i]?.racks[rack]?.inletC as number, inletC, 0.06, `rack ${rack} after ${i + 1} s`);
      }
    }
  });

  it("one more rack changes nothing for the others", () => {
    const three = run({ seed: 5, racks: 3 }, 300).at(-1)?.racks;
    const four = run({ seed: 5, racks: 4 }, 300).at(-1)?.racks;
    assert.deepEqual(four?.slice(0, 3), three);
  });

  it("has workloads on four levels with holding times of twelve minutes", () => {
    const samples = run({ seed: 11, racks: 8 }, 6 * 3600);
    let changes = 0;
    const seen = new Set<number>();
    for (let rack = 0; rack < 8; rack++) {
      let level = -1;
      // The fluctuation of 4 % blurs the levels: a level holds where the minute's mean is near it.
      for (let from = 0; from + 60 <= samples.length; from += 60) {
        const mean =
          samples.slice(from, from + 60).reduce((sum, sample) => sum + (sample.racks[rack]?.utilisation ?? 0), 0) / 60;
        const nearest = [0.1, 0.35, 0.65, 0.95].findIndex((value) => Math.abs(value - mean) < 0.1);
        if (nearest < 0) continue;
        seen.add(nearest);
        if (level >= 0 && nearest !== level) changes++;
        level = nearest;
      }
    }
    assert.equal(seen.size, 4);
    // 48 rack hours of 12 minutes: 240 changes, of which a few are too short to be seen.
    within(changes, 225, 45, "changes of level");
  });

  it("measures with noise of 0.05 K in steps of 1/16 K", () => {
    const samples = run({ seed: 2, racks: 1, workload: () => 0.5 }, 7200);
    const errors = samples.map(({ racks: [rack] }) => (rack?.measuredC as number) - (rack?.inletC as number));
    assert.ok(samples.every(({ racks: [rack] }) => Number.isInteger((rack?.measuredC as number) * 16)));
    within(deviation(errors), Math.hypot(0.05, 0.0625 / Math.sqrt(12)), 0.002, "deviation of the sensor");
  });

  it("drifts by a disturbance of 0.25 K", () => {
    const samples = run({ seed: 2, racks: 8, workload: () => 0.5, parameters: { sensorSdK: 0 } }, 12 * 3600);
    const all = samples.flatMap(({ racks }) => racks.map(({ inletC }) => inletC));
    within(deviation(all), 0.25, 0.03, "deviation of the inlet");
  });

  describe("events", () => {
    const door: ThermalEvent = { kind: "door", startSec: 10, endSec: 70, amplitudeK: -2, rampSec: 3, racks: [1, 2] };
    const still = { seed: 1, racks: 4, workload: () => 0.5, parameters: STILL };

    it("a door chills the sensors beside it and no other", () => {
      const samples = run({ ...still, scripted: [door] }, 100);
      const inlet = (sec: number, rack: number) => samples[sec - 1]?.racks[rack]?.inletC as number;
      within(inlet(40, 1) - inlet(40, 0), -2, 1e-9, "at the door");
      assert.equal(inlet(40, 3), inlet(40, 0));
      within(inlet(90, 2), inlet(90, 3), 1e-9, "afterwards");
      assert.deepEqual(
        [9, 10, 69, 70].map((sec) => samples[sec - 1]?.events.length),
        [0, 1, 1, 0],
      );
    });

    it("a cooling failure without control overheats the zone", () => {
      const failure: ThermalEvent = { ...door, kind: "cooling-failure", endSec: 900, amplitudeK: 8, rampSec: 180 };
      const hottest = Math.max(
        ...run({ ...still, scripted: [{ ...failure, racks: [0, 1, 2, 3] }] }, 900).map(
          ({ racks }) => racks[3]?.inletC as number,
        ),
      );
      // 22.5 + 3 K * 0.7 + 8 K
      within(hottest, 32.6, 0.05, "hottest");
    });

    it("come at the rates asked for, shaped as configured", () => {
      const rates = { door: 4, "cooling-failure": 1, "near-miss": 1, gust: 4 };
      const seen = new Set<ThermalEvent>();
      const plant = new ThermalPlant({ seed: 9, racks: 8, events: rates, workload: () => 0.5 });
      for (let sec = 0; sec < 48 * 3600; sec++) for (const event of plant.step().events) seen.add(event);
      const of = (kind: string) => [...seen].filter((event) => event.kind === kind);
      // An event of a kind does not begin while one is under way, so a little fewer than asked for.
      within(of("door").length, 48 * 4 * 0.94, 45, "doors");
      within(of("gust").length, 48 * 4, 45, "gusts");
      within(of("cooling-failure").length, 48 * 0.8, 20, "failures");
      for (const { amplitudeK, startSec, endSec, racks } of of("door")) {
        assert.ok(amplitudeK >= -2.5 && amplitudeK <= -1.5 && endSec - startSec >= 30 && endSec - startSec <= 90);
        assert.equal(racks.length, 3);
      }
      for (const { amplitudeK, racks } of of("cooling-failure")) {
        assert.ok(amplitudeK >= 7 && amplitudeK <= 10 && racks.length === 8);
      }
      for (const { amplitudeK, startSec, endSec } of of("gust")) {
        assert.ok(amplitudeK === 6.5 && endSec - startSec >= 6 && endSec - startSec <= 13);
      }
    });

    it("rise and fall over their ramp", () => {
      assert.deepEqual(
        [9, 10, 11.5, 13, 40, 67, 68.5, 70].map((sec) => heightAt(door, sec)),
        [0, -0, -1, -2, -2, -2, -1, 0],
      );
    });
  });

  it("refuses a room that cannot be", () => {
    for (const racks of [0, 65, 1.5]) assert.throws(() => new ThermalPlant({ seed: 1, racks }), RangeError);
    for (const rateHz of [0, 0.5, 101]) assert.throws(() => new ThermalPlant({ seed: 1, rateHz }), RangeError);
  });
});
