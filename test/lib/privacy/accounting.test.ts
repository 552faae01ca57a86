import assert from "node:assert/strict";
import {
  epsilonFromRho,
  gdpDelta,
  gdpEpsilon,
  maxAttackerAccuracy,
  muFromRho,
  rhoFromEpsilon,
} from "../../../lib/privacy/accounting.js";
import { erfc, logNormalCdf, normalCdf } from "../../../lib/privacy/normal.js";

const close = (actual: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected} +- ${tolerance}`);

describe("normal distribution", () => {
  it("agrees with tabulated values of erfc to 1e-12 relative", () => {
    // From the C library's erfc.
    const table: [number, number][] = [
      [0, 1],
      [0.5, 0.4795001221869535],
      [1, 0.15729920705028513],
      [1.999999, 0.004677755648073953],
      [2, 0.004677734981047266],
      [3, 2.209049699858544e-5],
      [5, 1.5374597944280349e-12],
      [10, 2.088487583762545e-45],
    ];
    for (const [x, expected] of table) {
      close(erfc(x) / expected, 1, 1e-12, `erfc(${x})`);
      close(erfc(-x), 2 - expected, 1e-11, `erfc(${-x})`);
    }
    close(normalCdf(1.959963984540054), 0.975, 1e-14, "97.5 % quantile");
  });

  it("has a logarithm that goes on where the value underflows", () => {
    close(logNormalCdf(-3), Math.log(normalCdf(-3)), 1e-12, "ln Phi(-3)");
    close(logNormalCdf(-40), -804.608442, 1e-5, "ln Phi(-40)");
    assert.equal(normalCdf(-40), 0);
    close(logNormalCdf(8), -6.220960574e-16, 2e-16, "ln Phi(8)");
  });
});

describe("privacy accounting", () => {
  it("gives rho, sigma and the attacker's bound of the reference table to 1e-6", () => {
    // epsilon, rho at 1e-5, sigma per sensitivity at 1e-5, accuracy, sigma per sensitivity at 1e-6
    const table: [number, number, number, number, number][] = [
      [0.5, 0.008506, 7.667156, 0.526, 8.676631],
      [1, 0.030557, 4.04513, 0.549, 4.530877],
      [2, 0.108256, 2.149108, 0.592, 2.381591],
      [3, 0.224249, 1.493206, 0.631, 1.64368],
      [5, 0.550973, 0.95262, 0.7, 1.039116],
      [8, 1.229714, 0.637651, 0.784, 0.689292],
      [10, 1.782696, 0.529598, 0.827, 0.569936],
    ];
    for (const [epsilon, rho, ratio, accuracy, ratioSmallDelta] of table) {
      const found = rhoFromEpsilon(epsilon, 1e-5);
      close(found, rho, 1e-6, `rho of ${epsilon}`);
      close(1 / muFromRho(found), ratio, 1e-6, `sigma of ${epsilon}`);
      close(maxAttackerAccuracy(muFromRho(found)), accuracy, 5e-4, `accuracy at ${epsilon}`);
      close(1 / muFromRho(rhoFromEpsilon(epsilon, 1e-6)), ratioSmallDelta, 1e-6, `sigma of ${epsilon} at 1e-6`);
      assert.ok(epsilonFromRho(found, 1e-5) <= epsilon, "the answer never exceeds the budget");
    }
  });

  it("gives the analytic Gaussian's sigma to 1e-9 and epsilon from mu to three decimals", () => {
    const analytic: [number, number][] = [
      [0.5, 7.031826676],
      [1, 3.730631635],
      [2, 1.993812446],
      [5, 0.891868265],
      [10, 0.49988862],
    ];
    for (const [epsilon, sigma] of analytic) close(gdpDelta(1 / sigma, epsilon), 1e-5, 1e-12, `delta at ${epsilon}`);
    const conversions: [number, number, number][] = [
      [0.25, 0.926, 1.061],
      [0.5, 1.993, 2.254],
      [1, 4.377, 4.887],
      [2, 9.997, 10.997],
      [3, 16.675, 18.163],
      [5, 33.104, 35.566],
    ];
    for (const [mu, atFive, atSix] of conversions) {
      close(gdpEpsilon(mu, 1e-5), atFive, 5.1e-4, `epsilon of mu ${mu}`);
      close(gdpEpsilon(mu, 1e-6), atSix, 5.1e-4, `epsilon of mu ${mu} at 1e-6`);
    }
  });

  it("never promises more through zCDP than the exact Gaussian curve allows", () => {
    for (const mu of [0.1, 0.5, 1, 2, 5, 20]) {
      assert.ok(epsilonFromRho((mu * mu) / 2, 1e-5) >= gdpEpsilon(mu, 1e-5), `mu ${mu}`);
    }
  });

  it("is the minimum over orders, and rises with rho", () => {
    const delta = 1e-5;
    let previous = 0;
    for (const rho of [1e-9, 1e-3, 0.1, 1, 50, 5e6]) {
      const epsilon = epsilonFromRho(rho, delta);
      for (const excess of [1e-3, 0.1, 1, 3, 10, 100, 1e4]) {
        const order = 1 + excess;
        const bound = rho * order + Math.log(excess / order) - (Math.log(delta) + Math.log(order)) / excess;
        assert.ok(epsilon <= bound + 1e-9 * Math.abs(bound), `rho ${rho}, order ${order}`);
      }
      assert.ok(epsilon >= previous, `rho ${rho}`);
      previous = epsilon;
    }
    assert.equal(epsilonFromRho(0, delta), 0);
    assert.equal(epsilonFromRho(Number.POSITIVE_INFINITY, delta), Number.POSITIVE_INFINITY);
  });

  it("refuses parameters outside their range", () => {
    for (const delta of [0, 1, -1, Number.NaN]) assert.throws(() => epsilonFromRho(1, delta), RangeError);
    for (const rho of [-1, Number.NaN]) assert.throws(() => epsilonFromRho(rho, 1e-5), RangeError);
    for (const epsilon of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => rhoFromEpsilon(epsilon, 1e-5), RangeError);
    }
  });
});
