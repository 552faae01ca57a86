import assert from "node:assert/strict";
import fc from "fast-check";
import { neighbour } from "../../../lib/anomaly/detector.js";
import { anomalyClassesOf } from "../../../lib/anomaly/import/anomaly-classes.js";
import { importModel } from "../../../lib/anomaly/import/import-model.js";
import type { Model } from "../../../lib/anomaly/model.js";
import { formatModel, parseModel } from "../../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { changedAt, EXPORT_KINDS, type ExportKind, hostileJson, randomExport } from "./export-fixture.js";
import { names } from "./support.js";

const read = (content: unknown) => importModel(JSON.stringify(content), { now: 0 });

function rejection(work: () => unknown): Rejection {
  try {
    work();
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

/** Whatever was accepted must be of use: a number between 0 and 1, and a file that reads the same. */
function use(model: Model): void {
  const verdict = new AnomalyScorer(model).scoreRow(new Float64Array(model.featureNames.length).fill(0.3));
  assert.ok(verdict.score >= 0 && verdict.score <= 1);
  assert.equal(verdict.isAnomaly, verdict.score >= verdict.threshold);
  const text = formatModel(model);
  assert.equal(formatModel(parseModel(text)), text);
}

function acceptedOrRejected(work: () => Model): boolean {
  try {
    use(work());
    return true;
  } catch (error) {
    assert.ok(error instanceof Rejection, String(error));
    return false;
  }
}

describe("import of scikit-learn exports", () => {
  const kinds = fc.constantFrom(...EXPORT_KINDS);

  it("scores as the export's arrays say, and the same again from a file", () => {
    fc.assert(
      fc.property(kinds, fc.nat(10_000), fc.constantFrom(1, 3, 300), (kind, seed, dimension) => {
        const { content, rows, score, label } = randomExport(kind, seed, dimension);
        const { model, verification } = read(content);
        assert.ok(verification.rows === rows.length && verification.largestDifference < 1e-12);
        const text = formatModel(model);
        const again = parseModel(text);
        assert.equal(formatModel(again), text);
        const scorer = new AnomalyScorer(again, { guards: false });
        for (const row of rows) {
          const opinion = scorer.opinionOf(Float64Array.from(row));
          assert.deepEqual(opinion, new AnomalyScorer(model).opinionOf(Float64Array.from(row)));
          const expected = score(row);
          const ours = Array.isArray(expected) ? Object.values(opinion.probabilities ?? {}) : [opinion.raw];
          for (const [k, value] of [expected].flat().entries()) {
            assert.ok(Math.abs((ours[k] as number) - value) < 1e-12);
          }
          const classes = Object.keys(opinion.probabilities ?? {});
          const named = opinion.label === undefined ? (opinion.isAnomaly ? -1 : 1) : classes.indexOf(opinion.label);
          assert.equal(named, label(row));
          assert.equal(scorer.scoreRow(Float64Array.from(row)).isAnomaly, opinion.isAnomaly);
        }
      }),
      { seed: 51, numRuns: 80 },
    );
  });

  it("meets hostile JSON, whole or in place of a property, with a typed rejection", () => {
    const texts = new Map(EXPORT_KINDS.map((kind) => [kind, randomExport(kind, 1).content]));
    let accepted = 0;
    fc.assert(
      fc.property(hostileJson, kinds, fc.nat(40), (text, kind, place) => {
        const content = texts.get(kind) as Record<string, unknown>;
        const property = Object.keys(content)[place];
        const marked =
          property === undefined
            ? text
            : JSON.stringify({ ...content, [property]: "\u0000" }).replace('"\\u0000"', () => text);
        if (acceptedOrRejected(() => importModel(marked, { now: 0 }).model)) accepted++;
      }),
      { seed: 52, numRuns: 1500 },
    );
    assert.ok(accepted < 300, `${accepted} accepted`);
  });

  it("meets a damaged file with a typed rejection, or with a model that can be used", () => {
    const texts = EXPORT_KINDS.map((kind) => Buffer.from(JSON.stringify(randomExport(kind, 2).content)));
    const text = fc.constantFrom(...texts);
    const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    const damage = fc
      .tuple(
        text,
        place,
        place,
        fc.constantFrom("flip", "cut", "insert", "splice"),
        fc.uint8Array({ minLength: 1, maxLength: 9 }),
      )
      .map(([bytes, first, second, how, extra]) => {
        const [at, from] = [Math.floor(first * bytes.length), Math.floor(second * bytes.length)];
        if (how === "cut") return bytes.subarray(0, at);
        if (how === "insert") return Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)]);
        if (how === "splice") {
          return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + 30), bytes.subarray(at)]);
        }
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] as number) ^ ((extra[0] as number) || 1);
        return copy;
      });
    let accepted = 0;
    fc.assert(
      fc.property(damage, (bytes) => {
        if (acceptedOrRejected(() => importModel(bytes, { now: 0 }).model)) accepted++;
      }),
      { seed: 53, numRuns: 2000 },
    );
    assert.ok(accepted < 700, `${accepted} accepted`);
  });

  const common: [string, unknown, string, RegExp][] = [
    ["format", "pickle", "FORMAT", /no scikit-learn export/],
    ["version", 2, "FORMAT", /format version is not 1/],
    ["kind", "gradient-boosting", "FORMAT", /^kind is none of isolation-forest/],
    ["check", undefined, "SCHEMA", /export\.check is missing/],
    ["surprise", 1, "SCHEMA", /property we do not know/],
    ["library.name", "weka", "SCHEMA", /^library\.name/],
    ["library.version", "", "SCHEMA", /^library\.version/],
    ["feature_names", [], "SCHEMA", /^feature_names has 0 entries/],
    ["feature_names", ["f0", "f1", "f1"], "SCHEMA", /"f1" appears twice/],
    ["feature_names", ["f0", "f1", "__proto__"], "SCHEMA", /feature name 3 is not allowed/],
    ["feature_names", names(9000), "SCHEMA", /^feature_names has 9000 entries/],
    ["scaler", { mean: [0, 0], scale: null }, "SCHEMA", /^scaler\.mean has 2 entries, not 3/],
    ["scaler", { mean: null, scale: [1, 0, 1] }, "RANGE", /^scaler\.scale\[1\]/],
    ["training.rows", 0, "RANGE", /^training\.rows/],
    ["training.features[1].max", -4, "RANGE", /^training\.features\[1\]\.max/],
    ["training.features[1].mad", -1, "RANGE", /^training\.features\[1\]\.mad/],
    ["check.rows[3]", [0, 0], "SCHEMA", /^check\.rows\[3\] has 2 entries, not 3/],
    ["check.labels", [], "SCHEMA", /^check\.labels has 0 entries, not 10/],
  ];
  const trees: typeof common = [
    ["trees", [], "SCHEMA", /^trees has 0 entries/],
    ["trees[0].children_left[0]", 0, "SCHEMA", /^trees\[0\]\.children_left\[0\]: node 0 has another parent/],
    ["trees[0].children_left[0]", 99, "RANGE", /^trees\[0\]\.children_left\[0\]/],
    ["trees[0].children_left[0]", 0.5, "RANGE", /^trees\[0\]\.children_left\[0\]/],
    ["trees[0].children_right[0]", -1, "SCHEMA", /^trees\[0\]: node 0 has one child only/],
    ["trees[0].children_right", [], "SCHEMA", /^trees\[0\]\.children_right has 0 entries/],
    ["trees[0].feature[0]", 3, "RANGE", /^trees\[0\]\.feature\[0\]/],
    ["trees[0].feature[0]", "f0", "SCHEMA", /^trees\[0\]\.feature\[0\] is not a number/],
    ["trees[0].threshold[0]", 1e39, "RANGE", /^trees\[0\]\.threshold\[0\] does not fit a 32-bit float/],
    ["trees[0].threshold[0]", null, "SCHEMA", /^trees\[0\]\.threshold\[0\] is not a number/],
    ["trees[0].shape", 1, "SCHEMA", /^trees\[0\] has a property we do not know/],
  ];
  const classifiers: typeof common = [
    ["classes", ["a"], "SCHEMA", /^classes has one entry only/],
    ["classes", ["a", "a", "b"], "SCHEMA", /^classes\[1\] appears twice/],
    ["classes", ["a", "b", null], "SCHEMA", /^classes\[2\] is neither text nor a number/],
    ["classes", ["a", "b", "c"], "SCHEMA", /cannot be told by their names: name them/],
    ["anomaly_classes", ["other"], "SCHEMA", /anomaly class "other" is none of the model's: normal, scan, flood/],
    ["trees[0].probability[0]", [0.5, 0.4, 0], "RANGE", /^trees\[0\]\.probability\[0\] does not sum to 1/],
    ["trees[0].probability[0]", [2, -1, 0], "RANGE", /^trees\[0\]\.probability\[0\]\[0\]/],
    ["trees[0].leaf_class[0]", 3, "RANGE", /^trees\[0\]\.leaf_class\[0\]/],
    ["trees[0].weight[0]", -1, "RANGE", /^trees\[0\]\.weight|^check/],
    ["check.scores[2]", [0.9, 0.1, 0], "RANGE", /^check\.scores\[2\]: the model gives .*, scikit-learn gave 0\.9/],
    ["check.scores[2]", 0.5, "SCHEMA", /^check\.scores\[2\] is not a list/],
    ["check.labels[0]", 3, "RANGE", /^check\.labels\[0\]/],
  ];
  const ofKind: Record<ExportKind, typeof common> = {
    "isolation-forest": [
      ...trees,
      ["max_samples", 0, "RANGE", /^max_samples/],
      ["max_samples", 65, "RANGE", /^denominator is not that of 3 trees of 65 rows/],
      ["denominator", 1, "RANGE", /^denominator/],
      ["decision_depth", 1, "RANGE", /^decision_depth is not the depth at which the score is the offset/],
      ["average_path_length", [[1, 0]], "SCHEMA", /^average_path_length lacks the \d+ rows of a leaf of tree 0/],
      ["average_path_length[0]", [5, 1], "RANGE", /^average_path_length\[0\]\[1\] is not the average path length of 5/],
      ["offset", null, "SCHEMA", /^offset is not a number/],
      ["trees[1].n_node_samples", [1], "SCHEMA", /^trees\[1\]\.n_node_samples has 1 entries/],
      ["check.scores[4]", -0.1, "RANGE", /^check\.scores\[4\]: the model gives -0\.\d+, scikit-learn gave -0\.1/],
    ],
    "decision-tree": [...trees, ...classifiers.filter(([path]) => path !== "trees[0].weight[0]")],
    "random-forest": [...trees, ...classifiers.filter(([path]) => path !== "trees[0].weight[0]")],
    "k-nearest-neighbours": [
      ...classifiers.filter(([path]) => !path.startsWith("trees")),
      ["n_neighbors", 0, "RANGE", /^n_neighbors/],
      ["n_neighbors", 10, "RANGE", /^n_neighbors/],
      ["n_neighbors", 2, "RANGE", /^check\.scores\[\d+\]/],
      ["points", [], "SCHEMA", /^points has 0 entries/],
      ["points[2]", [1, 2], "SCHEMA", /^points\[2\] has 2 entries, not 3/],
      ["points[2][1]", "1", "SCHEMA", /^points\[2\]\[1\] is not a number/],
      ["labels", [0], "SCHEMA", /^labels has 1 entries, not 9/],
      ["labels[3]", 3, "RANGE", /^labels\[3\]/],
    ],
    "one-class-svm": [
      ["kernel", "precomputed", "SCHEMA", /^kernel is none of rbf, linear, poly, sigmoid/],
      ["gamma", -1, "RANGE", /^gamma/],
      ["degree", 2.5, "RANGE", /^degree/],
      ["support_vectors", [], "SCHEMA", /^support_vectors has 0 entries/],
      ["support_vectors[2]", [1, 2], "SCHEMA", /^support_vectors\[2\] has 2 entries, not 3/],
      ["dual_coef", [1], "SCHEMA", /^dual_coef has 1 entries, not 6/],
      ["dual_coef[0]", -1, "RANGE", /^dual_coef\[0\]/],
      ["intercept", "0", "SCHEMA", /^intercept is not a number/],
      ["support_vectors[1][1]", 7, "RANGE", /^check\.scores\[\d+\]/],
    ],
  };

  for (const kind of EXPORT_KINDS) {
    it(`names what is wrong with a ${kind}`, () => {
      // A seed whose first tree has a split at its root.
      const { content } = randomExport(kind, 4);
      assert.doesNotThrow(() => read(content));
      for (const [path, value, code, reason] of [...common, ...ofKind[kind]]) {
        const found = rejection(() => read(changedAt(content, path, value)));
        assert.equal(found.code, code, `${path}: ${found.message}`);
        assert.match(found.reason, reason, path);
      }
    });
  }

  it("names a label that scikit-learn gives and we do not", () => {
    const { content } = randomExport("random-forest", 4);
    const label = ((content.check as { labels: number[] }).labels[0] as number) === 0 ? 1 : 0;
    const found = rejection(() => read(changedAt(content, "check.labels[0]", label)));
    assert.match(found.reason, /^check\.labels\[0\]: the model gives \d, scikit-learn gave \d/);
    assert.equal(rejection(() => importModel(Buffer.from([0xff]))).code, "FORMAT");
    assert.match(rejection(() => importModel("{}", { name: "../x" })).reason, /name/);
  });

  it("decides by the depth that comes with a forest, not by the last bit of a power", () => {
    const { content, rows, score } = randomExport("isolation-forest", 4);
    const row = rows[0] as number[];
    const onOffset = score(row) as number;
    const denominator = content.denominator as number;
    // The depth at which the score is the offset, and a hair to both sides; the offset is the row's own score, or one
    // unit closer to 0, so that by the offset alone each verdict would be the other one.
    const depth = -Math.log2(-onOffset) * denominator;
    for (const [decision_depth, offset, isAnomaly] of [
      [depth * (1 + 1e-12), onOffset, true],
      [depth * (1 - 1e-12), neighbour(onOffset, -1), false],
    ] as const) {
      const check = { rows: [], scores: [], labels: [] };
      const { model } = read({ ...content, decision_depth, offset, check });
      const scorer = new AnomalyScorer(model, { guards: false });
      const opinion = scorer.opinionOf(Float64Array.from(row));
      assert.equal(opinion.isAnomaly, isAnomaly);
      assert.equal((opinion.decision as number) < 0, !isAnomaly);
      assert.equal(scorer.scoreRow(Float64Array.from(row)).isAnomaly, isAnomaly);
    }
  });

  it("knows which classes mean an anomaly by what they are called", () => {
    const cases: [string[], number[]][] = [
      [["0", "1"], [1]],
      [["-1", "1"], [0]],
      [
        ["0", "1", "2", "3"],
        [1, 2, 3],
      ],
      [
        ["1", "2", "3"],
        [1, 2],
      ],
      [
        ["Benign", "DDoS", "scan"],
        [1, 2],
      ],
      [["attack", "legit"], [0]],
      [["other", "fault"], [1]],
      [["false", "true"], [1]],
    ];
    for (const [classes, expected] of cases) assert.deepEqual(anomalyClassesOf(classes), expected, classes.join());
    assert.deepEqual(anomalyClassesOf(["a", "b", "c"], ["c", "a"]), [0, 2]);
    for (const wanted of [["x"], [], ["a", "b"]]) {
      assert.throws(() => anomalyClassesOf(["a", "b"], wanted), Rejection);
    }
    assert.throws(() => anomalyClassesOf(["red", "green"]), /red, green mean an anomaly cannot be told/);
  });
});
