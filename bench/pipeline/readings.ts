import { SeededRandom } from "../../lib/common/seeded-random.js";

/** A sensor's message as seed 000 sends it. */
export interface Reading {
  timestamp: string;
  temperature_C: number;
}

/** A quiet server room: set point and spread of the recorded trace. */
const SET_POINT = 25;
const SENSOR_SIGMA = 0.035;
/** One reading in a hundred is an open door or a failing fan. */
const EVENT_PERIOD = 100;
const EVENT_TEMPERATURES = [23, 28] as const;
const FIRST_TIMESTAMP = Date.UTC(2026, 0, 1);

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Quiet readings one second apart, rounded to 0.01 degrees Celsius as the sensor does. */
export function quietTemperatures(count: number, random: SeededRandom): Float64Array {
  return Float64Array.from({ length: count }, () => twoDecimals(random.gaussian(SET_POINT, SENSOR_SIGMA)));
}

/** Endless readings one second apart, no two with the same timestamp; the same for every contender and round. */
export class ReadingSource {
  private readonly random = new SeededRandom(20_250_724);
  private made = 0;

  take(count: number): Reading[] {
    return Array.from({ length: count }, () => this.next());
  }

  private next(): Reading {
    const number = this.made++;
    const isEvent = number % EVENT_PERIOD === EVENT_PERIOD - 1;
    const level = isEvent
      ? (EVENT_TEMPERATURES[Math.floor(number / EVENT_PERIOD) % EVENT_TEMPERATURES.length] as number)
      : SET_POINT;
    return {
      timestamp: new Date(FIRST_TIMESTAMP + number * 1000).toISOString().replace(".000Z", "Z"),
      temperature_C: twoDecimals(this.random.gaussian(level, SENSOR_SIGMA)),
    };
  }
}
