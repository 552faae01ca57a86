// Imported models beside scikit-learn itself: Debian's Python fits, exports and scores; we import and score.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importModel } from "../../../lib/anomaly/import/import-model.js";
import type { Model } from "../../../lib/anomaly/model.js";
import { formatModel, parseModel } from "../../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { labelledData, readCsvFile } from "../../../lib/anomaly/training-table.js";
import { hasPythonPackages, requireOnMachine, sharedData } from "../../setup.js";
import { rowsOf } from "./support.js";

const ROOT = join(__dirname, "..", "..", "..");
/** Debian's, whose scikit-learn is the reference; another to try another release. */
const PYTHON = process.env.REDOUBT_TEST_PYTHON ?? "/usr/bin/python3";
const ODDS = join(sharedData, "odds");
const KINDS = [
  "IsolationForest",
  "DecisionTreeClassifier",
  "RandomForestClassifier",
  "KNeighborsClassifier",
  "OneClassSVM",
] as const;
const isRandom = ({ name }: { name: string }) => name.startsWith("random-");
const MODELS_PER_KIND = 20;
const TOLERANCE = 1e-9;

interface Entry {
  name: string;
  kind: (typeof KINDS)[number];
  width: number;
  classes: string[] | null;
  csv: string | null;
}

interface Result {
  rows: number;
  largest: number;
  flips: number;
}

describe("imported models beside scikit-learn", function () {
  this.timeout(180_000);

  let folder: string;
  let entries: Entry[];
  const tables = new Map<string, Float64Array>();

  before(function () {
    const isReady = hasPythonPackages(PYTHON, "sklearn", "pandas");
    requireOnMachine(this, isReady, "Python with scikit-learn (apt-get install python3-sklearn python3-pandas)");
    requireOnMachine(this, existsSync(ODDS), "the benchmark data sets");
    folder = mkdtempSync(join(tmpdir(), "redoubt-parity-"));
    const sets = readdirSync(ODDS).map((name) => join(ODDS, name));
    const script = join(__dirname, "python", "parity_models.py");
    const { status, stderr } = spawnSync(PYTHON, [script, join(ROOT, "models"), folder, ...sets]);
    assert.equal(status, 0, String(stderr));
    entries = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true });
  });

  const file = (entry: Entry, extension: string) => readFileSync(join(folder, `${entry.name}.${extension}`));
  function doubles(bytes: Buffer): Float64Array {
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }

  function rowsFor(entry: Entry): Float64Array[] {
    if (!entry.csv) return rowsOf(doubles(file(entry, "rows")), entry.width);
    const known = tables.get(entry.csv) ?? labelledData(readCsvFile(entry.csv)).values;
    tables.set(entry.csv, known);
    return rowsOf(known, entry.width);
  }

  /** As a user gets it: imported, written to a file, and read again. */
  function imported(entry: Entry): Model {
    const options = entry.classes ? { anomalyClasses: [entry.classes[0] as string] } : {};
    return parseModel(formatModel(importModel(file(entry, "json"), options).model));
  }

  function compare(entry: Entry): Result {
    const scorer = new AnomalyScorer(imported(entry), { guards: false });
    const scores = doubles(file(entry, "scores"));
    const labels = file(entry, "labels");
    const result: Result = { rows: 0, largest: 0, flips: 0 };
    for (const [i, row] of rowsFor(entry).entries()) {
      const opinion = scorer.opinionOf(row);
      const verdict = scorer.scoreRow(row);
      assert.equal(verdict.isAnomaly, opinion.isAnomaly, `${entry.name}, row ${i}: the verdict contradicts the model`);
      assert.ok(verdict.score >= 0 && verdict.score <= 1, `${entry.name}, row ${i}: score ${verdict.score}`);
      const ours = entry.classes
        ? entry.classes.map((name) => opinion.probabilities?.[name] as number)
        : [opinion.raw, opinion.decision as number];
      for (const [k, score] of ours.entries()) {
        const theirs = scores[i * ours.length + k] as number;
        // A machine's score grows with its rows; the digits that a double has left are what can agree.
        const apart = Math.abs(score - theirs) / Math.max(1, Math.abs(theirs));
        if (!(apart <= result.largest)) result.largest = apart;
      }
      const label = labels.readInt32LE(4 * i);
      const ourLabel = entry.classes ? entry.classes.indexOf(opinion.label as string) : opinion.isAnomaly ? -1 : 1;
      if (label !== ourLabel) result.flips++;
      result.rows++;
    }
    return result;
  }

  function compareAll(chosen: Entry[]): number {
    let largest = 0;
    for (const entry of chosen) {
      const result = compare(entry);
      assert.ok(result.rows > 0);
      assert.equal(result.flips, 0, `${entry.name}: ${result.flips} of ${result.rows} labels differ`);
      assert.ok(result.largest <= TOLERANCE, `${entry.name}: scores differ by ${result.largest}`);
      largest = Math.max(largest, result.largest);
    }
    return largest;
  }

  for (const kind of KINDS) {
    it(`gives the scores and labels of ${kind} on every data set`, () => {
      const chosen = entries.filter((entry) => entry.kind === kind && !isRandom(entry));
      assert.ok(chosen.length >= readdirSync(ODDS).length);
      console.log(`      largest difference ${compareAll(chosen).toExponential(1)}, ${chosen.length} models`);
    });

    it(`gives the scores and labels of ${MODELS_PER_KIND} random models of ${kind}`, () => {
      const chosen = entries.filter((entry) => entry.kind === kind && isRandom(entry));
      assert.equal(chosen.length, MODELS_PER_KIND);
      console.log(`      largest difference ${compareAll(chosen).toExponential(1)}`);
    });
  }

  it("meets rows whose score is the offset itself, where the last bit decides", () => {
    let ties = 0;
    for (const entry of entries.filter(({ kind }) => kind === "IsolationForest")) {
      const scores = doubles(file(entry, "scores"));
      for (let i = 1; i < scores.length; i += 2) if (scores[i] === 0) ties++;
    }
    assert.ok(ties > 100, `${ties}`);
  });

  it("takes what the export tells of the training rows as limits", () => {
    const withTraining = entries.filter(({ kind }) => kind === "RandomForestClassifier");
    assert.ok(withTraining.length > MODELS_PER_KIND);
    for (const entry of withTraining) {
      const model = imported(entry);
      assert.equal(model.training?.features.length, entry.width);
      const scorer = new AnomalyScorer(model);
      const far = scorer.scoreRow(new Float64Array(entry.width).fill(1e9));
      assert.ok(far.isAnomaly && far.reasons.some(({ source }) => source === "tail"), entry.name);
    }
  });
});
