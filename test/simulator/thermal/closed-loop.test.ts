import assert from "node:assert/strict";
import { HoldAlarm } from "../../../lib/common/hold-alarm.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { HvacController } from "../../../lib/hvac/hvac-controller.js";
import type { HvacOptions } from "../../../lib/hvac/hvac-options.js";
import type { ThermalEvent } from "../../../simulator/thermal/events.js";
import { ThermalPlant } from "../../../simulator/thermal/plant.js";

const START = Date.UTC(2026, 0, 5);
const HOUR = 3600;

interface Loop {
  racks: number;
  rateHz?: number;
  seed: number;
  hours: number;
  /** Interval of the published mean in seconds; each sample where there is none. */
  intervalSec?: number;
  noiseSigmaK?: number;
  hvac?: Partial<HvacOptions>;
  events?: ThermalEvent[];
  /** Alarms decided on raw samples reach the controller. */
  trustedAlarms?: boolean;
}

interface Outcome {
  /** Root mean square of the zone mean against the set point after the first hour, K. */
  deviationK: number;
  /** Movement of the command, K per hour. */
  travel: number;
  hottestC: number;
  overrides: string[];
  /** Seconds from the first overheated raw sample to the lowest command, for the first alarm. */
  reactionSec: number | undefined;
  /** Command at each whole minute. */
  commands: number[];
}

const closed = new Map<string, Outcome>();

/** What becomes of a loop; several tests compare with the same ones. */
function close(loop: Loop): Outcome {
  const key = JSON.stringify(loop);
  const outcome = closed.get(key) ?? run(loop);
  closed.set(key, outcome);
  return outcome;
}

/** Regulates the zone mean of the raw sensors as a broker would deliver it, with Gaussian noise in place of the mask's. */
function run(loop: Loop): Outcome {
  const { racks, rateHz = 1, seed, hours, intervalSec, noiseSigmaK = 0 } = loop;
  const plant = new ThermalPlant({ seed, racks, rateHz, ...(loop.events ? { scripted: loop.events } : {}) });
  const controller = new HvacController(loop.hvac);
  const noise = new SeededRandom(seed + 1000);
  const alarm = new HoldAlarm({ level: { op: ">=", threshold: 30, clear: 29.8 }, holdSec: 20 });
  const outcome: Outcome = {
    deviationK: 0,
    travel: 0,
    hottestC: 0,
    overrides: [],
    reactionSec: undefined,
    commands: [],
  };
  let command: number | undefined;
  let last = 22.5;
  let squares = 0;
  let count = 0;
  let sum = 0;
  let samples = 0;
  let firstHot: number | undefined;
  const obey = (output: ReturnType<HvacController["accept"]>) => {
    if (!output.command) return;
    command = output.command.supply_temperature_C;
    const { override } = output.command;
    if (override && outcome.overrides.at(-1) !== override) outcome.overrides.push(override);
  };
  for (let step = 1; step <= hours * HOUR * rateHz; step++) {
    const sample = plant.step(command);
    const timestampMs = START + Math.round((step * 1000) / rateHz);
    const truth = sample.racks.reduce((total, rack) => total + rack.inletC, 0) / racks;
    const hottest = Math.max(...sample.racks.map((rack) => rack.inletC));
    outcome.hottestC = Math.max(outcome.hottestC, hottest);
    if (hottest >= 30) firstHot ??= sample.timeSec;
    if (sample.timeSec > HOUR) {
      squares += (truth - 25) ** 2;
      count++;
    }
    sum += sample.racks.reduce((total, rack) => total + rack.measuredC, 0) / racks;
    samples++;
    const isDue = intervalSec === undefined || sample.timeSec % intervalSec === 0;
    if (isDue) {
      obey(controller.accept(timestampMs, sum / samples + (noiseSigmaK > 0 ? noise.gaussian(0, noiseSigmaK) : 0)));
      sum = 0;
      samples = 0;
    }
    const state = loop.trustedAlarms && alarm.update(timestampMs, Math.max(...sample.racks.map((r) => r.measuredC)));
    if (state) {
      obey(
        controller.trustedAlarm({
          alarm: "overheat",
          state,
          sinceMs: alarm.since ?? timestampMs,
          group: "zone",
          device: "",
        }),
      );
      if (state === "on") outcome.reactionSec ??= sample.timeSec - (firstHot ?? 0);
    }
    if (sample.timeSec > HOUR) outcome.travel += Math.abs((command ?? 22.5) - last) / (hours - 1);
    last = command ?? 22.5;
    if (sample.timeSec % 60 === 0) outcome.commands.push(last);
  }
  outcome.deviationK = Math.sqrt(squares / count);
  return outcome;
}

function meanOver(seeds: number[], of: (seed: number) => number): number {
  return seeds.reduce((sum, seed) => sum + of(seed), 0) / seeds.length;
}

const SEEDS = [1, 2, 3];
const RAW_FILTER = { filterTauSec: 60 };
const MASKED = { racks: 8, hours: 24, intervalSec: 60, noiseSigmaK: 0.953 };

describe("closed loop of plant and hvac-control", () => {
  it("one raw sensor: stays about 0.36 K around the set point, far less than without control", () => {
    const controlled = meanOver(SEEDS, (seed) => close({ racks: 1, seed, hours: 24, hvac: RAW_FILTER }).deviationK);
    const free = meanOver(SEEDS, (seed) => close({ racks: 1, seed, hours: 24, hvac: { kp: 0, ki: 0 } }).deviationK);
    assert.ok(controlled > 0.3 && controlled < 0.42, `${controlled} K`);
    assert.ok(controlled < 0.7 * free, `${controlled} K controlled, ${free} K free`);
  });

  it("masked zone mean: no worse than 1.1 times one raw sensor, at 1 Hz and at 10 Hz", () => {
    const raw = meanOver(SEEDS, (seed) => close({ racks: 1, seed, hours: 24, hvac: RAW_FILTER }).deviationK);
    const masked = meanOver(SEEDS, (seed) => close({ ...MASKED, seed }).deviationK);
    const fast = close({ ...MASKED, seed: 1, hours: 8, rateHz: 10 });
    const slow = close({ ...MASKED, seed: 1, hours: 8, rateHz: 1 });
    assert.ok(masked <= 1.1 * Math.min(raw, 0.357), `${masked} K masked, ${raw} K raw`);
    assert.ok(Math.abs(fast.deviationK - slow.deviationK) < 0.02, `${fast.deviationK} K and ${slow.deviationK} K`);
  });

  it("the dead band spares the actuator the mask's noise", () => {
    const banded = close({ ...MASKED, seed: 1 });
    const bare = close({ ...MASKED, seed: 1, hvac: { deadBandK: 0 } });
    assert.ok(banded.travel < 2, `${banded.travel} K/h`);
    assert.ok(banded.travel < bare.travel / 3, `${banded.travel} K/h with, ${bare.travel} K/h without`);
  });

  it("commands the same whether the sensors run at 1 Hz or 10 Hz", () => {
    const of = (rateHz: number) => close({ racks: 8, seed: 4, hours: 4, rateHz, hvac: RAW_FILTER }).commands;
    const [slow, fast] = [of(1), of(10)];
    for (const [minute, command] of slow.entries()) {
      const difference = Math.abs(command - (fast[minute] as number));
      assert.ok(difference < 0.08, `${difference} K apart after ${minute + 1} min`);
    }
  });

  it("a cooling failure: the trusted alarm reaches the actuator within seconds and takes the heat out", () => {
    const failure: ThermalEvent = {
      kind: "cooling-failure",
      startSec: 2 * HOUR,
      endSec: 2 * HOUR + 1500,
      amplitudeK: 10,
      rampSec: 180,
      racks: [0, 1, 2, 3, 4, 5, 6, 7],
    };
    const loop = { ...MASKED, hours: 4, seed: 2, events: [failure] };
    const trusted = close({ ...loop, trustedAlarms: true });
    const blind = close(loop);
    assert.deepEqual(trusted.overrides, ["overheat"]);
    assert.deepEqual(blind.overrides, []);
    assert.ok((trusted.reactionSec as number) <= 25, `${trusted.reactionSec} s`);
    assert.ok(trusted.hottestC < blind.hottestC - 0.5, `${trusted.hottestC} °C, ${blind.hottestC} °C without`);
    assert.ok(Math.abs((trusted.commands.at(-1) as number) - 22.5) < 2.5, "the override must end");
  });
});
