import type { FeatureSummary } from "./feature-summary.js";
import { type OwnLevelParameters, OwnLevelState } from "./own-level.js";

/** Readings from which a level is first taken: a minute at one a second. */
const LEARN = 60;
/** An hour at one a second. */
const HORIZON = 3600;
/** Swings are measured as means of so many readings, in which noise all but vanishes. */
const WINDOW = 60;
/** For the shift of one unit that accumulates in any case; see `drift-calibration`. */
const BASE_ALLOWANCE = 0.5;
/** Operation swings beyond the largest swing of its training trace; the allowance leaves room for this much more. */
const BEYOND_SWING = 1.25;
/** A unit is at least this part of the largest swing: a CUSUM counts deviations of up to four units. */
const SWING_IN_UNITS = 2;
const SMALLEST_INTERVAL = 12;
const BEYOND_TRAINING = 3;
/** An interval that no statistic reaches. */
const NEVER = 1e12;

type Follow = Pick<OwnLevelParameters, "learn" | "horizon">;

/** Each device's values in their order. */
function tracesOf(column: Float64Array, devices: Int32Array | undefined): Float64Array[] {
  const values = new Map<number, number[]>();
  for (const [i, value] of column.entries()) {
    const device = devices?.[i] ?? 0;
    const list = values.get(device);
    if (list) list.push(value);
    else values.set(device, [value]);
  }
  return [...values.values()].map((list) => Float64Array.from(list));
}

/** Distances of a trace's values from the level that follows it. */
function residualsOf(trace: Float64Array, follow: Follow): Float64Array {
  const parameters = { ...follow, sd: 1, allowance: 1, decisionInterval: 1 };
  const state = new OwnLevelState();
  const residuals = trace.map((value) => {
    const residual = value - state.level(parameters);
    state.follow(value, parameters);
    return residual;
  });
  return residuals.subarray(Math.min(follow.learn, trace.length));
}

function largestSwing(residuals: Float64Array): number {
  let sum = 0;
  let largest = 0;
  for (const [i, residual] of residuals.entries()) {
    sum += residual;
    if (i >= WINDOW) sum -= residuals[i - WINDOW] as number;
    if (i >= WINDOW - 1) largest = Math.max(largest, Math.abs(sum / WINDOW));
  }
  return largest;
}

function largestStatistic(trace: Float64Array, parameters: OwnLevelParameters): number {
  const silent = { ...parameters, decisionInterval: NEVER };
  const state = new OwnLevelState();
  let largest = 0;
  for (const value of trace) {
    largest = Math.max(largest, state.watch(value, silent));
    state.follow(value, silent);
  }
  return largest * NEVER;
}

/**
 * Sets how a feature is watched around each device's own level, from an ordered trace of clean operation. The level
 * follows over an hour of readings; how far the trace swings from it within that hour, by weather and load, is allowed,
 * and a quarter more. So the guard finds what leaves the device's level faster and further than the trace ever did.
 *
 * @param column one feature's values in the order of measurement.
 * @param devices whose value each one is; without it all are one device's.
 */
export function calibrateOwnLevel(
  column: Float64Array,
  devices: Int32Array | undefined,
  summary: FeatureSummary,
): OwnLevelParameters {
  const follow = { learn: LEARN, horizon: HORIZON };
  const traces = tracesOf(column, devices);
  const residuals = traces.map((trace) => residualsOf(trace, follow));
  let squares = 0;
  let count = 0;
  let swing = 0;
  let longest = 0;
  for (const list of residuals) {
    for (const residual of list) squares += residual ** 2;
    count += list.length;
    swing = Math.max(swing, largestSwing(list));
    longest = Math.max(longest, list.length);
  }
  // What wanders goes further in an hour than in the minutes of a short trace: at most by the root of the time.
  if (longest > 0 && longest < HORIZON) swing *= Math.sqrt(HORIZON / longest);
  const spread = count > 0 ? Math.sqrt(squares / count) : 0;
  const sd = Math.max(spread, swing / SWING_IN_UNITS) || summary.scale;
  const allowance = BASE_ALLOWANCE + (BEYOND_SWING * swing) / sd;
  const parameters = { sd, allowance, decisionInterval: SMALLEST_INTERVAL, ...follow };
  const largest = Math.max(0, ...traces.map((trace) => largestStatistic(trace, parameters)));
  return { ...parameters, decisionInterval: Math.max(SMALLEST_INTERVAL, BEYOND_TRAINING * largest) };
}
