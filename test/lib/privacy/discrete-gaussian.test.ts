import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { DiscreteGaussian, type Fraction, integerSquareRoot } from "../../../lib/privacy/discrete-gaussian.js";
import { RandomInteger } from "../../../lib/privacy/random-integer.js";
import { chiSquared, chiSquaredLimit, RARE } from "./chi-squared.js";

function draw(sigmaSquared: Fraction, count: number): number[] {
  const gaussian = new DiscreteGaussian(sigmaSquared);
  return Array.from({ length: count }, () => Number(gaussian.sample()));
}

/** Against the discrete Gaussian of `variance`. */
function againstGaussian(samples: number[], variance: number) {
  return chiSquared(samples, (k) => Math.exp((-k * k) / (2 * variance)), Math.ceil(12 * Math.sqrt(variance)));
}

const cases: [string, Fraction, number][] = [
  ["1", { numerator: 1n, denominator: 1n }, 150_000],
  ["9/4", { numerator: 9n, denominator: 4n }, 150_000],
  ["89 squared", { numerator: 7921n, denominator: 1n }, 150_000],
];

describe("discrete Gaussian", () => {
  for (const [name, sigmaSquared, count] of cases) {
    it(`has the right distribution, mean and variance for sigma squared ${name}`, () => {
      const variance = Number(sigmaSquared.numerator) / Number(sigmaSquared.denominator);
      const samples = draw(sigmaSquared, count);
      const { statistic, freedom } = againstGaussian(samples, variance);
      assert.ok(statistic < chiSquaredLimit(freedom), `chi squared ${statistic.toFixed(1)} with ${freedom} df`);

      const mean = samples.reduce((sum, x) => sum + x, 0) / count;
      assert.ok(Math.abs(mean) < RARE * Math.sqrt(variance / count), `mean ${mean}`);
      const measured = samples.reduce((sum, x) => sum + x * x, 0) / count;
      assert.ok(Math.abs(measured / variance - 1) < RARE * Math.sqrt(2 / count), `variance ${measured}`);
      // The test has teeth: samples of a slightly different law are told apart.
      const wrong = againstGaussian(samples, variance * 1.08);
      assert.ok(wrong.statistic > chiSquaredLimit(wrong.freedom), `a variance 8 % off passes: ${wrong.statistic}`);
    });
  }

  it("refuses a sigma that is not positive", () => {
    assert.throws(() => new DiscreteGaussian({ numerator: 0n, denominator: 1n }), RangeError);
    assert.throws(() => new DiscreteGaussian({ numerator: 1n, denominator: 0n }), RangeError);
  });

  it("takes exact integer square roots", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 200n }), (value) => {
        const root = integerSquareRoot(value);
        return root * root <= value && (root + 1n) * (root + 1n) > value;
      }),
      { seed: 1 },
    );
    for (let value = 0n; value < 100n; value++) {
      assert.equal(integerSquareRoot(value), BigInt(Math.floor(Math.sqrt(Number(value)))));
    }
  });
});

describe("uniform integers", () => {
  it("are unbiased where a modulo would not be", () => {
    const random = new RandomInteger();
    const bound = 192n;
    const count = 96_000;
    const observed = new Array<number>(Number(bound)).fill(0);
    for (let i = 0; i < count; i++) observed[Number(random.below(bound))]!++;
    const due = count / Number(bound);
    const statistic = observed.reduce((sum, seen) => sum + (seen - due) ** 2 / due, 0);
    assert.ok(statistic < chiSquaredLimit(Number(bound) - 1), `chi squared ${statistic}`);
  });

  it("stay in range for bounds of any size and use every value of a small one", () => {
    const random = new RandomInteger();
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 1n << 180n }), (bound) => {
        const drawn = random.below(bound);
        return drawn >= 0n && drawn < bound;
      }),
      { seed: 2 },
    );
    assert.deepEqual(new Set(Array.from({ length: 400 }, () => random.below(5n))).size, 5);
    assert.throws(() => random.below(0n), RangeError);
  });

  it("draw again on a value beyond the bound instead of folding it back", () => {
    const bytes = [0xff, 0xfe, 0x03];
    let at = 0;
    const random = new RandomInteger((pool) => {
      for (let i = 0; i < pool.length; i++) pool[i] = bytes[at++ % bytes.length]!;
    });
    assert.equal(random.below(200n), 3n);
  });

  it("and nothing else makes randomness in this folder", () => {
    const folder = join(__dirname, "..", "..", "..", "lib", "privacy");
    for (const name of readdirSync(folder)) {
      const source = readFileSync(join(folder, name), "utf8");
      assert.doesNotMatch(source, /Math\.random|SeededRandom/, name);
    }
  });
});
