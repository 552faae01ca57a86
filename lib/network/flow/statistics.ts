import { COUNT, MAX, MEAN, MIN, SQUARES, TOTAL } from "./layout.js";

/** FlowMeter's five figures of a list of values; all 0 for an empty list, std 0 for fewer than two values. */
export interface Summary {
  min: number;
  max: number;
  tot: number;
  avg: number;
  /** Sample standard deviation (n - 1). */
  std: number;
}

/**
 * Adds one value to the statistic at `at`.
 *
 * Mean and squares by Welford's recurrence (Technometrics 4, 1962): sums of squares would lose the deviation of large,
 * nearly equal values. The total is summed plainly, in the order of the packets, as FlowMeter sums it.
 */
export function addValue(state: Float64Array, at: number, value: number): void {
  const count = state[at + COUNT]! + 1;
  state[at + COUNT] = count;
  if (count === 1 || value < state[at + MIN]!) state[at + MIN] = value;
  if (value > state[at + MAX]!) state[at + MAX] = value;
  state[at + TOTAL]! += value;
  const difference = value - state[at + MEAN]!;
  const mean = state[at + MEAN]! + difference / count;
  state[at + MEAN] = mean;
  state[at + SQUARES]! += difference * (value - mean);
}

export function summary(state: Float64Array, at: number): Summary {
  const count = state[at + COUNT]!;
  if (count === 0) return { min: 0, max: 0, tot: 0, avg: 0, std: 0 };
  return {
    min: state[at + MIN]!,
    max: state[at + MAX]!,
    tot: state[at + TOTAL]!,
    avg: state[at + TOTAL]! / count,
    std: count > 1 ? Math.sqrt(state[at + SQUARES]! / (count - 1)) : 0,
  };
}

/** Figures of the values of two statistics together (Chan, Golub, LeVeque 1983, parallel form of Welford's). */
export function jointSummary(state: Float64Array, a: number, b: number): Summary {
  const countA = state[a + COUNT]!;
  const countB = state[b + COUNT]!;
  if (countA === 0) return summary(state, b);
  if (countB === 0) return summary(state, a);
  const count = countA + countB;
  const difference = state[b + MEAN]! - state[a + MEAN]!;
  const squares = state[a + SQUARES]! + state[b + SQUARES]! + (difference * difference * countA * countB) / count;
  const tot = state[a + TOTAL]! + state[b + TOTAL]!;
  return {
    min: Math.min(state[a + MIN]!, state[b + MIN]!),
    max: Math.max(state[a + MAX]!, state[b + MAX]!),
    tot,
    avg: tot / count,
    std: Math.sqrt(squares / (count - 1)),
  };
}
