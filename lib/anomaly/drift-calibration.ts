import { type CusumParameters, CusumState } from "./cusum.js";
import { columnOf, type FeatureSummary } from "./feature-summary.js";
import { calibrateOwnLevel } from "./own-level-calibration.js";
import type { TrainingData } from "./training-data.js";

/** Allowance for a shift of one standard deviation, the usual choice (Montgomery, Statistical Quality Control, 9.1). */
const ALLOWANCE = 0.5;
/** False alarms of white noise: one in about half a million readings. */
const SMALLEST_INTERVAL = 12;
/**
 * Operation exceeds the largest statistic of n training readings within another n of them. The maximum grows with the
 * logarithm of time, so that three times as much is exceeded only after about n cubed, and leaves room for a level
 * and a spread that a short trace tells badly.
 */
const BEYOND_TRAINING = 3;

/**
 * Where each device is watched around its own level, the common one is left with what no trained device does: with this
 * allowance whatever stays three standard deviations away is found within 120 readings, and a device that sits at the
 * edge of the fleet for good is none of it.
 */
const ALLOWANCE_BESIDE_OWN_LEVELS = 2.9;

/** A device's mean over fewer readings is mostly noise. */
const ROWS_FOR_OFFSET = 32;

/** Largest distance of one device's mean from the common one, in standard deviations. */
function largestOffset(column: Float64Array, devices: Int32Array | undefined, summary: FeatureSummary): number {
  if (!devices) return 0;
  const sums = new Map<number, { sum: number; count: number }>();
  for (const [i, value] of column.entries()) {
    const device = devices[i] as number;
    const entry = sums.get(device) ?? { sum: 0, count: 0 };
    entry.sum += value;
    entry.count++;
    sums.set(device, entry);
  }
  if (sums.size < 2) return 0;
  let largest = 0;
  for (const { sum, count } of sums.values()) {
    if (count < ROWS_FOR_OFFSET) continue;
    largest = Math.max(largest, Math.abs(sum / count - summary.mean));
  }
  return largest / (summary.sd || summary.scale);
}

/** Batch means: few enough that each batch outlasts the correlation, enough to have a spread. */
const BATCHES = 10;

/**
 * Standard error of a trace's mean, in standard deviations, by the method of batch means (Law, Simulation Modeling and
 * Analysis, 9.5.3): in an autocorrelated trace the mean is far less certain than sd / sqrt(n).
 */
function errorOfMean(column: Float64Array, summary: FeatureSummary): number {
  const size = Math.floor(column.length / BATCHES);
  let squares = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const rows = column.subarray(batch * size, (batch + 1) * size);
    squares += (rows.reduce((sum, value) => sum + value, 0) / size - summary.mean) ** 2;
  }
  return Math.sqrt(squares / (BATCHES - 1) / BATCHES) / (summary.sd || summary.scale);
}

/**
 * Sets the CUSUM parameters of every feature from an ordered training trace. Ordinary operation is autocorrelated
 * (rooms heat up for minutes), so textbook intervals for white noise would alarm all day: the interval is at least
 * {@link BEYOND_TRAINING} times the largest statistic of the trace itself. Devices that share a model differ a little
 * for good (sensor offsets), and the level itself is only known as well as the trace is long: the largest offset and
 * twice the level's standard error are added to the allowance, so that neither ever accumulates.
 *
 * @param data complete rows in the order of measurement.
 * @param summaries of the same rows, one per feature.
 * @param ownLevels whether each device is watched around its own level as well, see `own-level`.
 */
export function calibrateDrift(
  data: TrainingData,
  summaries: readonly FeatureSummary[],
  ownLevels = false,
): CusumParameters[] {
  return summaries.map((summary, feature) => {
    const column = columnOf(data.values, feature, summaries.length);
    const allowance = ALLOWANCE + largestOffset(column, data.devices, summary) + 2 * errorOfMean(column, summary);
    const parameters: CusumParameters = {
      mean: summary.mean,
      sd: summary.sd || summary.scale,
      allowance: ownLevels ? Math.max(allowance, ALLOWANCE_BESIDE_OWN_LEVELS) : allowance,
      decisionInterval: Number.POSITIVE_INFINITY,
    };
    const states = new Map<number, CusumState>();
    let largest = 0;
    for (const [i, value] of column.entries()) {
      const device = data.devices?.[i] ?? 0;
      const state = states.get(device) ?? new CusumState();
      states.set(device, state);
      largest = Math.max(largest, state.add(value, parameters));
    }
    parameters.decisionInterval = Math.max(SMALLEST_INTERVAL, BEYOND_TRAINING * largest);
    if (ownLevels) parameters.ownLevel = calibrateOwnLevel(column, data.devices, summary);
    return parameters;
  });
}
