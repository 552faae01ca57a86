import { epsilonFromRho, maxAttackerAccuracy, muFromRho } from "./accounting.js";
import { DailyBudget } from "./daily-budget.js";
import { releasesPerEvent, sampleNoise, windowNoise } from "./release-noise.js";
import { type MaskSettings, publishedGrid } from "./settings.js";
import { calibrateZoneAlarms, type ZoneAlarmCalibration } from "./zone-alarm-calibration.js";

export { type ReleaseNoise, releasesPerEvent, sampleNoise, windowNoise } from "./release-noise.js";

/** Time constant of the filter recommended to subscribers, seconds. */
export const RECOMMENDED_FILTER_SEC = 600;
const SECONDS_PER_DAY = 86_400;
/** From this error on, the recommended dead band (0.5 K) no longer covers the noise. */
const LARGE_ERROR = 0.5;
const WEAK_EPSILON = 10;

export type CalibrationWarning =
  | "no-practical-protection"
  | "no-protection"
  | "no-formal-guarantee"
  | "single-sensor"
  | "large-error"
  | "weak-epsilon"
  | "random-alarms";

/** How far a daily budget goes. */
export interface BudgetCalibration {
  /** Of one day, at delta. */
  epsilon: number;
  /** New values per group and day. */
  releases: number;
  /** Seconds after midnight UTC at which a group's day is spent; null if it lasts the day. */
  exhaustedAfterSec: number | null;
}

/** What a mask's settings amount to. Kelvin and seconds; rho, mu and epsilon are Infinity where nothing is hidden. */
export interface Calibration {
  /** Releases one protected event can touch. */
  releasesPerEvent: number;
  /** Largest change of one release, kelvin. */
  releaseSensitivity: number;
  /** l2 norm of the change of all releases an event touches, kelvin. */
  delta2: number;
  sigma: number;
  /** Per protected event, of the values. */
  rho: number;
  mu: number;
  epsilon: number;
  delta: number;
  /** Balanced accuracy that no attacker who sees the values exceeds in telling whether the event happened. */
  maxAttackerAccuracy: number;
  /** Standard error of the noise (or the rounding) after a first-order filter of {@link RECOMMENDED_FILTER_SEC}. */
  rmseAfterFilter: number;
  releasesPerDay: number;
  /** Of the values under a difference that lasts a whole day, e.g. a pattern that never stops. */
  epsilonPerDay: number;
  /** With a daily budget. */
  budget?: BudgetCalibration;
  /** With sparse-vector alarms. */
  alarms?: ZoneAlarmCalibration;
  warnings: CalibrationWarning[];
}

/** The part that is about values; `rhoPerRelease` is what the day is made of. */
type ValueCalibration = Omit<Calibration, "budget" | "alarms" | "warnings"> & { rhoPerRelease: number };

/**
 * What the settings give: calibrated for `gaussian-window`, the real cost for `gaussian-sample`.
 *
 * @param readingsPerSec rate of one sensor, which matters only where every reading is published.
 * @throws {RangeError} if the grid is coarser than the noise, or the daily budget pays for nothing.
 */
export function calibrate(settings: MaskSettings, readingsPerSec = 1): Calibration {
  const { rhoPerRelease, ...values } = valueCalibration(settings, readingsPerSec);
  const alarms = calibrateZoneAlarms(settings, values.rho, values.epsilon);
  const budget = calibrateBudget(settings, rhoPerRelease, values.releasesPerDay, alarms?.rhoPerRun ?? 0);
  return {
    ...values,
    ...(budget ? { budget } : {}),
    ...(alarms ? { alarms } : {}),
    warnings: warningsFor(settings, values.rmseAfterFilter),
  };
}

function valueCalibration(settings: MaskSettings, readingsPerSec: number): ValueCalibration {
  switch (settings.mechanism) {
    case "gaussian-window":
      return withNoise(settings, {
        noise: windowNoise(settings, settings.groupSize),
        period: settings.interval,
        count: releasesPerEvent(settings),
      });
    case "gaussian-sample":
      return withNoise(settings, {
        noise: sampleNoise(settings),
        period: 1 / readingsPerSec,
        count: Math.ceil(settings.protectSec * readingsPerSec) + 1,
      });
    case "alarm-only":
      return withoutValues(settings);
    default:
      return withoutNoise(settings, readingsPerSec);
  }
}

function withNoise(
  settings: MaskSettings,
  { noise, period, count }: { noise: ReturnType<typeof sampleNoise>; period: number; count: number },
): ValueCalibration {
  const releaseSensitivity = noise.sensitivityUnits * settings.granularity;
  const rho = count * noise.rho;
  const releasesPerDay = SECONDS_PER_DAY / period;
  return {
    releasesPerEvent: count,
    releaseSensitivity,
    delta2: releaseSensitivity * Math.sqrt(count),
    sigma: noise.sigma,
    rho,
    rhoPerRelease: noise.rho,
    mu: muFromRho(rho),
    epsilon: epsilonFromRho(rho, settings.delta),
    delta: settings.delta,
    maxAttackerAccuracy: maxAttackerAccuracy(muFromRho(rho)),
    rmseAfterFilter: noise.sigma * Math.min(1, Math.sqrt(period / (2 * RECOMMENDED_FILTER_SEC))),
    releasesPerDay,
    epsilonPerDay: epsilonFromRho(noise.rho * releasesPerDay, settings.delta),
  };
}

function withoutNoise(settings: MaskSettings, readingsPerSec: number): ValueCalibration {
  const releasesPerEvent = Math.ceil(settings.protectSec * readingsPerSec) + 1;
  return {
    releasesPerEvent,
    releaseSensitivity: settings.sensitivity,
    delta2: settings.sensitivity * Math.sqrt(releasesPerEvent),
    sigma: 0,
    rho: Number.POSITIVE_INFINITY,
    rhoPerRelease: Number.POSITIVE_INFINITY,
    mu: Number.POSITIVE_INFINITY,
    epsilon: Number.POSITIVE_INFINITY,
    delta: settings.delta,
    maxAttackerAccuracy: 1,
    // Rounding errors are not independent of each other: a slow signal keeps its error through any filter.
    rmseAfterFilter: settings.mechanism === "quantize" ? publishedGrid(settings) / Math.sqrt(12) : 0,
    releasesPerDay: SECONDS_PER_DAY * readingsPerSec,
    epsilonPerDay: Number.POSITIVE_INFINITY,
  };
}

/** No value leaves, so none tells anything. */
function withoutValues(settings: MaskSettings): ValueCalibration {
  return {
    releasesPerEvent: 0,
    releaseSensitivity: 0,
    delta2: 0,
    sigma: 0,
    rho: 0,
    rhoPerRelease: 0,
    mu: 0,
    epsilon: 0,
    delta: settings.delta,
    maxAttackerAccuracy: 0.5,
    rmseAfterFilter: 0,
    releasesPerDay: 0,
    epsilonPerDay: 0,
  };
}

function calibrateBudget(
  settings: MaskSettings,
  rhoPerRelease: number,
  releasesPerDay: number,
  rhoPerRun: number,
): BudgetCalibration | undefined {
  const budget = DailyBudget.of(settings);
  if (!budget) return undefined;
  const { epsilon } = budget;
  if (settings.mechanism === "alarm-only") {
    if (rhoPerRun > budget.rho) throw new RangeError(`budgetDay ${epsilon} does not pay for one run of the alarms`);
    return { epsilon, releases: 0, exhaustedAfterSec: null };
  }
  const releases = budget.releases(rhoPerRelease, rhoPerRun);
  if (releases === 0) throw new RangeError(`budgetDay ${epsilon} does not pay for a single value; make it larger`);
  const exhaustedAfterSec = releases < releasesPerDay ? (releases * SECONDS_PER_DAY) / releasesPerDay : null;
  return { epsilon, releases: Math.min(releases, Math.ceil(releasesPerDay)), exhaustedAfterSec };
}

function warningsFor(settings: MaskSettings, rmseAfterFilter: number): CalibrationWarning[] {
  const warnings: CalibrationWarning[] = [];
  if (settings.mechanism === "gaussian-sample") warnings.push("no-practical-protection");
  if (settings.mechanism === "passthrough") warnings.push("no-protection");
  if (settings.mechanism === "quantize") warnings.push("no-formal-guarantee");
  if (settings.mechanism === "gaussian-window") {
    if (settings.groupSize === 1) warnings.push("single-sensor");
    if (rmseAfterFilter > LARGE_ERROR) warnings.push("large-error");
    if (settings.epsilon > WEAK_EPSILON) warnings.push("weak-epsilon");
  }
  if (settings.alarmRelease === "sparse-vector") warnings.push("random-alarms");
  return warnings;
}
