/** The middle of the values and how far they spread. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/**
 * The middle value, or the mean of the two middle ones.
 *
 * @throws {RangeError} for no values or one that is not a number.
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("there is no median of nothing");
  if (values.some(Number.isNaN)) throw new RangeError("there is no median of values that are not numbers");
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] as number) + upper) / 2;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Ratios of what was measured in the same round, so that a machine that is busy for a while slows both sides.
 * Their median is not the ratio of the medians.
 *
 * @param numerators one value per round.
 * @param denominators the other side's values of the same rounds.
 * @throws {RangeError} when the rounds do not match or a denominator is not above 0.
 */
export function pairedRatios(numerators: readonly number[], denominators: readonly number[]): number[] {
  if (numerators.length !== denominators.length) throw new RangeError("paired values come from the same rounds");
  return numerators.map((numerator, round) => {
    const denominator = denominators[round] as number;
    if (!(denominator > 0)) throw new RangeError(`round ${round + 1} has nothing to compare with`);
    return numerator / denominator;
  });
}
