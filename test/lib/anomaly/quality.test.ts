import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { IsolationForest as PackageForest } from "isolation-forest";
import { rocAuc } from "../../../lib/anomaly/evaluation.js";
import { ForestKernel } from "../../../lib/anomaly/forest-kernel.js";
import { growForest } from "../../../lib/anomaly/grow-forest.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import { type LabelledData, labelledData, readCsvFile } from "../../../lib/anomaly/training-table.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { requireOnMachine, sharedData } from "../../setup.js";
import { FEATURE, oddsData, oddsPath, quietModel, quietReadings, rowsOf } from "./support.js";

function ourAuc(data: LabelledData, seed: number): number {
  const dimension = data.featureNames.length;
  const forest = growForest(data.values, dimension, { trees: 100, sampleSize: 256 }, new SeededRandom(seed));
  const kernel = new ForestKernel(forest);
  const scores = rowsOf(data.values, dimension).map((row) => kernel.score(row));
  return rocAuc(scores, data.labels as Uint8Array);
}

/** Scores of the package, which takes no seed: while it grows its trees, its random numbers are ours. */
function packageScores(records: Record<string, number>[]): number[] {
  const { random } = Math;
  const seeded = new SeededRandom(1);
  Math.random = () => seeded.uniform();
  try {
    const forest = new PackageForest();
    forest.fit(records);
    return forest.scores();
  } finally {
    Math.random = random;
  }
}

function packageAuc(data: LabelledData): number {
  const rows = rowsOf(data.values, data.featureNames.length);
  const records = rows.map((row) => Object.fromEntries(data.featureNames.map((name, i) => [name, row[i] as number])));
  return rocAuc(packageScores(records), data.labels as Uint8Array);
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("anomaly model on quiet data at 25 degrees", () => {
  it("flags 19, 28, 31.5, 80 and 99 degrees, and less than 1 % of held-out quiet readings", () => {
    for (let seed = 1; seed <= 8; seed++) {
      const scorer = new AnomalyScorer(quietModel(600, seed));
      for (const value of [19, 28, 31.5, 80, 99]) {
        const verdict = scorer.score({ [FEATURE]: value }, `probe-${value}`);
        assert.ok(verdict.isAnomaly && verdict.score >= verdict.threshold, `${value} with seed ${seed}`);
      }
      const flagged = quietReadings(5000, seed + 1000).filter((x) => scorer.score({ [FEATURE]: x }, "quiet").isAnomaly);
      assert.ok(flagged.length < 50, `seed ${seed}: ${flagged.length} of 5000 flagged`);
    }
  });

  it("works from the smallest training size on and tolerates a coarse or constant sensor", () => {
    const smallest = new AnomalyScorer(quietModel(64, 1));
    assert.ok(smallest.score({ [FEATURE]: 26 }).isAnomaly);
    const coarse = quietReadings(600, 2).map((x) => Math.round(x * 10) / 10);
    const scorer = new AnomalyScorer(trainModel({ featureNames: [FEATURE], values: coarse }));
    const held = quietReadings(3000, 3).map((x) => Math.round(x * 10) / 10);
    assert.ok(held.filter((x) => scorer.score({ [FEATURE]: x }).isAnomaly).length < 30);
    const constant = new AnomalyScorer(trainModel({ featureNames: [FEATURE], values: new Float64Array(100).fill(25) }));
    assert.ok(!constant.score({ [FEATURE]: 25 }).isAnomaly);
    for (const x of [19, 28]) assert.ok(constant.score({ [FEATURE]: x }, String(x)).isAnomaly);
  });

  it("finds the events of the recorded server room and passes its quiet rows", function () {
    const path = join(sharedData, "thermal", "temp_reading.csv");
    requireOnMachine(this, existsSync(path), "the recorded server-room trace");
    const readings = labelledData(readCsvFile(path), [FEATURE]).values;
    const isEvent = (x: number) => x < 24.5 || x > 26;
    const quiet = readings.filter((x) => !isEvent(x));
    const events = readings.filter(isEvent);
    assert.equal(quiet.length, 95);
    assert.equal(events.length, 33);
    for (let seed = 1; seed <= 5; seed++) {
      const scorer = new AnomalyScorer(quietModel(600, seed));
      assert.equal(quiet.filter((x) => scorer.score({ [FEATURE]: x }, "quiet").isAnomaly).length, 0);
      for (const x of events) assert.ok(scorer.score({ [FEATURE]: x }, `event ${x}`).isAnomaly, `${x}`);
    }
  });
});

describe("isolation forest on public benchmarks", () => {
  // scikit-learn 1.x, mean of 5 seeds, 100 trees, 256 rows each.
  const published = { breastw: 0.988, mammography: 0.859, "satimage-2": 0.994, thyroid: 0.978 };
  for (const [name, expected] of Object.entries(published)) {
    it(`has scikit-learn's AUC on ${name} and at least that of the isolation-forest package`, function () {
      requireOnMachine(this, existsSync(oddsPath(name)), `the benchmark data set ${name}`);
      const data = oddsData(name);
      const ours = mean([1, 2, 3, 4, 5].map((seed) => ourAuc(data, seed)));
      assert.ok(Math.abs(ours - expected) < 0.02, `${ours} against ${expected}`);
      // One fit only: it trains every tree on all rows.
      const theirs = packageAuc(data);
      assert.ok(ours >= theirs - 0.02, `${ours} against the package's ${theirs}`);
    });
  }

  it("has scikit-learn's AUC on shuttle", function () {
    requireOnMachine(this, existsSync(oddsPath("shuttle")), "the benchmark data set shuttle");
    const data = oddsData("shuttle");
    const ours = mean([1, 2].map((seed) => ourAuc(data, seed)));
    assert.ok(Math.abs(ours - 0.997) < 0.02, `${ours}`);
  });

  it("keeps its scores when the training set grows, which the isolation-forest package does not", () => {
    const medianOf = (scores: number[]) => scores.sort((a, b) => a - b)[scores.length >> 1] as number;
    const theirs = [256, 5000].map((count) =>
      medianOf(packageScores(Array.from(quietReadings(count, 1), (x) => ({ x })))),
    );
    const ours = [256, 5000].map((count) => {
      const rows = quietReadings(count, 1);
      const kernel = new ForestKernel(growForest(rows, 1, { trees: 100, sampleSize: 256 }, new SeededRandom(1)));
      return medianOf(Array.from(rows, (x) => kernel.score([x])));
    });
    assert.ok((theirs[0] as number) - (theirs[1] as number) > 0.1, theirs.join(" "));
    assert.ok(Math.abs((ours[0] as number) - (ours[1] as number)) < 0.03, ours.join(" "));
  });
});
