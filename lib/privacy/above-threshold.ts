import { DiscreteLaplace } from "./discrete-laplace.js";
import { DOUBLE_MARGIN, type Fraction, fractionAbove } from "./fraction.js";
import { RandomInteger } from "./random-integer.js";

/** Share of epsilon for the threshold, against 2^(2/3) for the queries: least error for a single positive answer. */
const QUERY_WEIGHT = 2 ** (2 / 3);

/** Scales of the two discrete Laplace distributions of a run, in grid units. */
export interface RunNoise {
  threshold: Fraction;
  query: Fraction;
}

/**
 * Noise with which one run of {@link AboveThreshold} is epsilon-differentially private: D/epsilon1 on the threshold
 * and 2D/epsilon2 on each query, epsilon1 : epsilon2 = 1 : 2^(2/3) (Lyu, Su, Li, "Understanding the Sparse Vector
 * Technique", VLDB 2017, algorithm 1 and section 4.2 with one positive answer).
 *
 * @param sensitivityUnits D, the largest change of any query, in whole grid units.
 */
export function runNoise(epsilon: number, sensitivityUnits: number): RunNoise {
  const forThreshold = epsilon / (1 + QUERY_WEIGHT);
  const forQueries = epsilon - forThreshold;
  return {
    threshold: fractionAbove((sensitivityUnits / forThreshold) * DOUBLE_MARGIN),
    query: fractionAbove(((2 * sensitivityUnits) / forQueries) * DOUBLE_MARGIN),
  };
}

/** The samplers of {@link RunNoise}; made once, used by all runs. */
export class RunSamplers {
  readonly threshold: DiscreteLaplace;
  readonly query: DiscreteLaplace;

  constructor(noise: RunNoise, random = new RandomInteger()) {
    this.threshold = new DiscreteLaplace(noise.threshold, random);
    this.query = new DiscreteLaplace(noise.query, random);
  }
}

/**
 * One run of the sparse vector technique: any number of questions "is this above its threshold?", answered with
 * noise until the first yes, at the price of one (Dwork, Roth, "The Algorithmic Foundations of Differential
 * Privacy", 2014, algorithm 1). No number leaves it. After a yes a new run needs fresh noise on the threshold:
 * several published variants that went on with the old one are not private (Lyu, Su, Li).
 */
export class AboveThreshold {
  private readonly noisyThreshold: bigint;
  private answeredYes = false;

  constructor(private readonly samplers: RunSamplers) {
    this.noisyThreshold = samplers.threshold.sample();
  }

  /**
   * @param excess by how much the query exceeds its threshold, in grid units.
   * @throws {Error} after the first yes.
   */
  isAbove(excess: bigint): boolean {
    if (this.answeredYes) throw new Error("this run has ended with its positive answer");
    this.answeredYes = excess + this.samplers.query.sample() >= this.noisyThreshold;
    return this.answeredYes;
  }
}
