import assert from "node:assert/strict";
import fc from "fast-check";
import { detectorOf } from "../../../lib/anomaly/detector-of.js";
import { type EnsembleRule, erf, majorityOf, unifiedScore } from "../../../lib/anomaly/ensemble.js";
import { importModel } from "../../../lib/anomaly/import/import-model.js";
import type { Model } from "../../../lib/anomaly/model.js";
import { formatModel, parseModel } from "../../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import { featuresOf, trainEnsemble } from "../../../lib/anomaly/train-ensemble.js";
import { trainOneClassSvm } from "../../../lib/anomaly/train-one-class-svm.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { changedAt, randomExport } from "./export-fixture.js";
import { gaussianRows, names, rowsOf } from "./support.js";

const DATA = { featureNames: names(3), values: gaussianRows(600, 3, 1) };
const forest = trainModel(DATA, { now: 0, name: "forest" });
const machine = trainOneClassSvm(DATA, { now: 0, name: "machine" }).model;
const trees = importModel(JSON.stringify(randomExport("random-forest", 4).content), { now: 0, name: "trees" }).model;
const MEMBERS: Model[] = [forest, machine, trees];

const combine = (rule: EnsembleRule, members = MEMBERS, contamination = 0.01) =>
  trainEnsemble(members, DATA, { rule, contamination, name: "all", now: 0 });

const PROBES = [
  ...rowsOf(DATA.values, 3).slice(0, 50),
  ...rowsOf(
    gaussianRows(50, 3, 2).map((x) => 3 * x),
    3,
  ),
];

describe("ensembles", () => {
  it("has the error function of the tables", () => {
    // Abramowitz, Stegun, table 7.1.
    const table = [
      [0, 0],
      [0.1, 0.112462916],
      [0.5, 0.5204998778],
      [1, 0.8427007929],
      [2, 0.995322265],
    ] as const;
    for (const [x, value] of table) {
      assert.ok(Math.abs(erf(x) - value) < 1e-10, `${x}`);
      assert.equal(erf(-x), -erf(x));
    }
    assert.ok(Math.abs(1 - erf(3) - 2.209049699858544e-5) < 1e-15);
    assert.equal(erf(7), 1);
  });

  it("brings scores to one scale: 0 up to the mean of ordinary rows, rising towards 1", () => {
    const calibration = { mean: 0.4, sd: 0.05 };
    assert.equal(unifiedScore(0.39, calibration), 0);
    assert.ok(Math.abs(unifiedScore(0.45, calibration) - 0.6826894921370859) < 1e-12);
    assert.ok(Math.abs(unifiedScore(0.5, calibration) - 0.9544997361036416) < 1e-12);
    assert.equal(unifiedScore(0.5, { mean: 0.5, sd: 0 }), 0);
    assert.equal(unifiedScore(0.6, { mean: 0.5, sd: 0 }), 1);
  });

  it("averages, or takes the highest of, what the members say on that scale", () => {
    for (const rule of ["mean", "max"] as const) {
      const model = combine(rule);
      const detector = detectorOf(model);
      for (const row of PROBES) {
        const shares = model.ensemble.members.map(({ model: member, calibration }) =>
          unifiedScore(detectorOf(member).judge(row).score, calibration as { mean: number; sd: number }),
        );
        const expected = rule === "max" ? Math.max(...shares) : shares.reduce((sum, share) => sum + share) / 3;
        const { score, isAnomaly } = detector.judge(row);
        assert.ok(Math.abs(score - expected) < 1e-15);
        assert.equal(isAnomaly, score >= model.ensemble.threshold);
      }
      const flagged = rowsOf(DATA.values, 3).filter((row) => detector.judge(row).isAnomaly).length;
      assert.ok(flagged <= 6, `${rule} flags ${flagged} of 600 at 1 %`);
    }
  });

  it("counts votes under majority, and needs no rows for it", () => {
    const model = trainEnsemble(MEMBERS, undefined, { rule: "majority", now: 0 });
    assert.equal(model.training, null);
    assert.equal(model.ensemble.threshold, 2 / 3);
    assert.deepEqual([2, 3, 4, 5].map(majorityOf), [1, 2 / 3, 3 / 4, 3 / 5]);
    const detector = detectorOf(model);
    let mixed = 0;
    for (const row of PROBES) {
      const votes = MEMBERS.filter((member) => detectorOf(member).judge(row).isAnomaly).length;
      if (votes === 1 || votes === 2) mixed++;
      assert.deepEqual([detector.judge(row).score, detector.judge(row).isAnomaly], [votes / 3, votes >= 2]);
    }
    assert.ok(mixed > 10);
  });

  it("gives every member its own features, out of a row with those of all", () => {
    const narrow = trainModel({ featureNames: ["f2"], values: gaussianRows(200, 1, 5) }, { now: 0, name: "narrow" });
    const other = trainModel({ featureNames: ["g", "f2"], values: gaussianRows(200, 2, 6) }, { now: 0, name: "other" });
    assert.deepEqual(featuresOf([narrow, other]), ["f2", "g"]);
    const data = { featureNames: ["f2", "g"], values: gaussianRows(200, 2, 7) };
    const model = trainEnsemble([narrow, other], data, { rule: "max", contamination: 0.05, now: 0 });
    const scorer = new AnomalyScorer(parseModel(formatModel(model)), { guards: false });
    assert.ok(!scorer.score({ f2: 0, g: 0 }).isAnomaly);
    const verdict = scorer.score({ f2: 0.1, g: 9 });
    assert.ok(verdict.isAnomaly);
    assert.equal(verdict.reasons[0]?.feature, "g");
    assert.match(verdict.reasons[0]?.text ?? "", /^g 9: unusual together, as \d of 2 models say$/);
  });

  it("finds with all members what each finds, and guards the range of the rows it was calibrated on", () => {
    const scorer = new AnomalyScorer(combine("mean"));
    const far = scorer.score({ f0: 50, f1: 0, f2: 0 });
    assert.ok(far.isAnomaly && far.reasons.some(({ source }) => source === "tail"));
    assert.ok(!scorer.score({ f0: 0, f1: 0, f2: 0 }, "other").isAnomaly);
  });

  it("comes back from its file the same, members and all", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("mean" as const, "max" as const, "majority" as const),
        fc.shuffledSubarray(MEMBERS, { minLength: 2 }),
        (rule, members) => {
          const model = combine(rule, members);
          const text = formatModel(model);
          const again = parseModel(text);
          assert.equal(formatModel(again), text);
          const [before, after] = [new AnomalyScorer(model), new AnomalyScorer(again)];
          for (const row of PROBES.slice(40, 60)) assert.deepEqual(after.scoreRow(row), before.scoreRow(row));
        },
      ),
      { seed: 61, numRuns: 12 },
    );
  });

  it("names what is wrong with its file", () => {
    const content = JSON.parse(formatModel(combine("mean")));
    const majority = JSON.parse(formatModel(combine("majority")));
    const cases: [Record<string, unknown>, string, unknown, RegExp][] = [
      [content, "rule", "median", /^rule is none of mean, max, majority/],
      [content, "members", [], /^members has 0 entries, not 2 to 50/],
      [content, "members[1].model.kind", "ensemble", /^members\[1\]\.model\.kind is none that we know/],
      [content, "members[0].model.threshold", 2, /^members\[0\]\.model\.threshold/],
      [content, "members[0].model.trees[0].feature[0]", 9, /^members\[0\]\.model\.trees\[0\]\.feature\[0\]/],
      [content, "members[1].model.version", 7, /^members\[1\]\.model has a format version/],
      [content, "members[0].calibration", null, /^members\[0\]\.calibration is not an object/],
      [content, "members[0].calibration.sd", -1, /^members\[0\]\.calibration\.sd/],
      [content, "featureNames", ["f0", "f1", "other"], /^featureNames lacks "f2" of members\[0\]/],
      [content, "tails", null, /^tails is not a list/],
      [majority, "threshold", 0.5, /^threshold is not a majority of 3 members/],
      [majority, "members[0].calibration", { mean: 0, sd: 1 }, /^members\[0\]\.calibration is there/],
    ];
    for (const [model, path, value, reason] of cases) {
      assert.throws(
        () => parseModel(JSON.stringify(changedAt(model, path, value))),
        (error) => error instanceof Rejection && reason.test(error.reason),
        path,
      );
    }
  });

  it("refuses members, rows and options that do not fit", () => {
    const wrong: [() => unknown, RegExp][] = [
      [() => combine("mean", [forest]), /2 to 50 models, not 1/],
      [() => combine("mean", [forest, combine("max")]), /all is an ensemble itself/],
      [() => trainEnsemble(MEMBERS, undefined, { rule: "max" }), /the rule max needs ordinary rows/],
      [() => combine("mean", MEMBERS, 0.7), /contamination/],
      [
        () => trainEnsemble(MEMBERS, { featureNames: ["f0"], values: gaussianRows(99, 1, 1) }, { rule: "mean" }),
        /the rows must have the features f0, f1, f2/,
      ],
    ];
    for (const [work, reason] of wrong) {
      assert.throws(work, (error) => error instanceof Rejection && reason.test(error.reason));
    }
  });
});
