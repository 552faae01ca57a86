import assert from "node:assert/strict";
import { CLASSIFIER_KINDS } from "../../../../lib/anomaly/classify/fit.js";
import { pickRows, rowCount } from "../../../../lib/anomaly/classify/flow-set.js";
import { reportText } from "../../../../lib/anomaly/classify/report-text.js";
import { runSelfTest } from "../../../../lib/anomaly/classify/self-test.js";
import { type TrainClassifierOptions, trainClassifier } from "../../../../lib/anomaly/classify/train-classifier.js";
import { trainClassifierInWorker } from "../../../../lib/anomaly/classify/train-in-worker.js";
import { formatModel, parseModel } from "../../../../lib/anomaly/model-file.js";
import { clouds, fitting } from "./support.js";

const options = (change: Partial<TrainClassifierOptions> = {}): TrainClassifierOptions => ({
  ...fitting(),
  ...{ split: "stratified", testShare: 0.3, leaveOneOut: true },
  ...change,
});

describe("training a classifier of flows", () => {
  const set = clouds(300, 1);

  for (const kind of CLASSIFIER_KINDS) {
    it(`gives a ${kind} that passes its self-test, is the same again and survives its file`, () => {
      const steps: number[] = [];
      const change = { kind, distance: true, leaveOneOut: false };
      const { model, report } = trainClassifier(set, options(change), (done, total) => steps.push(done / total));
      assert.ok(report.heldOut.accuracy > 0.9, `${report.heldOut.accuracy}`);
      assert.equal(runSelfTest(model), 48);
      assert.equal(steps.at(-1), 1);
      const text = formatModel(model);
      assert.equal(formatModel(trainClassifier(set, options(change)).model), text);
      const again = parseModel(text);
      assert.equal(formatModel(again), text);
      assert.ok("classes" in again && runSelfTest(again) === 48);
      assert.equal(model.training?.rows, 300);
    });
  }

  it("tells what happens to a class that it was not trained on, and what the figures do not mean", () => {
    const { report } = trainClassifier(set, options());
    assert.deepEqual(
      report.leaveOneOut?.map(({ name, rows }) => [name, rows]),
      [
        ["flood", 100],
        ["normal", 100],
        ["scan", 100],
      ],
    );
    for (const left of report.leaveOneOut ?? []) {
      assert.notEqual(left.mostly.label, left.name);
      assert.ok(left.calledAttackKnown <= left.calledAttack);
    }
    // The clouds lie on a line, normal in the middle: whoever is left out, an attack remains on either side.
    assert.equal(report.leaveOneOut?.[1]?.calledAttack, 1);
    const text = reportText(report);
    assert.match(text, /\| normal \| normal \| 100 \| 100\.0 % /);
    assert.match(text, /always flood \| 33\.33 %/);
    assert.match(text, /do not say how the model does on another network/);
    assert.match(text, /100\.0 % of the flows of normal, when that class is left out/);
    assert.match(text, /must never block anything by itself/);
    assert.match(reportText({ ...report, leaveOneOut: [] }), /Without the leave-one-class-out table nothing is said/);
  });

  it("trains and tests on distinct rows, unless told otherwise, and then says what that means", () => {
    const twice = pickRows(set, [...set.labels.keys(), ...set.labels.keys()]);
    const alone = trainClassifier(twice, options({ leaveOneOut: false })).report;
    assert.deepEqual([alone.data.rows, alone.data.used, alone.data.duplicates], [600, 300, 300]);
    assert.equal(alone.split.twins, 0);
    const grouped = trainClassifier(twice, options({ leaveOneOut: false, keepDuplicates: true })).report;
    assert.deepEqual([grouped.data.used, grouped.split.twins], [600, 0]);
    const blocked = options({ leaveOneOut: false, keepDuplicates: true, split: "blocked" });
    const leaking = trainClassifier(twice, blocked).report;
    assert.ok(leaking.split.twins > 100);
    assert.match(reportText(leaking), /are equal to a training row: those were learned by heart/);
  });

  it("tests with no row that is equal to a training row in the chosen columns", () => {
    const [, , rounded] = set.featureNames as [string, string, string];
    const recipe = { features: 1, maxCorrelation: 1, always: [rounded] };
    const { report, model } = trainClassifier(set, options({ recipe, leaveOneOut: false }));
    assert.deepEqual(model.featureNames, [rounded]);
    assert.ok(report.split.leftOut > 0 && report.split.test + report.split.leftOut === 90);
    assert.ok((model.training?.rows as number) < 40, "distinct rows of whole numbers");
    assert.match(reportText(report), /mutual information, nats/);
  });

  it("refuses what cannot be trained on, naming it", () => {
    const few = pickRows(set, [0, 1, 2]);
    const refused =
      (change: Partial<TrainClassifierOptions>, rows = set) =>
      () =>
        trainClassifier(rows, options(change));
    assert.throws(refused({}, few), /3 rows are too few/);
    assert.throws(
      refused({ normal: ["quiet"] }),
      /flood, normal, scan some must be normal and some not: "quiet" is not/,
    );
    assert.throws(refused({ normal: set.classes }), /all of one of the two/);
    assert.throws(refused({ name: "a b" }), /identifier/);
    assert.throws(refused({ trees: 0 }), /trees must be a whole number from 1/);
    assert.throws(refused({ k: 1.5 }), /k must be/);
    assert.throws(refused({ testShare: 1 }), /test share/);
    assert.throws(refused({ limits: { maxDepth: 0 } }), /max-depth/);
    assert.throws(
      refused(
        {},
        pickRows(
          set,
          [...set.labels.keys()].filter((row) => set.labels[row] === 0),
        ),
      ),
      /normal/,
    );
  });

  it("works the same in a thread, passes refusals on, and can be ended", async () => {
    const job = { set, options: options({ leaveOneOut: false }) };
    let told = 0;
    const { model } = await trainClassifierInWorker(job, () => told++);
    assert.equal(formatModel(model), formatModel(trainClassifier(set, job.options).model));
    assert.ok(told > 0);
    await assert.rejects(trainClassifierInWorker({ set, options: options({ trees: 0 }) }), /trees must be/);
    const stop = new AbortController();
    const ended = trainClassifierInWorker(job, undefined, stop.signal);
    stop.abort(new Error("enough"));
    await assert.rejects(ended, /enough/);
    await assert.rejects(trainClassifierInWorker(job, undefined, stop.signal), /enough/);
  });

  it("keeps most rows of the training's kind known", () => {
    const { report } = trainClassifier(set, options({ kind: "forest", leaveOneOut: false }));
    assert.ok(report.heldOutUnknown < 0.2, `${report.heldOutUnknown}`);
    assert.equal(rowCount(set), 300);
  });
});
