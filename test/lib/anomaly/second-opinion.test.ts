import assert from "node:assert/strict";
import fc from "fast-check";
import { AnomalyScorer, type Judgement } from "../../../lib/anomaly/scorer.js";
import { AGREEMENTS, secondOpinion } from "../../../lib/anomaly/second-opinion.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import { trainOneClassSvm } from "../../../lib/anomaly/train-one-class-svm.js";
import type { AnomalyReason } from "../../../lib/common/message.js";
import { gaussianRows, names } from "./support.js";

function judgement(own: number, guards: number, threshold: number, name = "m@1"): Judgement {
  const score = Math.max(own, guards);
  const isAnomaly = score >= threshold;
  const reason = (source: AnomalyReason["source"], contribution: number): AnomalyReason => ({
    ...{ feature: "f0", value: 1, contribution, source, text: `${name}: ${source}` },
  });
  const speaking = [
    ...(guards >= threshold ? [reason("tail", 0.5)] : []),
    ...(own >= threshold ? [reason("model", 0.5)] : []),
  ];
  return {
    verdict: { score, isAnomaly, threshold, model: name, reasons: speaking },
    own: { score: own, isAnomaly: own >= threshold },
    guards: { score: guards, isAnomaly: guards >= threshold },
  };
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
const threshold = fc.double({ min: 0.05, max: 1, noNaN: true });

describe("second opinion", () => {
  it("lets a guard of either model decide alone", () => {
    for (const agreement of AGREEMENTS) {
      for (const [a, b] of [
        [judgement(0.1, 0.9, 0.6), judgement(0.1, 0, 0.5)],
        [judgement(0.1, 0, 0.6), judgement(0.1, 0.7, 0.5)],
      ] as const) {
        const verdict = secondOpinion(a, b, agreement);
        assert.equal(verdict.isAnomaly, true);
        assert.deepEqual(
          verdict.reasons.map(({ source }) => source),
          ["tail"],
        );
      }
    }
  });

  it("needs both models, or one, to find a reading unusual", () => {
    const quiet = judgement(0.2, 0, 0.5, "b@1");
    const loud = judgement(0.7, 0, 0.6, "a@2");
    const both = secondOpinion(loud, quiet, "both");
    assert.deepEqual([both.isAnomaly, both.reasons, both.model], [false, [], "a@2 + b@1"]);
    assert.equal(secondOpinion(loud, quiet).isAnomaly, false);
    const either = secondOpinion(quiet, loud, "either");
    assert.deepEqual([either.isAnomaly, either.reasons.length, either.model], [true, 1, "b@1 + a@2"]);
    assert.equal(secondOpinion(loud, judgement(0.5, 0, 0.5), "both").isAnomaly, true);
    assert.equal(secondOpinion(judgement(1, 0, 1), judgement(1, 0, 1), "both").score, 1);
  });

  it("flags exactly as its rule says, with a score in 0..1 that is at least its threshold exactly then", () => {
    fc.assert(
      fc.property(share, share, threshold, share, share, threshold, (ownA, guardA, tA, ownB, guardB, tB) => {
        const a = judgement(ownA, guardA, tA);
        const b = judgement(ownB, guardB, tB);
        const isGuarded = a.guards.isAnomaly || b.guards.isAnomaly;
        const expected = {
          both: isGuarded || (a.own.isAnomaly && b.own.isAnomaly),
          either: isGuarded || a.own.isAnomaly || b.own.isAnomaly,
        };
        for (const agreement of AGREEMENTS) {
          const { score, isAnomaly, reasons, threshold: cut } = secondOpinion(a, b, agreement);
          assert.equal(isAnomaly, expected[agreement]);
          assert.equal(isAnomaly, score >= cut);
          assert.ok(score >= 0 && score <= 1);
          assert.ok(reasons.reduce((sum, { contribution }) => sum + contribution, 0) <= 1 + 1e-9);
          assert.equal(reasons.length > 0, isAnomaly);
        }
      }),
      { seed: 61, numRuns: 2000 },
    );
  });

  it("never falls as any of its parts rises", () => {
    fc.assert(
      fc.property(
        fc.array(share, { minLength: 4, maxLength: 4 }),
        share,
        fc.nat({ max: 3 }),
        threshold,
        threshold,
        (parts, rise, which, tA, tB) => {
          const [ownA, guardA, ownB, guardB] = parts as [number, number, number, number];
          const more = parts.map((part, i) => (i === which ? Math.max(part, rise) : part)) as typeof parts;
          for (const agreement of AGREEMENTS) {
            const low = secondOpinion(judgement(ownA, guardA, tA), judgement(ownB, guardB, tB), agreement).score;
            const [a, b, c, d] = more as [number, number, number, number];
            assert.ok(secondOpinion(judgement(a, b, tA), judgement(c, d, tB), agreement).score >= low);
          }
        },
      ),
      { seed: 62, numRuns: 2000 },
    );
  });

  it("says once what both models' guards say, and each model's own words", () => {
    const values = gaussianRows(1000, 2, 7);
    const data = { featureNames: names(2), values };
    const forest = new AnomalyScorer(trainModel(data, { contamination: 0.05 }));
    const machine = new AnomalyScorer(trainOneClassSvm(data, { name: "svm" }).model, { missing: "impute" });
    const judge = (f0: number, f1: number) =>
      [forest, machine].map((scorer) => scorer.judgeRow(Float64Array.of(f0, f1))) as [Judgement, Judgement];
    const far = secondOpinion(...judge(9, 0));
    assert.equal(far.reasons.filter(({ source, feature }) => source === "tail" && feature === "f0").length, 1);
    const [tail] = far.reasons;
    const alone = judge(9, 0).map(({ verdict }) => verdict.reasons[0]?.contribution as number);
    assert.ok(Math.abs((tail?.contribution as number) - ((alone[0] as number) + (alone[1] as number)) / 2) < 1e-12);
    const rare = secondOpinion(...judge(3.1, -3.1), "either");
    assert.ok(rare.isAnomaly);
    const quiet = machine.judgeRow(Float64Array.of(0, Number.NaN));
    const filled = secondOpinion(forest.judgeRow(Float64Array.of(0, 0)), quiet);
    assert.deepEqual([filled.isAnomaly, filled.reasons.map(({ source }) => source)], [false, ["missing"]]);
  });
});
