import assert from "node:assert/strict";
import fc from "fast-check";
import type { AnomalyModel } from "../../../lib/anomaly/model.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { thresholdOf, trainModel } from "../../../lib/anomaly/train.js";
import { trainOneClassSvm } from "../../../lib/anomaly/train-one-class-svm.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { FEATURE, gaussianRows, names, quietModel, quietReadings } from "./support.js";

const rejects = (code: string, reason: RegExp) => (error: unknown) =>
  error instanceof Rejection && error.code === code && reason.test(error.reason);

function threeFeatures(): AnomalyModel {
  return trainModel({ featureNames: names(3), values: gaussianRows(1000, 3, 4) }, { now: 0 });
}

describe("anomaly scorer", () => {
  it("gives verdicts with the model's label, and reasons only where it flags", () => {
    const scorer = new AnomalyScorer(quietModel(600, 1, { name: "inlet", revision: 3 }));
    const quiet = scorer.score({ [FEATURE]: 25, humidity: "ignored" });
    assert.deepEqual({ ...quiet, score: 0 }, { ...quiet, score: 0, isAnomaly: false, model: "inlet@3", reasons: [] });
    assert.ok(quiet.score > 0 && quiet.score < quiet.threshold);
    const hot = scorer.score({ [FEATURE]: 80 });
    assert.equal(hot.isAnomaly, true);
    assert.ok(hot.score <= 1 && hot.score > 0.9);
    assert.equal(hot.reasons[0]?.source, "tail");
    assert.match(hot.reasons[0]?.text ?? "", /^temperature_C 80: 54\.\d+ above the trained range$/);
    assert.match(scorer.score({ [FEATURE]: 19 }).reasons[0]?.text ?? "", /^temperature_C 19: 5\.\d+ below the trained/);
  });

  it("gives values their unit and says how far they lie from the trained range", () => {
    const random = new SeededRandom(8);
    const values = new Float64Array(2000);
    for (let i = 0; i < values.length; i += 2) {
      values[i] = random.gaussian(27, 2);
      values[i + 1] = random.gaussian(50, 5);
    }
    const model = trainModel({ featureNames: ["temperature", "humidity"], values });
    const { min } = model.training.features[1] as AnomalyModel["training"]["features"][number];
    const { reasons } = new AnomalyScorer(model).score({ temperature: 27, humidity: min - 24.07 });
    const text = reasons.find(({ source }) => source === "tail")?.text ?? "";
    assert.match(text, /^humidity [\d.]+ %: 24\.1 below the trained range$/);
    assert.match(
      new AnomalyScorer(model).score({ temperature: 90, humidity: 50 }).reasons[0]?.text ?? "",
      /^temperature 90 °C: [\d.]+ above/,
    );
  });

  it("names all features where none is unusual by itself, but values that do not go together", () => {
    const random = new SeededRandom(9);
    const values = new Float64Array(2000);
    for (let i = 0; i < values.length; i += 2) {
      const warmth = random.gaussian(0, 2);
      values[i] = 27 + warmth;
      values[i + 1] = 50 - 2 * warmth + random.gaussian(0, 0.5);
    }
    const { model } = trainOneClassSvm({ featureNames: ["temperature", "humidity"], values }, { nu: 0.001 });
    const scorer = new AnomalyScorer(model, { drift: false });
    let together = 0;
    for (let warmth = -6; warmth < 6; warmth += 0.25) {
      for (const away of [-3, -2, -1.5, 1.5, 2, 3, 6, 12]) {
        const verdict = scorer.score({ temperature: 27 + warmth, humidity: 50 - 2 * warmth + away });
        const total = verdict.reasons.reduce((sum, { contribution }) => sum + contribution, 0);
        assert.equal(verdict.isAnomaly, verdict.reasons.length > 0);
        assert.ok(total <= 1 + 1e-9);
        const texts = verdict.reasons.filter(({ source }) => source === "model").map(({ text }) => text);
        if (!texts.some((text) => text.endsWith("together with the other values"))) continue;
        together++;
        assert.match(texts.join(), /^temperature .* °C: far from .* values,humidity .* %: far from .* values$/);
      }
    }
    assert.ok(together > 0);
  });

  it("names the feature that is unusual, in shares that sum to at most 1", () => {
    const scorer = new AnomalyScorer(threeFeatures());
    const verdict = scorer.score({ f0: 0, f1: -12, f2: 0.1 });
    assert.equal(verdict.reasons[0]?.feature, "f1");
    assert.equal(verdict.reasons[0]?.value, -12);
    const total = verdict.reasons.reduce((sum, reason) => sum + reason.contribution, 0);
    assert.ok(total <= 1 + 1e-9 && total > 0.8);
  });

  it("finds by the forest what no single limit can see, and credits both features", () => {
    const random = new SeededRandom(3);
    const values = new Float64Array(4000);
    for (let i = 0; i < values.length; i += 2) {
      const centre = random.uniform() < 0.5 ? -5 : 5;
      values[i] = centre + random.gaussian();
      values[i + 1] = centre + random.gaussian();
    }
    const scorer = new AnomalyScorer(trainModel({ featureNames: ["a", "b"], values }, { contamination: 0.05 }));
    const verdict = scorer.score({ a: 5, b: -5 });
    assert.ok(verdict.isAnomaly);
    assert.deepEqual(new Set(verdict.reasons.map((reason) => reason.source)), new Set(["forest"]));
    assert.deepEqual(new Set(verdict.reasons.map((reason) => reason.feature)), new Set(["a", "b"]));
  });

  it("never scores lower further out of the training range", () => {
    const model = threeFeatures();
    const feature = model.training.features[1] as AnomalyModel["training"]["features"][number];
    const limits = model.tails[1] as AnomalyModel["tails"][number];
    const scorer = new AnomalyScorer(model, { drift: false });
    const far = fc.double({ noNaN: true, min: 0, max: 1e300 });
    fc.assert(
      fc.property(far, far, fc.boolean(), fc.double({ noNaN: true, min: -5, max: 5 }), (a, b, above, other) => {
        const [near, further] = [Math.min(a, b), Math.max(a, b)];
        const at = (distance: number) => {
          const f1 = above ? feature.max + distance : feature.min - distance;
          return { f1, verdict: scorer.score({ f0: other, f1, f2: 0 }) };
        };
        const inner = at(near);
        const outer = at(further);
        assert.ok(inner.verdict.score <= outer.verdict.score);
        for (const { f1, verdict } of [inner, outer]) {
          assert.equal(verdict.isAnomaly, verdict.score >= verdict.threshold);
          if (f1 > limits.upper || f1 < limits.lower) assert.ok(verdict.isAnomaly);
        }
      }),
      { seed: 21, numRuns: 500 },
    );
  });

  it("rejects what is missing, not a number or not finite, and names it", () => {
    const scorer = new AnomalyScorer(threeFeatures());
    const complete = { f0: 0, f1: 0, f2: 0 };
    for (const missing of [undefined, null, Number.NaN]) {
      assert.throws(() => scorer.score({ ...complete, f1: missing }), rejects("SCHEMA", /no value for "f1"/));
    }
    for (const wrong of ["25", true, {}, [1], 5n, () => 1]) {
      assert.throws(() => scorer.score({ ...complete, f2: wrong }), rejects("SCHEMA", /"f2" is not a number/));
    }
    for (const infinite of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.throws(() => scorer.score({ ...complete, f0: infinite }), rejects("RANGE", /"f0" is not finite/));
    }
    for (const payload of [undefined, null, 25, "25", [25], Buffer.from("25")]) {
      assert.throws(() => scorer.score(payload), rejects("SCHEMA", /not an object/));
    }
    const inherited = Object.create({ f0: 0, f1: 0, f2: 0 });
    assert.throws(() => scorer.score(inherited), rejects("SCHEMA", /no value for "f0"/));
  });

  it("scores with the median where the model imputes, and says so", () => {
    const model = threeFeatures();
    const scorer = new AnomalyScorer(model, { missing: "impute" });
    const verdict = scorer.score({ f0: 0.1, f1: Number.NaN, f2: 0.2 });
    const median = model.training.features[1]?.median as number;
    assert.equal(verdict.score, new AnomalyScorer(model).score({ f0: 0.1, f1: median, f2: 0.2 }).score);
    assert.deepEqual(
      verdict.reasons.map(({ feature, value, contribution, source }) => ({ feature, value, contribution, source })),
      [{ feature: "f1", value: null, contribution: 0, source: "missing" }],
    );
    assert.ok(scorer.score({ f0: 50 }).reasons.some((reason) => reason.source === "tail" && reason.feature === "f0"));
    assert.throws(() => scorer.score({ humidity: 3 }), rejects("SCHEMA", /none of the model's features/));
  });

  it("takes any payload without another error than a rejection", () => {
    const scorer = new AnomalyScorer(threeFeatures(), { missing: "impute" });
    const value = fc.oneof(fc.double(), fc.anything({ withBigInt: true, withNullPrototype: true }));
    const payload = fc.oneof(fc.anything(), fc.record({ f0: value, f1: value, f2: value }, { requiredKeys: [] }));
    fc.assert(
      fc.property(payload, (input) => {
        try {
          const verdict = scorer.score(input);
          assert.ok(verdict.score >= 0 && verdict.score <= 1);
        } catch (error) {
          if (!(error instanceof Rejection)) throw error;
          assert.ok(["SCHEMA", "RANGE"].includes(error.code));
        }
      }),
      { seed: 22, numRuns: 1000 },
    );
  });
});

describe("training", () => {
  it("places the threshold so that at most the contamination's share is flagged, ties included", () => {
    const scores = Float64Array.from({ length: 1000 }, (_, i) => 0.3 + i / 4000);
    for (const contamination of [0, 0.001, 0.002, 0.05, 0.5]) {
      const threshold = thresholdOf(scores, contamination);
      assert.equal(scores.filter((score) => score >= threshold).length, contamination * 1000);
    }
    const tied = Float64Array.of(...new Array(90).fill(0.4), ...new Array(10).fill(0.6));
    assert.equal(tied.filter((score) => score >= thresholdOf(tied, 0.05)).length, 0);
    assert.equal(tied.filter((score) => score >= thresholdOf(tied, 0.1)).length, 10);
    const constant = thresholdOf(new Float64Array(64).fill(1), 0.5);
    assert.ok(constant <= 1);
  });

  it("refuses too few rows, values that do not fit and options out of range, and says why", () => {
    const rows = quietReadings(70, 1);
    const data = { featureNames: [FEATURE], values: rows };
    rows.fill(Number.NaN, 0, 7);
    assert.throws(() => trainModel(data), rejects("SCHEMA", /63 complete rows are too few.*at least 64/));
    rows[0] = 25;
    assert.equal(trainModel(data).training.dropped, 6);
    rows[1] = 1e39;
    assert.throws(() => trainModel(data), rejects("RANGE", /training row 2: "temperature_C"/));
    for (const wrong of [{ trees: 0 }, { trees: 1.5 }, { sampleSize: 1 }, { contamination: 0.6 }, { seed: -1 }]) {
      assert.throws(() => quietModel(100, 1, wrong), rejects("RANGE", new RegExp(Object.keys(wrong)[0] as string)));
    }
    assert.throws(() => quietModel(100, 1, { name: "../x" }), rejects("SCHEMA", /name/));
    assert.throws(
      () => trainModel({ featureNames: ["a", "a"], values: new Float64Array(200) }),
      rejects("SCHEMA", /"a" appears twice/),
    );
  });

  it("is determined by data, options and clock", () => {
    assert.deepEqual(quietModel(200, 5), quietModel(200, 5));
    assert.notDeepEqual(quietModel(200, 5).forest, quietModel(200, 5, { seed: 6 }).forest);
    assert.notEqual(quietModel(200, 5).training.sha256, quietModel(200, 6).training.sha256);
  });
});
