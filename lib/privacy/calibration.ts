import { epsilonFromRho, maxAttackerAccuracy, muFromRho, rhoFromEpsilon } from "./accounting.js";
import type { Fraction } from "./discrete-gaussian.js";
import { type MaskSettings, UNITS_PER_KELVIN } from "./settings.js";

/** Time constant of the filter recommended to subscribers, seconds. */
export const RECOMMENDED_FILTER_SEC = 600;
const SECONDS_PER_DAY = 86_400;
/** Denominator of sigma squared: fine enough to cost no utility, small enough to keep the sampler fast. */
const SIGMA_SQUARED_DENOMINATOR = 1_000_000;
/** Head room over the rounding of double arithmetic, so that "rounded up" is true. */
const DOUBLE_MARGIN = 1 + 1e-12;
const MICROKELVIN = 1e6;
/** From this error on, the recommended dead band (0.5 K) no longer covers the noise. */
const LARGE_ERROR = 0.5;
const WEAK_EPSILON = 10;

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

export type CalibrationWarning =
  | "no-practical-protection"
  | "no-protection"
  | "single-sensor"
  | "large-error"
  | "weak-epsilon";

/** What a mask's settings amount to. Kelvin and seconds; rho, mu and epsilon are Infinity where nothing is hidden. */
export interface Calibration {
  /** Releases one protected event can touch. */
  releasesPerEvent: number;
  /** Largest change of one release, kelvin. */
  releaseSensitivity: number;
  /** l2 norm of the change of all releases an event touches, kelvin. */
  delta2: number;
  sigma: number;
  /** Per protected event. */
  rho: number;
  mu: number;
  epsilon: number;
  delta: number;
  /** Balanced accuracy that no attacker exceeds in telling whether the event happened. */
  maxAttackerAccuracy: number;
  /** Standard error of the noise after a first-order filter of {@link RECOMMENDED_FILTER_SEC}. */
  rmseAfterFilter: number;
  releasesPerDay: number;
  /** Of a difference that lasts a whole day, e.g. a pattern that never stops. */
  epsilonPerDay: number;
  warnings: CalibrationWarning[];
}

/** Whole grid units that cover `sensitivity / sensors`. Integers throughout: 0.3/0.1 must not become four. */
function unitsFor(settings: MaskSettings, sensors: number): number {
  const grid = Math.round(settings.granularity * UNITS_PER_KELVIN) * (MICROKELVIN / UNITS_PER_KELVIN);
  const sensitivity = Math.ceil(settings.sensitivity * MICROKELVIN - 1e-4);
  return Math.ceil(sensitivity / (sensors * grid));
}

function noise(settings: MaskSettings, sensitivityUnits: number, sigmaSquaredUnits: number): ReleaseNoise {
  const numerator = Math.ceil(sigmaSquaredUnits * SIGMA_SQUARED_DENOMINATOR);
  const squared = numerator / SIGMA_SQUARED_DENOMINATOR;
  if (squared < 1) {
    throw new RangeError(`granularity ${settings.granularity} is coarser than the noise; make it smaller`);
  }
  return {
    sensitivityUnits,
    sigmaSquared: { numerator: BigInt(numerator), denominator: BigInt(SIGMA_SQUARED_DENOMINATOR) },
    sigma: Math.sqrt(squared) * settings.granularity,
    rho: sensitivityUnits ** 2 / (2 * squared),
  };
}

/** Releases (one per interval) that an event of `protectSec` can touch, whatever its phase. */
export function releasesPerEvent(settings: MaskSettings): number {
  return Math.ceil(settings.protectSec / settings.interval) + 1;
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

/**
 * What the settings give: calibrated for `gaussian-window`, the real cost for `gaussian-sample`.
 *
 * @param readingsPerSec rate of one sensor, which matters only where every reading is published.
 * @throws {RangeError} if the grid is coarser than the noise.
 */
export function calibrate(settings: MaskSettings, readingsPerSec = 1): Calibration {
  if (settings.mechanism === "passthrough") return withoutNoise(settings, readingsPerSec);
  const perSample = settings.mechanism === "gaussian-sample";
  const release = perSample ? sampleNoise(settings) : windowNoise(settings, settings.groupSize);
  const period = perSample ? 1 / readingsPerSec : settings.interval;
  const count = perSample ? Math.ceil(settings.protectSec * readingsPerSec) + 1 : releasesPerEvent(settings);
  const releaseSensitivity = release.sensitivityUnits * settings.granularity;
  const rho = count * release.rho;
  const releasesPerDay = SECONDS_PER_DAY / period;
  const result: Calibration = {
    releasesPerEvent: count,
    releaseSensitivity,
    delta2: releaseSensitivity * Math.sqrt(count),
    sigma: release.sigma,
    rho,
    mu: muFromRho(rho),
    epsilon: epsilonFromRho(rho, settings.delta),
    delta: settings.delta,
    maxAttackerAccuracy: maxAttackerAccuracy(muFromRho(rho)),
    rmseAfterFilter: release.sigma * Math.min(1, Math.sqrt(period / (2 * RECOMMENDED_FILTER_SEC))),
    releasesPerDay,
    epsilonPerDay: epsilonFromRho(release.rho * releasesPerDay, settings.delta),
    warnings: [],
  };
  result.warnings = warningsFor(settings, result);
  return result;
}

function withoutNoise(settings: MaskSettings, readingsPerSec: number): Calibration {
  return {
    releasesPerEvent: Math.ceil(settings.protectSec * readingsPerSec) + 1,
    releaseSensitivity: settings.sensitivity,
    delta2: settings.sensitivity * Math.sqrt(Math.ceil(settings.protectSec * readingsPerSec) + 1),
    sigma: 0,
    rho: Number.POSITIVE_INFINITY,
    mu: Number.POSITIVE_INFINITY,
    epsilon: Number.POSITIVE_INFINITY,
    delta: settings.delta,
    maxAttackerAccuracy: 1,
    rmseAfterFilter: 0,
    releasesPerDay: SECONDS_PER_DAY * readingsPerSec,
    epsilonPerDay: Number.POSITIVE_INFINITY,
    warnings: ["no-protection"],
  };
}

function warningsFor(settings: MaskSettings, calibration: Calibration): CalibrationWarning[] {
  if (settings.mechanism === "gaussian-sample") return ["no-practical-protection"];
  const warnings: CalibrationWarning[] = [];
  if (settings.groupSize === 1) warnings.push("single-sensor");
  if (calibration.rmseAfterFilter > LARGE_ERROR) warnings.push("large-error");
  if (settings.epsilon > WEAK_EPSILON) warnings.push("weak-epsilon");
  return warnings;
}
