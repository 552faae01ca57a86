import { bernoulliExp } from "./bernoulli-exp.js";
import { DiscreteLaplace } from "./discrete-laplace.js";
import type { Fraction } from "./fraction.js";
import { RandomInteger } from "./random-integer.js";

export type { Fraction } from "./fraction.js";

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
  private readonly laplace: DiscreteLaplace;

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
    this.laplace = new DiscreteLaplace({ numerator: this.scale, denominator: 1n }, random);
  }

  /** One independent sample, in grid units. */
  sample(): bigint {
    const { numerator: p, denominator: q } = this.sigmaSquared;
    const shared = 2n * p * q * this.squaredScale;
    for (;;) {
      const candidate = this.laplace.sample();
      const magnitude = candidate < 0n ? -candidate : candidate;
      // (|y| - sigma^2/t)^2 / (2 sigma^2) as a fraction of integers.
      const distance = magnitude * q * this.scale - p;
      if (bernoulliExp(this.random, distance * distance, shared)) return candidate;
    }
  }
}
