import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { importModel } from "../../../lib/anomaly/import/import-model.js";
import { formatModel, parseModel, readModelFile, writeModelFile } from "../../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { EXPORT_KINDS, randomExport } from "./export-fixture.js";
import { gaussianRows, names, ownForest, rowsOf } from "./support.js";

function small(dimension: number, seed: number, trees = 3) {
  const values = gaussianRows(80, dimension, seed);
  return trainModel({ featureNames: names(dimension), values }, { seed, trees, sampleSize: 16, now: seed });
}

const TEXT = formatModel(small(2, 1));

/** The small model with one property changed; the path is written as the loader's errors write it. */
function changed(path: string, value: unknown): string {
  const json = JSON.parse(TEXT);
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  const last = steps.pop() as string;
  const target = steps.reduce((at, step) => at[step], json);
  if (value === undefined) delete target[last];
  else target[last] = value;
  return JSON.stringify(json);
}

function rejection(text: Buffer | string): Rejection {
  try {
    parseModel(text);
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
  throw new Error("the model was accepted");
}

const hostile = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("null", "true", "1e400", "-1e400", "NaN", "[]", "{}", '"\\ud800"', "-1", "0.5", "1e308", "9e15"),
    fc.string().map((text) => JSON.stringify(text)),
    fc.array(tie("value") as fc.Arbitrary<string>, { maxLength: 4 }).map((items) => `[${items.join()}]`),
    fc
      .tuple(fc.constantFrom("__proto__", "constructor", "feature", "min", "x"), tie("value") as fc.Arbitrary<string>)
      .map(([key, value]) => `{"${key}":${value}}`),
    fc.integer({ min: 1, max: 5000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  ),
})).value as fc.Arbitrary<string>;

describe("model file", () => {
  it("gives a model with bit-equal scores back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(1000), fc.integer({ min: 1, max: 9 }), (d, seed, trees) => {
        const model = small(d, seed, trees);
        const text = formatModel(model);
        const loaded = parseModel(text);
        assert.equal(formatModel(loaded), text);
        const before = new AnomalyScorer(model);
        const after = new AnomalyScorer(loaded);
        for (const row of rowsOf(gaussianRows(20, d, seed + 1), d)) {
          assert.deepEqual(after.scoreRow(row), before.scoreRow(row));
        }
      }),
      { seed: 31, numRuns: 60 },
    );
  });

  it("meets hostile JSON, whole or in place of a property, with a typed rejection", () => {
    const properties = Object.keys(JSON.parse(TEXT));
    fc.assert(
      fc.property(hostile, fc.constantFrom(undefined, ...properties), (text, property) => {
        const marked = property === undefined ? text : changed(property, "\u0000").replace('"\\u0000"', () => text);
        try {
          const model = parseModel(marked);
          // Some numbers are fine where they landed; the model must then be usable.
          assert.ok(Number.isFinite(new AnomalyScorer(model).scoreRow(new Float64Array(2)).score));
        } catch (error) {
          assert.ok(error instanceof Rejection, String(error));
        }
      }),
      { seed: 32, numRuns: 1500 },
    );
  });

  it("meets a damaged file with a typed rejection, or with a model that can be used", () => {
    const bytes = Buffer.from(TEXT);
    const place = fc.nat(bytes.length - 1);
    const damage = fc.oneof(
      fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([at, mask]) => {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] as number) ^ mask;
        return copy;
      }),
      place.map((at) => bytes.subarray(0, at)),
      fc
        .tuple(place, fc.uint8Array({ minLength: 1, maxLength: 20 }))
        .map(([at, extra]) => Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)])),
      fc
        .tuple(place, place, fc.nat(60))
        .map(([from, to, length]) =>
          Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, from + length), bytes.subarray(to)]),
        ),
    );
    let accepted = 0;
    fc.assert(
      fc.property(damage, (damaged) => {
        try {
          const model = parseModel(damaged);
          accepted++;
          assert.ok(Number.isFinite(new AnomalyScorer(model).scoreRow(new Float64Array(2)).score));
        } catch (error) {
          assert.ok(error instanceof Rejection, String(error));
        }
      }),
      { seed: 33, numRuns: 2000 },
    );
    assert.ok(accepted < 1200, `${accepted} of 2000 accepted`);
  });

  it("meets damaged files of the other kinds in the same way", () => {
    const texts = EXPORT_KINDS.map((kind) => {
      const { model } = importModel(JSON.stringify(randomExport(kind, 3).content), { now: 0 });
      return Buffer.from(formatModel(model));
    });
    const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...texts), place, place, fc.integer({ min: 1, max: 255 }), (text, to, from, mask) => {
        const at = Math.floor(to * text.length);
        const damaged =
          mask % 2 === 0
            ? Buffer.concat([text.subarray(0, at), text.subarray(Math.floor(from * text.length)), text.subarray(at)])
            : Buffer.from(text).fill((text[at] as number) ^ mask, at, at + 1);
        try {
          const verdict = new AnomalyScorer(parseModel(damaged)).scoreRow(new Float64Array(3));
          accepted++;
          assert.ok(verdict.score >= 0 && verdict.score <= 1);
        } catch (error) {
          assert.ok(error instanceof Rejection, String(error));
        }
      }),
      { seed: 34, numRuns: 2000 },
    );
    assert.ok(accepted < 900, `${accepted} of 2000 accepted`);
  });

  it("names what is wrong", () => {
    const leaf = JSON.parse(TEXT).trees[0].feature.indexOf(-1);
    const cases: [string, unknown, string, RegExp][] = [
      ["format", "pickle", "FORMAT", /not a Redoubt model/],
      ["version", 2, "FORMAT", /format version/],
      ["kind", "tree", "FORMAT", /^kind is none that we know/],
      ["threshold", undefined, "SCHEMA", /model\.threshold is missing/],
      ["surprise", 1, "SCHEMA", /property we do not know/],
      ["threshold", 1.5, "RANGE", /^threshold/],
      ["threshold", "0.5", "SCHEMA", /^threshold is not a number/],
      ["name", "<b>", "SCHEMA", /^name/],
      ["name", "__proto__", "SCHEMA", /^name/],
      ["createdAt", "2026-13-45T00:00:00.000Z", "RANGE", /^createdAt/],
      ["revision", 0, "RANGE", /^revision/],
      ["featureNames", ["f0", "f0"], "SCHEMA", /"f0" appears twice/],
      ["featureNames", ["f0", "a\u0007"], "SCHEMA", /feature name 2/],
      ["featureNames", [], "SCHEMA", /featureNames/],
      ["featureNames", names(257), "SCHEMA", /1 to 256/],
      ["training.features", [], "SCHEMA", /training\.features has 0 entries, not 2/],
      ["training.features[1].scale", 0, "RANGE", /training\.features\[1\]\.scale/],
      ["training.features[0].max", -1e9, "RANGE", /training\.features\[0\]\.max/],
      ["tails[0].upper", 0, "RANGE", /tails\[0\]\.upper/],
      ["tails[1].lower", 0, "RANGE", /tails\[1\]\.lower/],
      ["drift[1].sd", 0, "RANGE", /drift\[1\]\.sd/],
      ["sampleSize", 1, "RANGE", /^sampleSize/],
      ["trees", [], "SCHEMA", /^trees has 0 entries/],
      ["trees[2].feature[0]", 2, "RANGE", /trees\[2\]\.feature\[0\]/],
      ["trees[2].feature[0]", 0.5, "RANGE", /trees\[2\]\.feature\[0\]/],
      ["trees[0].feature[0]", -1, "SCHEMA", /trees\[0\]\.feature\[1\] is no node's child/],
      [`trees[0].feature[${leaf}]`, 1, "SCHEMA", /trees\[0\]\.feature ends before the tree does/],
      ["trees[1].threshold[0]", 1e39, "RANGE", /trees\[1\]\.threshold\[0\]/],
      ["trees[1].threshold", [], "SCHEMA", /trees\[1\]\.threshold has 0 entries/],
      ["trees[1].leafSize[0]", 0, "RANGE", /trees\[1\]\.leafSize\[0\]/],
    ];
    for (const [path, value, code, reason] of cases) {
      const found = rejection(changed(path, value));
      assert.equal(found.code, code, `${path}: ${found.message}`);
      assert.match(found.reason, reason);
    }
    assert.equal(rejection("").code, "FORMAT");
    assert.equal(rejection(TEXT.replace('"version": 1', '"version": 1, "__proto__": {}')).code, "FORMAT");
    assert.equal(rejection(Buffer.alloc(257 * 1024 * 1024, 32)).code, "SIZE");
    assert.doesNotThrow(() => parseModel(changed("drift", null)));
  });

  it("takes a 64-bit threshold as an exporter writes it and decides as the 64-bit comparison does", () => {
    const model = ownForest(parseModel(changed("trees[0].threshold[0]", 0.1)));
    const stored = model.forest.trees[0]?.threshold[0] as number;
    assert.ok(stored <= 0.1 && Math.fround(0.1) > 0.1 && stored < Math.fround(0.1));
  });

  it("is written atomically for its owner alone", () => {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-model-"));
    try {
      const path = join(folder, "deeper", "m.json");
      writeModelFile(path, small(2, 1));
      assert.equal(readFileSync(path, "utf8"), TEXT);
      if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal(formatModel(readModelFile(path)), TEXT);
      writeFileSync(path, "{");
      assert.throws(() => readModelFile(path), Rejection);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
