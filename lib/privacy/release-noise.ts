import { rhoFromEpsilon } from "./accounting.js";
import { DOUBLE_MARGIN, type Fraction, fractionAbove, toNumber } from "./fraction.js";
import { type MaskSettings, UNITS_PER_KELVIN } from "./settings.js";

const MICROKELVIN = 1e6;

/** The noise of one release, and what it costs. */
export interface ReleaseNoise {
  /** Largest change an event makes in one published value, in whole grid units. */
  sensitivityUnits: number;
  /** In squared grid units. */
  sigmaSquared: Fraction;
  /** Kelvin. */
  sigma: number;
  /** zCDP cost of one release towards one event. */
  rho: number;
}

/** Whole grid units that cover `sensitivity / sensors`. Integers throughout: 0.3/0.1 must not become four. */
function unitsFor(settings: MaskSettings, sensors: number): number {
  const grid = Math.round(settings.granularity * UNITS_PER_KELVIN) * (MICROKELVIN / UNITS_PER_KELVIN);
  const sensitivity = Math.ceil(settings.sensitivity * MICROKELVIN - 1e-4);
  return Math.ceil(sensitivity / (sensors * grid));
}

function noise(settings: MaskSettings, sensitivityUnits: number, sigmaSquaredUnits: number): ReleaseNoise {
  const sigmaSquared = fractionAbove(sigmaSquaredUnits);
  const squared = toNumber(sigmaSquared);
  if (squared < 1) {
    throw new RangeError(`granularity ${settings.granularity} is coarser than the noise; make it smaller`);
  }
  return {
    sensitivityUnits,
    sigmaSquared,
    sigma: Math.sqrt(squared) * settings.granularity,
    rho: sensitivityUnits ** 2 / (2 * squared),
  };
}

/**
 * Releases (one per interval) that an event of `protectSec` can touch, whatever its phase. Readings that may arrive
 * up to `maxAge` late prolong its effect by as much.
 */
export function releasesPerEvent(settings: MaskSettings): number {
  return Math.ceil((settings.protectSec + (settings.maxAge ?? 0)) / settings.interval) + 1;
}

/**
 * Noise of one interval mean over `live` sensors. With fewer than `groupSize` sensors each weighs more in the mean,
 * so the noise grows with the sensitivity and the guarantee stays; with more it is not reduced.
 *
 * The sensitivity S/K is rounded up to whole grid units. Means go to the grid by floor(x + 1/2), and two means at
 * most d whole units apart are at most d apart after that as well (the rounding is the same everywhere on the
 * grid), so the extra unit that other roundings cost is not needed here.
 *
 * @param live at least 1.
 */
export function windowNoise(settings: MaskSettings, live: number): ReleaseNoise {
  const rho = rhoFromEpsilon(settings.epsilon, settings.delta) / releasesPerEvent(settings);
  const units = unitsFor(settings, Math.min(live, settings.groupSize));
  return noise(settings, units, (units ** 2 / (2 * rho)) * DOUBLE_MARGIN);
}

/** (sigma / grid)^2 for decimals of at most three digits, without the last-bit error of dividing doubles. */
function squaredRatio(sigma: number, grid: number): number {
  return (Math.round(sigma * UNITS_PER_KELVIN) / Math.round(grid * UNITS_PER_KELVIN)) ** 2;
}

/** Noise of one reading under `gaussian-sample`: as configured, whatever it protects. */
export function sampleNoise(settings: MaskSettings): ReleaseNoise {
  return noise(settings, unitsFor(settings, 1), squaredRatio(settings.sampleSigma, settings.granularity));
}
