import { type RunNoise, runNoise } from "./above-threshold.js";
import { epsilonFromRho } from "./accounting.js";
import type { AlarmSetting } from "./alarm-settings.js";
import { toNumber } from "./fraction.js";
import { type MaskSettings, UNITS_PER_KELVIN } from "./settings.js";

/**
 * Runs that may start while one event has its effect. With the one that was running before, an event touches at
 * most one more. Three suffice for: on, off, and on again.
 */
export const RUN_STARTS_PER_EVENT = 3;
const SECONDS_PER_DAY = 86_400;

/** An alarm on a level of the masked field. */
export type LevelAlarm = Exclude<AlarmSetting, { source: "anomaly" }>;

/** What sparse-vector alarms amount to. Kelvin and seconds. */
export interface ZoneAlarmCalibration {
  /** Per protected event, all alarms of a group together. */
  epsilon: number;
  runsPerEvent: number;
  epsilonPerRun: number;
  /** zCDP cost of one run: epsilon^2 / 2 (Bun, Steinke 2016, proposition 1.4). */
  rhoPerRun: number;
  /** Standard deviation of one decision, as an error of the zone mean with all sensors live. */
  sigma: number;
  /** A zone this far below its threshold raises a false alarm about once a day. */
  marginForOneADay: number;
  /** Of values and alarms together, per protected event. */
  epsilonWithValues: number;
}

/** The alarms that are decided by the sparse vector technique; none with exact release. */
export function zoneAlarms(settings: MaskSettings): LevelAlarm[] {
  if (settings.alarmRelease !== "sparse-vector") return [];
  return settings.alarms.filter((alarm): alarm is LevelAlarm => !("source" in alarm));
}

/** Lengths of the windows over which zone means are compared, seconds. */
export function alarmWindows(settings: MaskSettings): number[] {
  return [...new Set(zoneAlarms(settings).map(({ holdSec }) => holdSec))];
}

/** Seconds during which a protected event can affect a zone alarm. */
export function alarmEventSec(settings: MaskSettings): number {
  return settings.protectSec + (settings.maxAge ?? 0) + Math.max(0, ...alarmWindows(settings));
}

/**
 * Whole grid units that the sum over sensors of their means changes by at most: S itself, however many are live.
 * So the noise is on that sum, and a zone with missing sensors is decided with a larger error of its mean.
 */
export function sumSensitivityUnits(settings: MaskSettings): number {
  const gridUnits = Math.round(settings.granularity * UNITS_PER_KELVIN);
  return Math.ceil((settings.sensitivity * UNITS_PER_KELVIN - 1e-7) / gridUnits);
}

/** P(query noise - threshold noise > x) for independent Laplace distributions of scales `query` and `threshold`. */
function chanceAbove(x: number, query: number, threshold: number): number {
  const [q, t] = [query ** 2, threshold ** 2];
  return (q * Math.exp(-x / query) - t * Math.exp(-x / threshold)) / (2 * (q - t));
}

/** Margin at which one of the day's checks is expected to be above by chance. */
function marginFor(chance: number, query: number, threshold: number): number {
  if (chanceAbove(0, query, threshold) <= chance) return 0;
  let low = 0;
  let high = query;
  while (chanceAbove(high, query, threshold) > chance) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (chanceAbove(middle, query, threshold) > chance) low = middle;
    else high = middle;
  }
  return high;
}

/** Noise of each run, in grid units of the sum over a group's sensors. */
export function zoneAlarmNoise(settings: MaskSettings): RunNoise {
  return runNoise(settings.alarmEpsilon / (RUN_STARTS_PER_EVENT + 1), sumSensitivityUnits(settings));
}

/**
 * @param valueRho zCDP cost of the values that one event touches.
 * @param valueEpsilon the same as epsilon.
 * @returns undefined where alarms are exact.
 */
export function calibrateZoneAlarms(
  settings: MaskSettings,
  valueRho: number,
  valueEpsilon: number,
): ZoneAlarmCalibration | undefined {
  const windows = alarmWindows(settings);
  if (windows.length === 0) return undefined;
  const runsPerEvent = RUN_STARTS_PER_EVENT + 1;
  const epsilonPerRun = settings.alarmEpsilon / runsPerEvent;
  const rhoPerRun = epsilonPerRun ** 2 / 2;
  const noise = zoneAlarmNoise(settings);
  const perMean = settings.granularity / settings.groupSize;
  const [query, threshold] = [toNumber(noise.query) * perMean, toNumber(noise.threshold) * perMean];
  const checksPerDay = SECONDS_PER_DAY / Math.min(...windows);
  return {
    epsilon: settings.alarmEpsilon,
    runsPerEvent,
    epsilonPerRun,
    rhoPerRun,
    sigma: Math.sqrt(2 * (query ** 2 + threshold ** 2)),
    marginForOneADay: marginFor(1 / checksPerDay, query, threshold),
    epsilonWithValues: Math.min(
      valueEpsilon + settings.alarmEpsilon,
      epsilonFromRho(valueRho + runsPerEvent * rhoPerRun, settings.delta),
    ),
  };
}
