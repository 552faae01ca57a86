import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { evaluateHeldOut, rocAuc } from "../../../lib/anomaly/evaluation.js";
import { type TrainOptions, trainModel } from "../../../lib/anomaly/train.js";
import type { TrainingData } from "../../../lib/anomaly/training-data.js";
import { labelledData, readCsvFile, splitByLabel } from "../../../lib/anomaly/training-table.js";
import { parseCsv } from "../../../lib/common/csv.js";
import { requireOnMachine } from "../../setup.js";
import { FEATURE, gaussianRows, names, oddsData, oddsPath, quietReadings } from "./support.js";

const trainWith = (options: TrainOptions) => (data: TrainingData) => trainModel(data, options);

describe("held-out evaluation", () => {
  it("computes the area under the ROC curve, ties counting half", () => {
    assert.equal(rocAuc([1, 2, 3, 4], [0, 0, 1, 1]), 1);
    assert.equal(rocAuc([1, 2, 3, 4], [1, 1, 0, 0]), 0);
    assert.equal(rocAuc([1, 1, 1, 1], [0, 1, 0, 1]), 0.5);
    assert.equal(rocAuc([1, 3, 2, 4], [0, 0, 1, 1]), 0.75);
    assert.ok(Number.isNaN(rocAuc([1, 2], [0, 0])));
  });

  it("holds out the last fifth in order and counts what is flagged of it", () => {
    const values = quietReadings(1000, 1);
    const none = { featureNames: [FEATURE], values: new Float64Array() };
    const quiet = evaluateHeldOut({ featureNames: [FEATURE], values }, none, trainWith({ now: 0 }));
    assert.equal(quiet.rows, 200);
    assert.ok(quiet.flagRate < 0.02);
    assert.equal(quiet.labelled, undefined);
    values.fill(30, 900);
    const changed = evaluateHeldOut({ featureNames: [FEATURE], values }, none, trainWith({ now: 0 }));
    assert.ok(changed.flagRate >= 0.5);
  });

  it("sets a single threshold beside the forest, which a single threshold can beat", () => {
    const normal = { featureNames: names(5), values: gaussianRows(2000, 5, 1) };
    const high = gaussianRows(100, 5, 2);
    for (let i = 3; i < high.length; i += 5) high[i] = 4 + Math.abs(high[i] as number);
    const report = evaluateHeldOut(normal, { featureNames: names(5), values: high }, trainWith({ now: 0 }));
    const { baseline, auc, recall } = report.labelled as NonNullable<typeof report.labelled>;
    assert.equal(baseline.feature, "f3");
    assert.equal(baseline.rule, "above");
    assert.ok(baseline.auc >= auc && baseline.auc > 0.999);
    assert.ok(recall > 0.4);
  });

  it("beats every single threshold on breastw", function () {
    requireOnMachine(this, existsSync(oddsPath("breastw")), "the benchmark data set breastw");
    const { normal, anomalies } = splitByLabel(oddsData("breastw"));
    const { labelled } = evaluateHeldOut(normal, anomalies, trainWith({ now: 0, drift: "off", contamination: 0.02 }));
    assert.ok(labelled && labelled.auc > labelled.baseline.auc, JSON.stringify(labelled));
    assert.ok(labelled.recall > 0.9);
  });
});

describe("training table", () => {
  const csv =
    "# recorded\ntimestamp,device_id,temperature_C,humidity,note,label\n1,a,25,,x,0\n2,b,26,NaN,y,1\n3,a,27,50,z,0\n";

  it("takes the measured numeric columns, keeps missing values and devices, and splits by label", () => {
    const data = labelledData(parseCsv(csv));
    assert.deepEqual(data.featureNames, ["temperature_C", "humidity"]);
    assert.deepEqual(Array.from(data.values), [25, Number.NaN, 26, Number.NaN, 27, 50]);
    assert.deepEqual(data.ignored, ["timestamp", "device_id", "note"]);
    assert.deepEqual(Array.from(data.devices ?? []), [0, 1, 0]);
    const { normal, anomalies } = splitByLabel(data);
    assert.deepEqual(Array.from(normal.values), [25, Number.NaN, 27, 50]);
    assert.deepEqual(Array.from(anomalies.values), [26, Number.NaN]);
    assert.deepEqual(labelledData(parseCsv(csv), ["humidity"]).featureNames, ["humidity"]);
  });

  it("says which column or cell is wrong", () => {
    assert.throws(() => labelledData(parseCsv(csv), ["pressure"]), /no column "pressure"/);
    assert.throws(() => labelledData(parseCsv(csv), ["note"]), /"x" in column "note" is not a number/);
    assert.throws(() => labelledData(parseCsv(csv), undefined, "temperature_C"), /row 1: the label .* neither 0 nor 1/);
    assert.throws(() => labelledData(parseCsv("note\nx\n")), /1 to 256 features/);
  });

  it("reads plain and gzipped files", () => {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-csv-"));
    try {
      const path = join(folder, "t.csv");
      writeFileSync(path, csv);
      const plain = readCsvFile(path);
      writeFileSync(path, gzipSync(csv));
      assert.deepEqual(readCsvFile(path), plain);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
