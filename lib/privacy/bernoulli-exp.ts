import type { RandomInteger } from "./random-integer.js";

/** exp(-numerator/denominator) for fractions in [0, 1]: von Neumann's alternating series as coin tosses. */
function ofFraction(random: RandomInteger, numerator: bigint, denominator: bigint): boolean {
  let tosses = 1n;
  while (random.below(denominator * tosses) < numerator) tosses++;
  return tosses % 2n === 1n;
}

/**
 * True with probability exp(-numerator/denominator), exactly, for any fraction from 0 on
 * (Canonne, Kamath, Steinke, NeurIPS 2020, algorithm 1).
 */
export function bernoulliExp(random: RandomInteger, numerator: bigint, denominator: bigint): boolean {
  let rest = numerator;
  while (rest > denominator) {
    if (!ofFraction(random, 1n, 1n)) return false;
    rest -= denominator;
  }
  return ofFraction(random, rest, denominator);
}
