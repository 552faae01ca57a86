import assert from "node:assert/strict";
import fc from "fast-check";
import type { ClassifierKind } from "../../../../lib/anomaly/classify/fit.js";
import { FlowClassifier, MAX_ALERT_FLOWS, UNKNOWN } from "../../../../lib/anomaly/classify/flow-classifier.js";
import { trainClassifier } from "../../../../lib/anomaly/classify/train-classifier.js";
import { importModel } from "../../../../lib/anomaly/import/import-model.js";
import type { ClassifierModel } from "../../../../lib/anomaly/model.js";
import { trainModel } from "../../../../lib/anomaly/train.js";
import { FLOW_FEATURES } from "../../../../lib/common/network.js";
import { Rejection } from "../../../../lib/common/rejection.js";
import { randomExport } from "../export-fixture.js";
import { gaussianRows } from "../support.js";
import { clouds, fitting } from "./support.js";

/** Flood lies at 0, normal at 4, scan at 8; feature 1 is always 7, feature 2 runs to 3 times the class. */
function trained(kind: ClassifierKind = "forest"): ClassifierModel {
  const options = { ...fitting({ kind, trees: 20 }), split: "stratified" as const, testShare: 0.3, leaveOneOut: false };
  return trainClassifier(clouds(300, 1), options).model;
}

const flowAt = (place: number, change: Record<number, number> = {}) => {
  const values = [place, 7, Math.round((place * 3) / 4), 0, place, place];
  const features: number[] = FLOW_FEATURES.map((_, f) => change[f] ?? values[f] ?? 0);
  return { id: "f1", end: "closed", features };
};

function refusal(work: () => unknown): Rejection {
  try {
    work();
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("names for flows", () => {
  const classifier = new FlowClassifier(trained());

  it("are the classes, with votes, source and reasons in words", () => {
    const named = classifier.classify(flowAt(8));
    assert.deepEqual([named.label, named.isAttack, named.source], ["scan", true, "m@1"]);
    assert.ok(named.confidence > 0.9 && named.confidence <= 1);
    assert.match(named.reasons[0] as string, /^\d+ % of the votes of 20 trees are for scan$/);
    assert.match(named.reasons[1] as string, /^[a-z_.]+ [\d.]+ speaks for it \(\d+ %\)$/);
    const normal = classifier.classify(flowAt(4));
    assert.deepEqual([normal.label, normal.isAttack], ["normal", false]);
    assert.equal(classifier.testedRows, 48);
    assert.deepEqual(classifier.classes, ["flood", "normal", "scan"]);
  });

  it("say with neighbours and with one tree who spoke", () => {
    const knn = new FlowClassifier(trained("knn")).classify(flowAt(8));
    assert.equal(knn.label, "scan");
    assert.match(knn.reasons[0] as string, /^5 of the 5 nearest training flows are scan, the nearest at a distance of/);
    const tree = new FlowClassifier(trained("tree")).classify(flowAt(0));
    assert.equal(tree.label, "flood");
    assert.match(tree.reasons[0] as string, /^100 % of the training flows in its leaf are flood$/);
  });

  it("are withheld far outside of the training flows, saying where", () => {
    const far = classifier.classify(flowAt(8, { 1: 900, 3: -400, 4: 1e6, 5: 1e6, 0: 1e6, 2: -1e6 }));
    assert.deepEqual([far.label, far.isAttack], [UNKNOWN, false]);
    assert.ok(far.confidence <= 0.5);
    assert.match(far.reasons[0] as string, /^it lies outside of the training flows next to it in 6 of 6 features$/);
    assert.match(far.reasons[1] as string, /, where those had .* to /);
    assert.match(far.reasons.at(-1) as string, /^otherwise: .* of the votes/);
  });

  it("are withheld where few vote for them, and given where nothing is asked", () => {
    const between = flowAt(2);
    const strict = new FlowClassifier(trained(), { leastConfidence: 1 });
    const unsure = strict.classify(between);
    assert.equal(unsure.label, UNKNOWN);
    assert.match(unsure.reasons[0] as string, /100 % are asked for$/);
    assert.notEqual(new FlowClassifier(trained(), { leastConfidence: 0 }).classify(flowAt(4)).label, UNKNOWN);
  });

  it("come with a warning for a flow that goes on", () => {
    const reasons = classifier.classify({ ...flowAt(4), end: "interim" }).reasons;
    assert.match(reasons.at(-1) as string, /the flow goes on: the model knows finished ones/);
  });

  it("are refused for what is no flow record", () => {
    const of = (flow: unknown) => refusal(() => classifier.classify(flow));
    for (const flow of [undefined, null, 5, "flow", [], Buffer.from("x")]) assert.equal(of(flow).code, "SCHEMA");
    assert.match(of({}).reason, /features is not a list/);
    assert.match(of({ features: [1, 2] }).reason, /has 2 entries, not 79/);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e39]) {
      const found = of(flowAt(4, { 70: value }));
      assert.equal(found.code, "RANGE");
      assert.match(found.reason, /^active\.min|^active|^bwd|^fwd|^idle/);
    }
    assert.match(of({ features: FLOW_FEATURES.map(() => "1") }).reason, /flow_duration of msg\.flow is not a number/);
  });

  it("meet anything as a flow with a typed rejection or a name", () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(null, "1", Number.POSITIVE_INFINITY, {}), fc.integer());
    const features = fc.oneof(fc.array(value), fc.array(fc.double(), { minLength: 79, maxLength: 79 }));
    const anything = fc.oneof(fc.anything(), fc.record({ features }), fc.record({ features: fc.anything() }));
    fc.assert(
      fc.property(anything, (flow) => {
        try {
          const { label, confidence } = classifier.classify(flow);
          assert.ok([...classifier.classes, UNKNOWN].includes(label) && confidence >= 0 && confidence <= 1);
        } catch (error) {
          assert.ok(error instanceof Rejection, String(error));
        }
      }),
      { seed: 74, numRuns: 1000 },
    );
  });

  it("are summed up for the flows of an alert", () => {
    const flows = [flowAt(8), flowAt(8), flowAt(0)];
    const name = classifier.nameOf(flows);
    assert.deepEqual([name.label, name.model], ["scan", "m@1"]);
    assert.ok(name.confidence > 0.5 && name.confidence < 0.7, "two of three");
    assert.equal(classifier.nameOf([{}, flowAt(0)]).label, "flood");
    const many = [flowAt(0), flowAt(0), ...Array.from({ length: MAX_ALERT_FLOWS }, () => flowAt(8))];
    assert.ok(classifier.nameOf(many).confidence > 0.9);
    assert.equal(refusal(() => classifier.nameOf([])).code, "SCHEMA");
    assert.equal(refusal(() => classifier.nameOf([flowAt(Number.NaN)])).code, "RANGE");
  });
});

describe("models that cannot name flows", () => {
  it("say why: another kind, other features, no self-test or a failed one", () => {
    const forest = trainModel({ featureNames: ["a"], values: gaussianRows(80, 1, 1) }, { trees: 3 });
    assert.throws(() => new FlowClassifier(forest), /of the kind isolation-forest, which names nothing/);
    const imported = importModel(JSON.stringify(randomExport("random-forest", 4).content)).model;
    assert.throws(() => new FlowClassifier(imported), /the model needs "f0", which no flow record has/);
    const { selfTest, ...untested } = trained("tree");
    assert.ok(selfTest);
    assert.throws(() => new FlowClassifier(untested), /no self-test: train or import the model again/);
    const labels = selfTest.labels.map((label, i) => (i === 3 ? (label + 1) % 3 : label));
    assert.throws(
      () => new FlowClassifier({ ...untested, selfTest: { ...selfTest, labels } }),
      /self-test row 3 is called/,
    );
    const probabilities = selfTest.probabilities.map((shares) => shares.map((share) => share / 2));
    const halved = { ...untested, selfTest: { ...selfTest, probabilities } };
    assert.throws(() => new FlowClassifier(halved), /self-test row 0 is .* with probability 1, not 0\.5/);
  });

  it("are noticed when a threshold was changed", () => {
    const model = trained("tree");
    if (model.kind === "k-nearest-neighbours") throw new Error("not a tree");
    const [tree] = model.trees.trees;
    if (!tree) throw new Error("no tree");
    const threshold = tree.threshold.map((value) => value + 3);
    const changed = { ...model, trees: { ...model.trees, trees: [{ ...tree, threshold }] } };
    assert.throws(() => new FlowClassifier(changed), /self-test row \d+ is called/);
  });

  it("an imported model is tried on the rows of its export, and is unknown outside of its training rows", () => {
    const { content } = randomExport("random-forest", 4);
    const names = FLOW_FEATURES.slice(0, 3);
    const { model } = importModel(JSON.stringify({ ...content, feature_names: names }));
    const classifier = new FlowClassifier(model, { leastConfidence: 0 });
    assert.equal(classifier.testedRows, 10);
    assert.notEqual(classifier.classify({ features: FLOW_FEATURES.map(() => 0) }).label, UNKNOWN);
    assert.equal(classifier.classify({ features: FLOW_FEATURES.map(() => 1e6) }).label, UNKNOWN);
  });
});
