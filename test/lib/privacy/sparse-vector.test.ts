import assert from "node:assert/strict";
import { AboveThreshold, RunSamplers, runNoise } from "../../../lib/privacy/above-threshold.js";
import { DiscreteLaplace } from "../../../lib/privacy/discrete-laplace.js";
import { type Fraction, toNumber } from "../../../lib/privacy/fraction.js";
import { chiSquared, chiSquaredLimit, RARE } from "./chi-squared.js";

const COUNT = 100_000;

describe("discrete Laplace", () => {
  const scales: [string, Fraction][] = [
    ["1", { numerator: 1n, denominator: 1n }],
    ["7/3", { numerator: 7n, denominator: 3n }],
    ["517.35", { numerator: 517_350_001n, denominator: 1_000_000n }],
  ];
  for (const [name, scale] of scales) {
    it(`has the right distribution, mean and variance for scale ${name}`, () => {
      const t = toNumber(scale);
      const laplace = new DiscreteLaplace(scale);
      const samples = Array.from({ length: COUNT }, () => Number(laplace.sample()));
      const against = (parameter: number) =>
        chiSquared(samples, (k) => Math.exp(-Math.abs(k) / parameter), Math.ceil(30 * t));
      const { statistic, freedom } = against(t);
      assert.ok(statistic < chiSquaredLimit(freedom), `chi squared ${statistic.toFixed(1)} with ${freedom} df`);
      const wrong = against(t * 1.06);
      assert.ok(wrong.statistic > chiSquaredLimit(wrong.freedom), `a scale 6 % off passes: ${wrong.statistic}`);

      const e = Math.exp(-1 / t);
      const variance = (2 * e) / (1 - e) ** 2;
      const mean = samples.reduce((sum, x) => sum + x, 0) / COUNT;
      assert.ok(Math.abs(mean) < RARE * Math.sqrt(variance / COUNT), `mean ${mean}`);
      const measured = samples.reduce((sum, x) => sum + x * x, 0) / COUNT;
      const fourthMoment = (2 * e * (1 + 10 * e + e * e)) / (1 - e) ** 4;
      const spread = Math.sqrt((fourthMoment / variance ** 2 - 1) / COUNT);
      assert.ok(Math.abs(measured / variance - 1) < RARE * spread, `variance ${measured}`);
    });
  }

  it("refuses a scale that is not positive", () => {
    assert.throws(() => new DiscreteLaplace({ numerator: 0n, denominator: 1n }), RangeError);
  });
});

describe("sparse vector", () => {
  it("splits epsilon 1 : 2^(2/3) and never spends more", () => {
    for (const epsilon of [0.1, 1, 4, 20]) {
      for (const sensitivity of [1, 25, 200]) {
        const { threshold, query } = runNoise(epsilon, sensitivity);
        const [first, second] = [sensitivity / toNumber(threshold), (2 * sensitivity) / toNumber(query)];
        assert.ok(first + second <= epsilon, `${first} + ${second} > ${epsilon}`);
        assert.ok(first + second > epsilon * (1 - 1e-5));
        assert.ok(Math.abs(second / first - 2 ** (2 / 3)) < 1e-4);
      }
    }
  });

  it("ends with its first yes", () => {
    const run = new AboveThreshold(new RunSamplers(runNoise(1, 1)));
    assert.equal(run.isAbove(-1000n), false);
    assert.equal(run.isAbove(1000n), true);
    assert.throws(() => run.isAbove(1000n), /ended/);
  });

  it("answers where the first yes is within e^epsilon on neighbouring streams", () => {
    // The worst neighbours known: everything before the yes moves one way, the yes itself the other.
    const epsilon = 1;
    const sensitivity = 2;
    const samplers = new RunSamplers(runNoise(epsilon, sensitivity));
    const runs = 40_000;
    const firstYes = (stream: bigint[]) => {
      const counts = new Array<number>(stream.length + 1).fill(0);
      for (let i = 0; i < runs; i++) {
        const run = new AboveThreshold(samplers);
        const at = stream.findIndex((excess) => run.isAbove(excess));
        counts[at < 0 ? stream.length : at]!++;
      }
      return counts;
    };
    const one = firstYes([0n, 0n, 0n, 0n, 2n]);
    const other = firstYes([2n, 2n, 2n, 2n, 0n]);
    let widest = 0;
    for (const [index, count] of one.entries()) {
      const [p, q] = [count / runs, other[index]! / runs];
      for (const [likelier, rarer] of [
        [p, q],
        [q, p],
      ] as const) {
        const slack = RARE * Math.sqrt((likelier + Math.exp(2 * epsilon) * rarer) / runs);
        assert.ok(likelier <= Math.exp(epsilon) * rarer + slack, `index ${index}: ${likelier} against ${rarer}`);
        if (rarer > 0.01) widest = Math.max(widest, likelier / rarer);
      }
    }
    assert.ok(widest > 1.2, `the streams differ noticeably, or this shows nothing: ${widest}`);
  });
});
