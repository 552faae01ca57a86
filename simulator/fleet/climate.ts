import type { SeededRandom } from "../../lib/common/seeded-random.js";

const DAY_SEC = 86_400;
/** Warmest hour of the day, UTC. */
const WARMEST_SEC = 15 * 3600;
/** Slow wandering of a room's temperature: an Ornstein-Uhlenbeck process. */
const ROOM_SD_C = 0.4;
const ROOM_TIME_CONSTANT_SEC = 600;
const AIR_SD_PERCENT = 1;
const AIR_TIME_CONSTANT_SEC = 900;
/** Relative humidity falls as air of the same moisture warms. */
const PERCENT_PER_KELVIN = -1.8;
const MIDDLE_C = 27.5;
const MIDDLE_PERCENT = 50;
/** One reading's own noise. */
const SENSOR_SD_C = 0.05;
const SENSOR_SD_PERCENT = 0.3;
/** Normal operation stays within these, as in the first attack simulators: 20-35 °C and 30-70 %. */
const TEMPERATURE_C = [20.2, 34.8] as const;
const HUMIDITY_PERCENT = [30.5, 69.5] as const;

/** What a sensor measures: degrees Celsius and percent, with the sensor's resolution of a tenth. */
export interface Climate {
  temperature: number;
  humidity: number;
}

export interface ClimateOptions {
  /** The room's mean temperature, degrees Celsius. */
  levelC: number;
  /** Half of the difference between the warmest and the coldest hour, kelvin. */
  dayAmplitudeK: number;
}

/** Exact step of an Ornstein-Uhlenbeck process with mean 0 (Gillespie 1996, equation 2.47). */
function wander(value: number, sd: number, timeConstantSec: number, seconds: number, random: SeededRandom): number {
  const kept = Math.exp(-seconds / timeConstantSec);
  return value * kept + random.gaussian(0, sd * Math.sqrt(1 - kept * kept));
}

function within(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(high, Math.max(low, value));
}

const tenth = (value: number) => Math.round(value * 10) / 10;

/**
 * The air around one sensor: a level of its own, a day's cycle, slow wandering, and humidity that falls as it warms.
 * Everything but the sensor's noise is continuous in time, so no two readings differ by more than physics allows.
 */
export class RoomClimate {
  private room: number;
  private air: number;
  private lastMs: number | undefined;

  constructor(
    private readonly options: ClimateOptions,
    private readonly random: SeededRandom,
  ) {
    this.room = random.gaussian(0, ROOM_SD_C);
    this.air = random.gaussian(0, AIR_SD_PERCENT);
  }

  /**
   * One reading.
   *
   * @param atMs milliseconds since the Unix epoch, not before the last call's.
   * @param driftK added to the room's temperature: what a sensor that drifts reads too much.
   */
  read(atMs: number, driftK = 0): Climate {
    const { random } = this;
    const seconds = this.lastMs === undefined ? 0 : Math.max(0, (atMs - this.lastMs) / 1000);
    this.lastMs = atMs;
    this.room = wander(this.room, ROOM_SD_C, ROOM_TIME_CONSTANT_SEC, seconds, random);
    this.air = wander(this.air, AIR_SD_PERCENT, AIR_TIME_CONSTANT_SEC, seconds, random);
    const trueC = within(this.trueC(atMs), TEMPERATURE_C);
    const truePercent = MIDDLE_PERCENT + PERCENT_PER_KELVIN * (trueC - MIDDLE_C) + this.air;
    return {
      temperature: tenth(trueC + driftK + random.gaussian(0, SENSOR_SD_C)),
      humidity: tenth(within(truePercent, HUMIDITY_PERCENT) + random.gaussian(0, SENSOR_SD_PERCENT)),
    };
  }

  /** The room's temperature without noise or drift, degrees Celsius. */
  trueC(atMs: number): number {
    const phase = (2 * Math.PI * (atMs / 1000 - WARMEST_SEC)) / DAY_SEC;
    return this.options.levelC + this.options.dayAmplitudeK * Math.cos(phase) + this.room;
  }
}
