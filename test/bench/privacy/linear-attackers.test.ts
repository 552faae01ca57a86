import assert from "node:assert/strict";
import { type LinearGaussianModel, smooth } from "../../../bench/privacy/attackers/kalman.js";
import {
  addTo,
  cholesky,
  identity,
  type Matrix,
  matrixOf,
  multiply,
  multiplyTransposed,
  solveCholesky,
  zeros,
} from "../../../bench/privacy/attackers/matrix.js";
import { predictRidge, RidgeProblem, type Table } from "../../../bench/privacy/attackers/ridge.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";

function block(whole: Matrix, row: number, column: number, part: Matrix): void {
  for (let i = 0; i < part.rows; i++) {
    for (let j = 0; j < part.columns; j++) {
      whole.values[(row + i) * whole.columns + column + j] = part.values[i * part.columns + j] as number;
    }
  }
}

/** Means of all states given all observations at once: C H' (H C H' + R)^-1 y, with the joint covariance C. */
function batchEstimate(model: LinearGaussianModel, observations: Float64Array, kind: (t: number) => number) {
  const size = model.observe.length;
  const count = observations.length;
  const joint = zeros(size * count, size * count);
  let own: Matrix = model.initialCovariance;
  for (let t = 0; t < count; t++) {
    if (t > 0) {
      const { transition, noise } = model.steps[kind(t)] as (typeof model.steps)[number];
      own = addTo(multiplyTransposed(multiply(transition, own), transition), noise);
    }
    block(joint, t * size, t * size, own);
    let across = own;
    for (let later = t + 1; later < count; later++) {
      across = multiply((model.steps[kind(later)] as (typeof model.steps)[number]).transition, across);
      block(joint, later * size, t * size, across);
      block(joint, t * size, later * size, multiplyTransposed(identity(size), across));
    }
  }
  const known = [...observations.keys()].filter((t) => !Number.isNaN(observations[t]));
  const observe = zeros(known.length, size * count);
  for (const [row, t] of known.entries()) {
    for (let i = 0; i < size; i++) observe.values[row * observe.columns + t * size + i] = model.observe[i] as number;
  }
  const crossed = multiplyTransposed(joint, observe);
  const covariance = multiply(observe, crossed);
  for (let i = 0; i < known.length; i++) {
    covariance.values[i * known.length + i] =
      (covariance.values[i * known.length + i] as number) + model.observationVariance;
  }
  const weights = solveCholesky(
    cholesky(covariance),
    Float64Array.from(known, (t) => observations[t] as number),
  );
  return multiply(crossed, { rows: known.length, columns: 1, values: weights }).values;
}

function toyModel(): LinearGaussianModel {
  return {
    steps: [
      {
        transition: matrixOf([
          [0.9, 0.2],
          [0, 0.7],
        ]),
        noise: matrixOf([
          [0.3, 0.1],
          [0.1, 0.5],
        ]),
      },
      {
        transition: matrixOf([
          [0.5, -0.4],
          [0.3, 0.8],
        ]),
        noise: matrixOf([
          [0.2, 0],
          [0, 0.1],
        ]),
      },
    ],
    observe: Float64Array.of(1, 0.5),
    observationVariance: 0.4,
    initialCovariance: matrixOf([
      [2, 0.3],
      [0.3, 1],
    ]),
  };
}

describe("the linear attackers", () => {
  it("smooths as the batch estimate does, with gaps and two kinds of steps", () => {
    const random = new SeededRandom(3);
    const observations = Float64Array.from({ length: 25 }, (_, t) =>
      t % 5 === 3 ? Number.NaN : random.gaussian(0, 2),
    );
    const kind = (t: number) => (t % 3 === 0 ? 1 : 0);
    const smoothed = smooth(toyModel(), observations, kind);
    const batch = batchEstimate(toyModel(), observations, kind);
    for (const [i, value] of smoothed.entries()) assert.ok(Math.abs(value - (batch[i] as number)) < 1e-8, `state ${i}`);
  });

  it("smooths with a covariance that a reset makes singular", () => {
    const model = toyModel();
    // The second state is forgotten and starts at zero: its predicted variance is zero.
    model.steps = [
      {
        transition: matrixOf([
          [0.9, 0],
          [0, 0],
        ]),
        noise: matrixOf([
          [0.3, 0],
          [0, 0],
        ]),
      },
    ];
    const observations = Float64Array.of(1, -2, 0.5, 3);
    const smoothed = smooth(model, observations);
    const batch = batchEstimate(model, observations, () => 0);
    for (const [i, value] of smoothed.entries()) assert.ok(Math.abs(value - (batch[i] as number)) < 1e-8, `state ${i}`);
  });

  it("takes an observation beyond the gate as missing", () => {
    const wild = Float64Array.of(0.1, 0.2, 500, 0.1, -0.2);
    const missing = wild.map((value) => (value > 100 ? Number.NaN : value));
    const gated = smooth(toyModel(), wild, () => 0, { gate: 4, longestGate: 2 });
    assert.deepEqual([...gated], [...smooth(toyModel(), missing)]);
    assert.notDeepEqual([...smooth(toyModel(), wild)], [...gated]);
  });

  it("believes a level that stays beyond the gate", () => {
    const shifted = Float64Array.from({ length: 30 }, (_, t) => (t < 5 ? 0 : 300));
    const states = smooth(toyModel(), shifted, () => 0, { gate: 4, longestGate: 3 });
    assert.ok((states.at(-2) as number) > 50);
  });

  it("fits one penalised column as the closed form says", () => {
    const x = [1, 2, 3, 4];
    const y = [2, 1, 4, 5];
    const table: Table = { rows: 4, columns: 1, values: Float64Array.from(x) };
    // Standardised x has variance 1; the covariance of x and y is 1.5, so the weight is 1.5 / sd / (1 + penalty) / sd.
    for (const penalty of [0, 0.5]) {
      const { intercept, weights } = new RidgeProblem(table, Float64Array.from(y)).fit(penalty);
      const weight = 1.5 / 1.25 / (1 + penalty);
      assert.ok(Math.abs((weights[0] as number) - weight) < 1e-12);
      assert.ok(Math.abs(intercept - (3 - weight * 2.5)) < 1e-12);
    }
  });

  it("satisfies the normal equations of ridge regression", () => {
    const random = new SeededRandom(8);
    const [rows, columns, penalty] = [60, 5, 0.3];
    const values = Float64Array.from({ length: rows * columns }, () => random.gaussian());
    const target = Float64Array.from(
      { length: rows },
      (_, r) => (values[r * columns] as number) * 2 + random.gaussian(),
    );
    const table = { rows, columns, values };
    const model = new RidgeProblem(table, target).fit(penalty);
    const residual = predictRidge(model, table).map((estimate, r) => (target[r] as number) - estimate);
    for (let c = 0; c < columns; c++) {
      const column = Float64Array.from({ length: rows }, (_, r) => values[r * columns + c] as number);
      const mean = column.reduce((sum, value) => sum + value, 0) / rows;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
      // Gradient of the mean squared error, and of the penalty on the standardised weight.
      const pull = residual.reduce((sum, value, r) => sum + value * ((column[r] as number) - mean), 0) / rows;
      assert.ok(Math.abs(pull - penalty * (model.weights[c] as number) * variance) < 1e-10, `column ${c}`);
    }
    assert.ok(Math.abs(residual.reduce((sum, value) => sum + value, 0)) < 1e-9);
  });

  it("leaves a constant column without a weight", () => {
    const table = { rows: 3, columns: 2, values: Float64Array.of(1, 7, 2, 7, 3, 7) };
    const { weights } = new RidgeProblem(table, Float64Array.of(1, 2, 3)).fit(0.1);
    assert.equal(weights[1], 0);
    assert.throws(() => new RidgeProblem(table, Float64Array.of(1, 2, 3)).fit(0), RangeError);
  });
});
