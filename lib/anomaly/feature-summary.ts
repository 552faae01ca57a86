/** What the training rows looked like in one feature, in the feature's own unit. */
export interface FeatureSummary {
  count: number;
  min: number;
  max: number;
  median: number;
  /** Robust standard deviation, never 0; see {@link summarise}. */
  scale: number;
  mean: number;
  /** Standard deviation of the rows; 0 for a constant feature. */
  sd: number;
}

/** Makes the median absolute deviation estimate the standard deviation of a normal distribution. */
const MAD_TO_SD = 1.482602218505602;
/** Relative scale of a feature that never changed in training: a step of 0.1 in 25 degrees is then four scales. */
const CONSTANT_SCALE = 1e-3;
const SMALLEST_SCALE = 1e-9;
const SMALLEST_STEP = 1e-300;

function medianOfSorted(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/**
 * Summarises one feature. `scale` is 1.4826 times the median absolute deviation (Rousseeuw and Croux 1993); where more
 * than half of the values are equal it is the standard deviation, and for a constant feature 0.1 % of its value, so
 * that nothing is ever divided by zero.
 *
 * @param values at least one finite value.
 */
export function summarise(values: Float64Array): FeatureSummary {
  const count = values.length;
  const sorted = Float64Array.from(values).sort();
  const median = medianOfSorted(sorted);
  const deviations = sorted.map((value) => Math.abs(value - median)).sort();
  let mean = 0;
  for (const [i, value] of values.entries()) mean += (value - mean) / (i + 1);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const sd = Math.sqrt(squares / count);
  const min = sorted[0] as number;
  const max = sorted[count - 1] as number;
  return { count, min, max, median, scale: robustScale(medianOfSorted(deviations), sd, median), mean, sd };
}

/** The scale of {@link summarise} from the median absolute deviation, the standard deviation and the median. */
export function robustScale(mad: number, sd: number, median: number): number {
  const constant = Math.max(SMALLEST_SCALE, CONSTANT_SCALE * Math.abs(median));
  return Math.max(MAD_TO_SD * mad || sd || constant, smallestStep(median));
}

/** Smallest scale whose addition to the median is not lost in rounding. */
function smallestStep(median: number): number {
  return Math.max(SMALLEST_STEP, Math.abs(median) * 2 ** -40);
}

/** One feature's values out of rows stored one after another. */
export function columnOf(values: Float64Array, feature: number, dimension: number): Float64Array {
  return Float64Array.from(
    { length: values.length / dimension },
    (_, row) => values[row * dimension + feature] as number,
  );
}
