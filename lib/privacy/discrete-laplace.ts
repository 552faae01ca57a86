import { bernoulliExp } from "./bernoulli-exp.js";
import type { Fraction } from "./fraction.js";
import { RandomInteger } from "./random-integer.js";

/**
 * The discrete Laplace distribution on the integers: P(k) proportional to exp(-|k| / scale), sampled exactly with
 * integer arithmetic only. On an integer query of sensitivity D it gives (D / scale)-differential privacy.
 *
 * Source: Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020, algorithm 2.
 */
export class DiscreteLaplace {
  /** @throws {RangeError} if the scale is not positive. */
  constructor(
    readonly scale: Fraction,
    private readonly random = new RandomInteger(),
  ) {
    if (scale.numerator <= 0n || scale.denominator <= 0n) throw new RangeError("scale must be positive");
  }

  /** One independent sample, in grid units. */
  sample(): bigint {
    const { numerator: t, denominator: s } = this.scale;
    for (;;) {
      const remainder = this.random.below(t);
      if (!bernoulliExp(this.random, remainder, t)) continue;
      let quotient = 0n;
      while (bernoulliExp(this.random, 1n, 1n)) quotient++;
      const magnitude = (remainder + t * quotient) / s;
      const negative = this.random.below(2n) === 1n;
      if (negative && magnitude === 0n) continue;
      return negative ? -magnitude : magnitude;
    }
  }
}
