import assert from "node:assert/strict";
import { RT_IOT2022_NORMAL, trainClassifier } from "../../lib/anomaly/classify/train-classifier.js";
import {
  ACCURACY_TOLERANCE,
  apart,
  type Comparison,
  compareWithSklearn,
  comparisonLine,
  distinctFlows,
  MACRO_F1_TOLERANCE,
  thinned,
} from "../support/ids-training.js";
import type { Drill } from "./drill.js";

const SPLITS = 5;
const REDUCED_SPLITS = 1;
const TREES = 100;
const REDUCED_ROWS_PER_CLASS = 900;
/** A device that a forest was not trained on; the reference says that its flows are called attacks. */
const DEVICE = "MQTT_Publish";

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means over the splits: on one of them the one or two test rows of the rarest class can move the macro-F1 by 0.05. */
function checkMeans(comparisons: readonly Comparison[]): string {
  const of = (read: (comparison: Comparison) => number) => mean(comparisons.map(read));
  const accuracy = of((comparison) => apart(comparison).accuracy);
  const macroF1 = of((comparison) => apart(comparison).macroF1);
  const kind = comparisons[0]?.kind as string;
  assert.ok(accuracy >= -ACCURACY_TOLERANCE, `${kind}: accuracy ${accuracy} apart`);
  assert.ok(macroF1 >= -MACRO_F1_TOLERANCE, `${kind}: macro-F1 ${macroF1} apart`);
  const ours = `${(100 * of(({ ours: report }) => report.accuracy)).toFixed(2)} % / ${of(({ ours: report }) => report.macroF1).toFixed(4)}`;
  const theirs = `${(100 * of(({ theirs: report }) => report.accuracy)).toFixed(2)} % / ${of(({ theirs: report }) => report.macroF1).toFixed(4)}`;
  return `${kind} ${ours} (scikit-learn ${theirs})`;
}

export const idsTraining: Drill = {
  name: "ids-training",
  summary: `train tree, forest and k-NN on ${SPLITS} (${REDUCED_SPLITS}) splits of RT-IoT2022 beside scikit-learn; a device left out is called an attack`,
  async run({ reduced, seed, progress }) {
    const whole = await distinctFlows();
    const set = reduced ? thinned(whole, REDUCED_ROWS_PER_CLASS) : whole;
    const comparisons: Comparison[] = [];
    for (let i = 0; i < (reduced ? REDUCED_SPLITS : SPLITS); i++) {
      for (const comparison of compareWithSklearn(set, seed + i, TREES)) {
        progress(`seed ${seed + i}: ${comparisonLine(comparison)}`);
        assert.equal(comparison.importedFlips, 0, `imported ${comparison.kind}`);
        assert.equal(comparison.knnFlips, 0, "k-NN");
        comparisons.push(comparison);
      }
    }
    const means = ["tree", "forest", "knn"].map((kind) => checkMeans(comparisons.filter((one) => one.kind === kind)));
    const { report } = trainClassifier(set, {
      ...{ kind: "tree", name: "drill", seed, trees: TREES, now: 0, normal: RT_IOT2022_NORMAL, k: 5, limits: {} },
      ...{ distance: false, keepDuplicates: false, split: "stratified", testShare: 0.3, leaveOneOut: true },
    });
    assert.ok(report.heldOut.macroF1 > report.baselines.oneFeature.macroF1);
    assert.ok(report.heldOut.accuracy > report.baselines.majority.accuracy);
    const leftOut = report.leaveOneOut?.find(({ name }) => name === DEVICE);
    assert.ok(leftOut && leftOut.calledAttack > 0.2, `${DEVICE} left out: ${leftOut?.calledAttack}`);
    return `${set.labels.length} rows; ${means.join("; ")}; ${DEVICE} left out of a tree: ${(100 * leftOut.calledAttack).toFixed(1)} % called attacks`;
  },
};
