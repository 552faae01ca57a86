import type { Figure } from "../harness/figure.js";

export interface Moments {
  mean: number;
  /** Of the sample, with n - 1; 0 for one value. */
  sd: number;
}

export function moments(values: readonly number[]): Moments {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

const SUITE = "scoring-quality";
const BAND_SDS = 3;
/** A standard deviation of fewer values says too little to judge by. */
const FEWEST_FOR_BAND = 5;
/** AUCs are told to five decimals: some sets move only in the fourth. */
const rounded = (value: number) => Number(value.toFixed(5));

/**
 * Mean and standard deviation of the AUCs of one contender on one set.
 *
 * @param reference whose mean, plus or minus three of its standard deviations, the mean has to be within; from five values on.
 */
export function aucFigures(
  set: string,
  contender: string,
  aucs: readonly number[],
  reference?: readonly number[],
): Figure[] {
  const { mean, sd } = moments(aucs);
  const label = { suite: SUITE, case: set, contender, unit: "auc" };
  const rounds = aucs.map(rounded);
  const spread = { min: Math.min(...rounds), max: Math.max(...rounds), rounds };
  const figure: Figure = { ...label, metric: "roc-auc", value: rounded(mean), ...spread };
  if (reference && reference.length >= FEWEST_FOR_BAND) {
    const theirs = moments(reference);
    const low = theirs.mean - BAND_SDS * theirs.sd;
    const high = theirs.mean + BAND_SDS * theirs.sd;
    figure.target = `${rounded(low)}..${rounded(high)}`;
    figure.ok = mean >= low && mean <= high;
  }
  return [
    figure,
    { ...label, metric: "roc-auc-sd", value: rounded(sd), min: rounded(sd), max: rounded(sd), rounds: [rounded(sd)] },
  ];
}
