import assert from "node:assert/strict";
import fc from "fast-check";
import { fitClassifier } from "../../../../lib/anomaly/classify/fit.js";
import { FlowClassifier } from "../../../../lib/anomaly/classify/flow-classifier.js";
import { inventedRows, recordSelfTest } from "../../../../lib/anomaly/classify/self-test.js";
import type { ClassifierModel } from "../../../../lib/anomaly/model.js";
import { formatModel, parseModel } from "../../../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../../../lib/anomaly/scorer.js";
import { FLOW_FEATURES } from "../../../../lib/common/network.js";
import { Rejection } from "../../../../lib/common/rejection.js";
import { changedAt, hostileJson } from "../export-fixture.js";
import { clouds, fitting } from "./support.js";

function modelOf(kind: "tree" | "forest" | "knn"): ClassifierModel {
  const { model } = fitClassifier(clouds(60, 1, 4), fitting({ kind, trees: 3, distance: true }));
  const rows = model.regions ? inventedRows(model.regions, 4, 1) : [];
  return { ...model, selfTest: recordSelfTest(model, rows.slice(0, 6)) };
}

const TEXTS = (["tree", "forest", "knn"] as const).map((kind) => formatModel(modelOf(kind)));
const flow = { features: FLOW_FEATURES.map(() => 0.5) };

/** Whatever was accepted must be of use: a finite score, and a flow's name or a failed self-test that says so. */
function use(text: string | Buffer): void {
  const model = parseModel(text);
  const verdict = new AnomalyScorer(model).scoreRow(new Float64Array(model.featureNames.length).fill(0.3));
  assert.ok(verdict.score >= 0 && verdict.score <= 1, `${verdict.score}`);
  let classifier: FlowClassifier;
  try {
    classifier = new FlowClassifier(model);
  } catch (error) {
    assert.match((error as Error).message, /self-test|which no flow record has|names nothing/);
    return;
  }
  const { confidence, reasons } = classifier.classify(flow);
  assert.ok(confidence >= 0 && confidence <= 1 && reasons.length > 0);
}

function acceptedOrRejected(text: string | Buffer): boolean {
  try {
    use(text);
    return true;
  } catch (error) {
    assert.ok(error instanceof Rejection, String(error));
    return false;
  }
}

describe("files of classifiers that are trained here", () => {
  it("give the same verdicts back, bit for bit", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TEXTS),
        fc.array(fc.float({ noNaN: true, min: -9, max: 20 }), { minLength: 4, maxLength: 4 }),
        (text, row) => {
          const model = parseModel(text);
          assert.equal(formatModel(model), text);
          const again = new AnomalyScorer(parseModel(formatModel(model)));
          assert.deepEqual(
            again.scoreRow(Float64Array.from(row)),
            new AnomalyScorer(model).scoreRow(Float64Array.from(row)),
          );
        },
      ),
      { seed: 71, numRuns: 100 },
    );
  });

  it("meet hostile JSON, whole or in place of a property, with a typed rejection", () => {
    let accepted = 0;
    fc.assert(
      fc.property(hostileJson, fc.constantFrom(...TEXTS), fc.nat(30), (text, whole, place) => {
        const content = JSON.parse(whole) as Record<string, unknown>;
        const property = Object.keys(content)[place];
        const marked =
          property === undefined
            ? text
            : JSON.stringify({ ...content, [property]: "\u0000" }).replace('"\\u0000"', () => text);
        if (acceptedOrRejected(marked)) accepted++;
      }),
      { seed: 72, numRuns: 1000 },
    );
    assert.ok(accepted < 300, `${accepted} accepted`);
  });

  it("meet damage with a typed rejection, or with a model that can be used or fails its self-test", () => {
    const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    const how = fc.constantFrom("flip", "cut", "insert", "splice");
    const extra = fc.uint8Array({ minLength: 1, maxLength: 9 });
    const damage = fc
      .tuple(fc.constantFrom(...TEXTS), place, place, how, extra)
      .map(([text, first, second, kind, more]) => {
        const bytes = Buffer.from(text);
        const [at, from] = [Math.floor(first * bytes.length), Math.floor(second * bytes.length)];
        if (kind === "cut") return bytes.subarray(0, at);
        if (kind === "insert") return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
        if (kind === "splice") {
          return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + 30), bytes.subarray(at)]);
        }
        bytes[at] = (bytes[at] as number) ^ ((more[0] as number) || 1);
        return bytes;
      });
    let accepted = 0;
    fc.assert(
      fc.property(damage, (bytes) => {
        if (acceptedOrRejected(bytes)) accepted++;
      }),
      { seed: 73, numRuns: 1000 },
    );
    assert.ok(accepted < 500, `${accepted} accepted`);
  });

  it("name what is wrong", () => {
    const [tree, , knn] = TEXTS.map((text) => JSON.parse(text)) as [
      Record<string, unknown>,
      unknown,
      Record<string, unknown>,
    ];
    const cases: [Record<string, unknown>, string, unknown, RegExp][] = [
      [tree, "distance.mean", [1], /^distance\.mean has 1 entries, not 4/],
      [tree, "distance.scale", null, /^distance has no centre or no scales/],
      [tree, "regions.limit", 5, /^regions\.limit is outside/],
      [tree, "regions.low[0]", 1e30, /^regions\.low\[0\] is above its high/],
      [tree, "regions.high", [1], /^regions\.high has 1 entries/],
      [tree, "selfTest.rows", [], /^selfTest\.rows has 0 entries/],
      [tree, "selfTest.labels[0]", 3, /^selfTest\.labels\[0\] is outside/],
      [tree, "selfTest.probabilities[0]", [1, 0], /^selfTest\.probabilities\[0\] has 2 entries, not 3/],
      [tree, "surprise", 1, /property we do not know/],
      [knn, "k", 61, /^k is outside/],
      [knn, "rows[3]", [0, 1], /^rows\[3\] has 2 entries, not 6/],
      [knn, "rows[3][0]", 3, /^rows\[3\]\[0\] is outside/],
      [knn, "scaler.mean", [0, 0, 0, 0], /^scaler\.mean has 4 entries, not 5/],
    ];
    for (const [content, path, value, reason] of cases) {
      assert.throws(
        () => parseModel(JSON.stringify(changedAt(content, path, value))),
        (error) => error instanceof Rejection && reason.test(error.reason),
        path,
      );
    }
  });
});
