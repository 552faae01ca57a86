import assert from "node:assert/strict";
import { baselinesOf } from "../../../../lib/anomaly/classify/baselines.js";
import { classificationReport } from "../../../../lib/anomaly/classify/metrics.js";
import { CLASSES, clouds } from "./support.js";

const isAttack = [true, false, true];

describe("figures of a classifier", () => {
  it("are those worked out by hand", () => {
    //                     flood     normal       scan
    const labels = [0, 0, 0, 0, 1, 1, 1, 1, 1, 2];
    const guesses = [0, 0, 2, 1, 1, 1, 1, 1, 0, 2];
    const report = classificationReport(labels, guesses, CLASSES, isAttack);
    assert.equal(report.rows, 10);
    assert.equal(report.accuracy, 0.7);
    assert.deepEqual(
      report.classes.map(({ support, found, recall, precision }) => [support, found, recall, precision]),
      [
        [4, 2, 0.5, 2 / 3],
        [5, 4, 0.8, 0.8],
        [1, 1, 1, 0.5],
      ],
    );
    const f1 = [4 / 7, 0.8, 2 / 3];
    for (const [c, value] of f1.entries()) assert.ok(Math.abs((report.classes[c]?.f1 as number) - value) < 1e-12);
    assert.ok(Math.abs(report.macroF1 - ((f1[0] as number) + (f1[1] as number) + (f1[2] as number)) / 3) < 1e-12);
    assert.ok(Math.abs(report.weightedF1 - (4 * (4 / 7) + 5 * 0.8 + 2 / 3) / 10) < 1e-12);
    // An attack that is called another attack is detected; one of five normal rows is flagged.
    assert.equal(report.attackDetected, 4 / 5);
    assert.equal(report.normalFlagged, 1 / 5);
  });

  it("leave out classes that neither occur nor are predicted", () => {
    const report = classificationReport([0, 1], [0, 1], CLASSES, isAttack);
    assert.equal(report.macroF1, 1);
    assert.deepEqual([report.classes[2]?.recall, report.classes[2]?.precision], [null, null]);
    assert.equal(classificationReport([0], [0], CLASSES, isAttack).normalFlagged, null);
  });

  it("come with what is had for nothing: the majority and the best single column", () => {
    const [train, test] = [clouds(300, 1), clouds(300, 2)];
    const { majority, oneFeature } = baselinesOf(train, test, isAttack, 1);
    assert.equal(majority.label, "flood");
    assert.ok(Math.abs(majority.accuracy - 1 / 3) < 1e-12);
    assert.ok(oneFeature.accuracy > 0.9 && oneFeature.accuracy < 1);
    assert.ok(!["fwd_pkts_tot", "fwd_data_pkts_tot"].includes(oneFeature.feature), oneFeature.feature);
  });
});
