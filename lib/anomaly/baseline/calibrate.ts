import { Rejection } from "../../common/rejection.js";

/** Above the largest held-out score, where there are too few for a quantile, by this part of the way from the median. */
const MARGIN = 0.25;
const LEAST_MARGIN = 0.01;

/**
 * The score that ordinary flows exceed at the given rate at most: the ceil((n + 1)(1 - rate))-th smallest of n held-out
 * scores (split conformal prediction: Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World", 2005). Where
 * there is no such score because n is too small, it stays clear of the largest one, and the rate is 1 in n + 1.
 *
 * @param scores of flows that nothing was learnt from.
 */
export function conformalThreshold(scores: Float64Array, rate: number): { threshold: number; promised: number } {
  const count = scores.length;
  if (count === 0) throw new Rejection("SCHEMA", "no flows to set the threshold with");
  const sorted = Float64Array.from(scores).sort();
  const rank = Math.ceil((count + 1) * (1 - rate));
  if (rank <= count) return { threshold: sorted[rank - 1] as number, promised: rate };
  const largest = sorted[count - 1] as number;
  const margin = Math.max(LEAST_MARGIN, MARGIN * (largest - (sorted[count >> 1] as number)));
  return { threshold: largest + margin, promised: 1 / (count + 1) };
}
