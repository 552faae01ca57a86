import type { SeededRandom } from "../../../lib/common/seeded-random.js";
import { Accountant, budgetInMemory } from "../../../lib/privacy/accountant.js";
import type { AlarmChange } from "../../../lib/privacy/group-alarms.js";
import { Mask } from "../../../lib/privacy/mask.js";
import { createMechanism } from "../../../lib/privacy/mechanism.js";
import { type MaskSettings, publishedGrid, UNITS_PER_KELVIN } from "../../../lib/privacy/settings.js";
import { clippedUnits, fromGrid, toGrid } from "../../../lib/privacy/zone-mean.js";

/** Time of the first step: midnight, so that intervals begin with the run. */
export const START_MS = Date.UTC(2026, 0, 5);

/** What a subscriber (and with it the attacker) gets to see of a room. */
export interface Publisher {
  /**
   * Takes what the sensors say at one instant, in degrees Celsius.
   *
   * @returns the value published now, NaN if there is none.
   */
  accept(timestampMs: number, readings: Float64Array): number;
}

/** One sensor, each reading as `change` makes it. */
export function perReading(change: (reading: number) => number): Publisher {
  return { accept: (_, readings) => change(readings[0] as number) };
}

export function rounded(value: number, step: number): number {
  return Math.round(value / step) * step;
}

/** Independent normal noise on each reading. */
export function independentNoise(sigmaK: number, random: SeededRandom): Publisher {
  return perReading((reading) => rounded(reading + random.gaussian(0, sigmaK), 0.01));
}

const SEED_HOT_C = 30;
const SEED_COLD_C = 21;

/**
 * The rule of the first system: exact values from 30 and up to 21 degrees, 25 degrees with noise of 0.1 K for what its
 * isolation forest calls an anomaly, noise of 0.02 K on everything else.
 */
export function seedRule(isAnomaly: (reading: number) => boolean, random: SeededRandom): Publisher {
  return perReading((reading) => {
    if (reading >= SEED_HOT_C || reading <= SEED_COLD_C) return reading;
    const [centre, sigma] = isAnomaly(reading) ? [25, 0.1] : [reading, 0.02];
    return rounded(random.gaussian(centre, sigma), 0.01);
  });
}

/** The mask's mechanisms that publish each reading of a sensor; without the account, which no figure depends on. */
export function maskedReadings(settings: MaskSettings): Publisher {
  const mechanism = createMechanism(settings);
  const gridUnits = Math.round(publishedGrid(settings) * UNITS_PER_KELVIN);
  return perReading((reading) => {
    const exact = toGrid(BigInt(clippedUnits(reading, settings.clip)), 1n, gridUnits);
    return fromGrid(mechanism.mask(exact, 1).grid, gridUnits);
  });
}

/** The true mean of all sensors over each interval. */
export function exactZoneMean(intervalSec: number): Publisher {
  let sum = 0;
  let count = 0;
  return {
    accept(timestampMs, readings) {
      for (const reading of readings) sum += reading;
      count += readings.length;
      if (timestampMs % (intervalSec * 1000) !== 0) return Number.NaN;
      const mean = sum / count;
      [sum, count] = [0, 0];
      return mean;
    },
  };
}

/** The mask itself, with the first `sensors` racks as its group; noise from the operating system, never seeded. */
export class MaskPublisher implements Publisher {
  private readonly mask: Mask;
  private readonly devices: string[];
  private readonly intervalMs: number;

  /** @param onAlarm told of each alarm of the mask when it is raised or ends. */
  constructor(
    private readonly settings: MaskSettings,
    sensors: number,
    private readonly onAlarm?: (alarm: AlarmChange, timestampMs: number) => void,
  ) {
    this.mask = new Mask(settings, new Accountant(budgetInMemory()));
    this.devices = Array.from({ length: sensors }, (_, rack) => `rack-${rack + 1}`);
    this.intervalMs = settings.interval * 1000;
  }

  accept(timestampMs: number, readings: Float64Array): number {
    // A step ends at its timestamp; the reading at an interval's end still belongs to it.
    const now = timestampMs - 1;
    for (let rack = 0; rack < this.devices.length; rack++) {
      const device = this.devices[rack] as string;
      const value = readings[rack] as number;
      const { alarms } = this.mask.accept(
        { device, group: "zone", timestamp: timestampMs, value, isAnomaly: undefined },
        now,
      );
      if (this.onAlarm) for (const alarm of alarms) this.onAlarm(alarm, timestampMs);
    }
    if (timestampMs % this.intervalMs !== 0) return Number.NaN;
    const [release] = this.mask.endInterval(timestampMs).releases;
    return release ? Number(release.payload[this.settings.outputField]) : Number.NaN;
  }
}
