import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { evaluateHeldOut } from "../../../lib/anomaly/evaluation.js";
import { KernelRows } from "../../../lib/anomaly/kernel-rows.js";
import { formatModel, parseModel } from "../../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { solveOneClass } from "../../../lib/anomaly/smo.js";
import { standardisationOf, standardise } from "../../../lib/anomaly/standardisation.js";
import { type SvmTrainOptions, trainOneClassSvm } from "../../../lib/anomaly/train-one-class-svm.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { hasPythonPackages, requireOnMachine } from "../../setup.js";
import { gaussianRows, names, rowsOf } from "./support.js";

const PYTHON = process.env.REDOUBT_TEST_PYTHON ?? "/usr/bin/python3";

const train = (values: Float64Array, dimension: number, options: SvmTrainOptions = {}) =>
  trainOneClassSvm({ featureNames: names(dimension), values }, { now: 0, ...options });

interface Case {
  rows: number[][];
  probes: number[][];
  nu: number;
  gamma: number;
}

/** Small and large, smooth and coarse data, and nu from a few rows to most of them. */
function randomCase(seed: number): Case {
  const random = new SeededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)] as T;
  const dimension = pick([1, 3, 8]);
  const digits = pick([1, 2, 6]);
  const row = (spread: number) => () =>
    Array.from({ length: dimension }, () => Number(random.gaussian(0, spread).toFixed(digits)));
  const rows = Array.from({ length: pick([64, 200, 500]) }, row(1));
  const probes = [...rows.slice(0, 40), ...Array.from({ length: 40 }, row(2))];
  return { rows, probes, nu: pick([0.01, 0.1, 0.5, 0.9]), gamma: pick([0.05, 0.5, 3]) };
}

describe("one-class SVM", () => {
  it("ends where the optimality conditions hold", () => {
    for (const [nu, gamma] of [
      [0.01, 0.5],
      [0.2, 0.1],
      [0.75, 2],
      [1, 1],
    ] as const) {
      const values = gaussianRows(300, 2, 7);
      const kernel = new KernelRows(values, 2, gamma, 40_000);
      const options = { nu, tolerance: 1e-8, maxIterations: 1e6 };
      const { alpha, rho, violation } = solveOneClass(kernel, options);
      assert.ok(violation < 1e-8);
      const total = alpha.reduce((sum, a) => sum + a, 0);
      assert.ok(Math.abs(total - nu * 300) < 1e-9, `${total}`);
      for (let i = 0; i < 300; i++) {
        const a = alpha[i] as number;
        const decision = kernel.row(i).reduce((sum, k, j) => sum + k * (alpha[j] as number), 0) - rho;
        assert.ok(a >= 0 && a <= 1);
        if (a > 0) assert.ok(decision < 1e-7, `a support vector inside, ${decision}`);
        if (a < 1) assert.ok(decision > -1e-7, `a row outside that carries no full weight, ${decision}`);
      }
    }
  });

  it("decides as scikit-learn does on the same rows", function () {
    const ready = hasPythonPackages(PYTHON, "sklearn");
    requireOnMachine(this, ready, "Python with scikit-learn (apt-get install python3-sklearn)");
    const cases = Array.from({ length: 20 }, (_, seed) => randomCase(seed));
    const script = join(__dirname, "python", "svm_decisions.py");
    const { status, stdout, stderr } = spawnSync(PYTHON, [script], {
      input: JSON.stringify(cases),
      maxBuffer: 64 * 1024 * 1024,
    });
    assert.equal(status, 0, String(stderr));
    const answers = JSON.parse(String(stdout)) as { decisions: number[]; offset: number }[];
    let largest = 0;
    for (const [c, { rows, probes, nu, gamma }] of cases.entries()) {
      const dimension = (rows[0] as number[]).length;
      const options = { nu, gamma, tolerance: 1e-9, standardise: false };
      const { model, converged } = train(Float64Array.from(rows.flat()), dimension, options);
      assert.ok(converged);
      const scorer = new AnomalyScorer(model);
      const { decisions, offset } = answers[c] as { decisions: number[]; offset: number };
      for (const [i, probe] of probes.entries()) {
        const ours = scorer.opinionOf(Float64Array.from(probe)).decision as number;
        largest = Math.max(largest, Math.abs(ours - (decisions[i] as number)) / Math.max(1, offset));
      }
    }
    // LIBSVM keeps the kernel in single precision, which shows in the sixth digit of its own decisions.
    assert.ok(largest < 1e-5, `${largest}`);
    console.log(`      largest difference ${largest.toExponential(1)} of the offset`);
  });

  it("flags no more of its training rows than nu, save for those on the border", () => {
    for (const nu of [0.02, 0.1, 0.3]) {
      const values = gaussianRows(800, 3, 2);
      const { model } = train(values, 3, { nu, tolerance: 1e-6 });
      const scorer = new AnomalyScorer(model, { guards: false });
      const outside = rowsOf(values, 3).filter((row) => (scorer.opinionOf(row).decision as number) < -1e-5);
      assert.ok(outside.length <= nu * 800, `${outside.length} at nu ${nu}`);
      assert.ok(model.svm.coefficients.length >= nu * 800 - 1);
    }
  });

  it("tells ordinary rows from unusual ones by a width found by trial, where the usual one would not", () => {
    const values = gaussianRows(1000, 4, 3);
    const fresh = rowsOf(gaussianRows(1000, 4, 4), 4);
    const flagged = (options: SvmTrainOptions) => {
      const scorer = new AnomalyScorer(train(values, 4, options).model, { guards: false });
      return fresh.filter((row) => scorer.scoreRow(row).isAnomaly).length;
    };
    const tuned = flagged({});
    assert.ok(tuned < 50, `${tuned} of 1000`);
    assert.ok(flagged({ gamma: "scale" }) > 2 * tuned);
    const scorer = new AnomalyScorer(train(values, 4).model, { guards: false });
    const verdict = scorer.score({ f0: 0, f1: 9, f2: 0.1, f3: -0.2 });
    assert.ok(verdict.isAnomaly && verdict.score > 0.5 && verdict.threshold === 0.5);
    assert.equal(verdict.reasons[0]?.feature, "f1");
    assert.match(verdict.reasons[0]?.text ?? "", /^f1 9: far from the rows trained on$/);
    assert.equal(verdict.reasons[0]?.source, "model");
  });

  it("scores higher the further out a row lies", () => {
    const scorer = new AnomalyScorer(train(gaussianRows(400, 2, 5), 2).model);
    let last = 0;
    for (let x = 4; x < 40; x += 0.5) {
      const { score } = scorer.score({ f0: x, f1: 0 }, `device ${x}`);
      assert.ok(score >= last && score <= 1, `${score} after ${last} at ${x}`);
      last = score;
    }
    assert.ok(last > 0.9);
  });

  it("is determined by data, options and clock, samples where rows are many, and keeps its scaler in the file", () => {
    const values = gaussianRows(900, 2, 6).map((x, i) => (i % 2 === 0 ? 20 + x : 1000 * x));
    const first = train(values, 2, { maxRows: 300, seed: 5 });
    assert.equal(first.rowsUsed, 300);
    assert.equal(first.model.training?.rows, 900);
    const text = formatModel(first.model);
    assert.equal(formatModel(train(values, 2, { maxRows: 300, seed: 5 }).model), text);
    assert.notEqual(formatModel(train(values, 2, { maxRows: 300, seed: 6 }).model), text);
    const again = new AnomalyScorer(parseModel(text));
    const before = new AnomalyScorer(first.model);
    for (const row of rowsOf(values, 2).slice(0, 50)) assert.deepEqual(again.scoreRow(row), before.scoreRow(row));
    assert.ok(!again.scoreRow(Float64Array.of(20, 0)).isAnomaly);
    assert.ok(again.scoreRow(Float64Array.of(30, 0), "b").isAnomaly);
  });

  it("reports on rows that it has not seen", () => {
    const normal = { featureNames: names(3), values: gaussianRows(1000, 3, 8) };
    const anomalies = { featureNames: names(3), values: gaussianRows(50, 3, 9).map((x) => 6 * x) };
    const report = evaluateHeldOut(normal, anomalies, (rows) => trainOneClassSvm(rows).model);
    assert.equal(report.rows, 200);
    assert.ok(report.flagRate < 0.08, `${report.flagRate}`);
    assert.ok((report.labelled?.auc ?? 0) > 0.95 && (report.labelled?.recall ?? 0) > 0.8);
  });

  it("tells its progress in steps that never go back", () => {
    const steps: number[] = [];
    trainOneClassSvm({ featureNames: names(2), values: gaussianRows(600, 2, 1) }, { nu: 0.3 }, (done, total) => {
      assert.equal(total, 100);
      steps.push(done);
    });
    assert.ok(steps.length > 1 && steps.at(-1) === 100);
    assert.deepEqual(
      [...steps].sort((a, b) => a - b),
      steps,
    );
  });

  it("bears constant features and equal rows", () => {
    const constant = gaussianRows(200, 2, 1).map((x, i) => (i % 2 === 0 ? 0.1 + 0.2 : x));
    const { mean, scale } = standardisationOf(constant, 2);
    assert.equal(scale?.[0], 1);
    assert.ok(Math.abs(standardise(Float64Array.of(0.3, 0), { mean, scale })[0] as number) < 1e-12);
    assert.ok(!new AnomalyScorer(train(constant, 2).model).scoreRow(Float64Array.of(0.3, 0)).isAnomaly);
    const equal = new AnomalyScorer(train(new Float64Array(200).fill(25), 1).model);
    assert.ok(equal.score({ f0: 28 }).isAnomaly);
  });

  it("refuses options that make no sense, and says which", () => {
    const values = gaussianRows(100, 1, 1);
    const wrong: [SvmTrainOptions, RegExp][] = [
      [{ nu: 0 }, /nu/],
      [{ nu: 1.1 }, /nu/],
      [{ nu: Number.NaN }, /nu/],
      [{ gamma: -1 }, /gamma/],
      [{ tolerance: 0 }, /tolerance/],
      [{ maxRows: 1 }, /max-rows/],
      [{ seed: 0.5 }, /seed/],
      [{ name: "../x" }, /name/],
    ];
    for (const [options, reason] of wrong) {
      assert.throws(
        () => train(values, 1, options),
        (error) => error instanceof Rejection && reason.test(error.reason),
      );
    }
    assert.throws(() => train(values.subarray(0, 10), 1), /too few to train on/);
  });
});
