import { UNITS_PER_KELVIN } from "./settings.js";

interface RunningSum {
  /** In units of 0.001 K; stays exact in a double for more than 10^8 readings of 10^7 units. */
  sum: number;
  count: number;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller > 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

function floorDivide(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator % denominator < 0n ? quotient - 1n : quotient;
}

/** A temperature as the mask counts it: clipped, then rounded to whole thousandths. */
export function clippedUnits(value: number, clip: readonly [number, number]): number {
  return Math.round(Math.min(clip[1], Math.max(clip[0], value)) * UNITS_PER_KELVIN);
}

/**
 * numerator/denominator thousandths of a kelvin on a grid of `gridUnits` thousandths: floor(x + 1/2).
 * Halves always go up, so shifting the input by whole grid units shifts the result by as many.
 */
export function toGrid(numerator: bigint, denominator: bigint, gridUnits: number): bigint {
  const step = denominator * BigInt(gridUnits);
  return floorDivide(2n * numerator + step, 2n * step);
}

/** A grid value as a number with the grid's decimals, e.g. 2503 at 0.01 as 25.03. */
export function fromGrid(grid: bigint, gridUnits: number): number {
  return Number(grid * BigInt(gridUnits)) / UNITS_PER_KELVIN;
}

/**
 * The mean of a zone over one interval: the mean over its live sensors of each sensor's own mean, so that a sensor at
 * 10 Hz does not outweigh one at 1 Hz. Only running sums are kept, never a reading, so that who reads the memory
 * finds no history (pan-privacy: Dwork, Naor, Pitassi, Rothblum, Yekhanin, ICS 2010).
 */
export class ZoneMean {
  private readonly sensors = new Map<string, RunningSum>();

  /** Sensors that delivered at least one reading in this interval. */
  get live(): number {
    return this.sensors.size;
  }

  has(device: string): boolean {
    return this.sensors.has(device);
  }

  /** @param units from {@link clippedUnits}. */
  add(device: string, units: number): void {
    const running = this.sensors.get(device);
    if (running) {
      running.sum += units;
      running.count++;
    } else {
      this.sensors.set(device, { sum: units, count: 1 });
    }
  }

  /**
   * The exact mean, rounded once, to the grid.
   *
   * @throws {RangeError} without a live sensor.
   */
  onGrid(gridUnits: number): bigint {
    if (this.live === 0) throw new RangeError("no sensor is live");
    const { total, multiple } = this.sumOfMeans();
    return toGrid(total, multiple * BigInt(this.live), gridUnits);
  }

  /** By how much the live sensors' means exceed `levelUnits`, added up, rounded once to the grid. */
  excessOnGrid(levelUnits: number, gridUnits: number): bigint {
    const { total, multiple } = this.sumOfMeans();
    return toGrid(total - BigInt(levelUnits) * BigInt(this.live) * multiple, multiple, gridUnits);
  }

  /** total / multiple, in thousandths. */
  private sumOfMeans(): { total: bigint; multiple: bigint } {
    let multiple = 1n;
    for (const { count } of this.sensors.values()) {
      const divisor = greatestCommonDivisor(multiple, BigInt(count));
      multiple = (multiple / divisor) * BigInt(count);
    }
    let total = 0n;
    for (const { sum, count } of this.sensors.values()) total += BigInt(sum) * (multiple / BigInt(count));
    return { total, multiple };
  }

  clear(): void {
    this.sensors.clear();
  }
}
