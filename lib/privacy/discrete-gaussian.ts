import { RandomInteger } from "./random-integer.js";

/** An exact non-negative fraction. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

/** Largest integer whose square is at most `value` (Newton's method on integers). */
export function integerSquareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const better = (root + value / root) >> 1n;
    if (better >= root) return root;
    root = better;
  }
}

/**
 * The discrete Gaussian on the integers: P(k) proportional to exp(-k^2 / (2 sigma^2)), sampled exactly with
 * integer arithmetic only. A floating-point Gaussian leaks through the gaps between doubles (Mironov, CCS 2012;
 * Jin et al., S&P 2022); this one has none.
 *
 * Source: Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020,
 * algorithms 1 to 3. On an integer query of sensitivity D it gives (D^2 / (2 sigma^2))-zCDP.
 */
export class DiscreteGaussian {
  /** Scale of the discrete Laplace distribution the samples are selected from: floor(sigma) + 1. */
  private readonly scale: bigint;
  private readonly squaredScale: bigint;

  /**
   * @param sigmaSquared the parameter sigma^2, in squared grid units.
   * @throws {RangeError} if it is not positive.
   */
  constructor(
    readonly sigmaSquared: Fraction,
    private readonly random = new RandomInteger(),
  ) {
    const { numerator, denominator } = sigmaSquared;
    if (numerator <= 0n || denominator <= 0n) throw new RangeError("sigma squared must be positive");
    this.scale = integerSquareRoot(numerator / denominator) + 1n;
    this.squaredScale = this.scale * this.scale;
  }

  /** One independent sample, in grid units. */
  sample(): bigint {
    const { numerator: p, denominator: q } = this.sigmaSquared;
    const shared = 2n * p * q * this.squaredScale;
    for (;;) {
      const candidate = this.discreteLaplace();
      const magnitude = candidate < 0n ? -candidate : candidate;
      // (|y| - sigma^2/t)^2 / (2 sigma^2) as a fraction of integers.
      const distance = magnitude * q * this.scale - p;
      if (this.bernoulliExp(distance * distance, shared)) return candidate;
    }
  }

  /** P(x) proportional to exp(-|x| / scale). */
  private discreteLaplace(): bigint {
    for (;;) {
      const remainder = this.random.below(this.scale);
      if (!this.bernoulliExpFraction(remainder, this.scale)) continue;
      let quotient = 0n;
      while (this.bernoulliExpFraction(1n, 1n)) quotient++;
      const magnitude = remainder + this.scale * quotient;
      const negative = this.random.below(2n) === 1n;
      if (negative && magnitude === 0n) continue;
      return negative ? -magnitude : magnitude;
    }
  }

  /** True with probability exp(-numerator/denominator), for any fraction from 0 on. */
  private bernoulliExp(numerator: bigint, denominator: bigint): boolean {
    let rest = numerator;
    while (rest > denominator) {
      if (!this.bernoulliExpFraction(1n, 1n)) return false;
      rest -= denominator;
    }
    return this.bernoulliExpFraction(rest, denominator);
  }

  /** The same for fractions in [0, 1]: von Neumann's alternating series as coin tosses. */
  private bernoulliExpFraction(numerator: bigint, denominator: bigint): boolean {
    let tosses = 1n;
    while (this.random.below(denominator * tosses) < numerator) tosses++;
    return tosses % 2n === 1n;
  }
}
