// Our classifiers beside scikit-learn's on one split of RT-IoT2022, made here and handed to both.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CLASSIFIER_KINDS,
  type ClassifierKind,
  type FitOptions,
  fitClassifier,
} from "../../lib/anomaly/classify/fit.js";
import { distinctRows, type FlowSet, pickRows } from "../../lib/anomaly/classify/flow-set.js";
import { readFlowTable } from "../../lib/anomaly/classify/flow-table.js";
import { judgeRows } from "../../lib/anomaly/classify/judge-rows.js";
import { type ClassificationReport, classificationReport } from "../../lib/anomaly/classify/metrics.js";
import { splitRows } from "../../lib/anomaly/classify/split.js";
import { CLASSIFIER_DEFAULTS, RT_IOT2022_NORMAL } from "../../lib/anomaly/classify/train-classifier.js";
import { importModel } from "../../lib/anomaly/import/import-model.js";
import type { ClassifierModel } from "../../lib/anomaly/model.js";
import { hasPythonPackages, sharedData } from "../setup.js";

const ROOT = join(__dirname, "..", "..");
/** Debian's, whose scikit-learn is the reference; another to try another release. */
const PYTHON = process.env.REDOUBT_TEST_PYTHON ?? "/usr/bin/python3";
export const RT_IOT2022 = join(sharedData, "rt-iot2022", "RT_IOT2022.csv.gz");
export const hasSklearn = () => hasPythonPackages(PYTHON, "sklearn");

/** Distinct rows of the 79 columns without ports and service ("S2 no-ports79"). */
export async function distinctFlows(): Promise<FlowSet> {
  const { set } = await readFlowTable(RT_IOT2022, { label: "Attack_type", dropPorts: true });
  return distinctRows(set).set;
}

/** At most so many rows of each class, the first of them. */
export function thinned(set: FlowSet, perClass: number): FlowSet {
  const seen = new Int32Array(set.classes.length);
  const rows = Array.from(set.labels.keys()).filter((row) => {
    const label = set.labels[row] as number;
    seen[label] = (seen[label] as number) + 1;
    return (seen[label] as number) <= perClass;
  });
  return pickRows(set, rows);
}

export interface Comparison {
  kind: ClassifierKind;
  ours: ClassificationReport;
  theirs: ClassificationReport;
  /** Test rows that the imported scikit-learn model calls otherwise than scikit-learn; of neighbours without ties. */
  importedFlips: number;
  /** Test rows that our own k-NN calls otherwise than scikit-learn, without ties. */
  knnFlips: number;
  trainSeconds: number;
}

const bytesOf = (values: Float64Array | Int32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

function fitOptions(kind: ClassifierKind, seed: number, trees: number): FitOptions {
  return {
    ...{ kind, name: kind, seed, trees, now: 0, k: CLASSIFIER_DEFAULTS.k, limits: {} },
    ...{ normal: RT_IOT2022_NORMAL, distance: false, keepDuplicates: false },
  };
}

/** @returns one comparison per kind, of one stratified 70/30 split. */
export function compareWithSklearn(set: FlowSet, seed: number, trees: number): Comparison[] {
  const split = splitRows(set, "stratified", CLASSIFIER_DEFAULTS.testShare, seed);
  const [train, test] = [pickRows(set, split.train), pickRows(set, split.test)];
  const folder = mkdtempSync(join(tmpdir(), "redoubt-ids-"));
  try {
    writeFileSync(join(folder, "train.rows"), bytesOf(train.values));
    writeFileSync(join(folder, "train.labels"), bytesOf(train.labels));
    writeFileSync(join(folder, "test.rows"), bytesOf(test.values));
    const script = join(ROOT, "test", "lib", "anomaly", "python", "classify_models.py");
    const numbers = [set.featureNames.length, seed, trees].map(String);
    const { status, stderr } = spawnSync(PYTHON, [script, join(ROOT, "models"), folder, ...numbers]);
    assert.equal(status, 0, String(stderr));
    const labelsOf = (name: string) => {
      const bytes = readFileSync(join(folder, `${name}.labels`));
      return new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    };
    const ties = labelsOf("ties");
    const isAttack = set.classes.map((name) => !RT_IOT2022_NORMAL.includes(name));
    const reportOf = (predicted: Int32Array) => classificationReport(test.labels, predicted, set.classes, isAttack);
    const named = { ...test, featureNames: test.featureNames.map((_, f) => `f${f}`) };

    return CLASSIFIER_KINDS.map((kind) => {
      const started = Date.now();
      const { model } = fitClassifier(train, fitOptions(kind, seed, trees));
      const trainSeconds = (Date.now() - started) / 1000;
      const theirs = labelsOf(kind);
      const ours = judgeRows(model, test).predicted;
      const known = String(train.labels[0]);
      const options = { anomalyClasses: [known] };
      const imported = importModel(readFileSync(join(folder, `${kind}.json`)), options).model as ClassifierModel;
      // scikit-learn was given numbers for classes, and has none for those without a training row.
      const again = judgeRows(imported, named).predicted.map((label) => Number(imported.classes[label]));
      const flips = (predicted: Int32Array) =>
        Array.from(predicted).filter((label, i) => label !== theirs[i] && !(kind === "knn" && ties[i])).length;
      return {
        kind,
        ours: reportOf(ours),
        theirs: reportOf(theirs),
        importedFlips: flips(again),
        knnFlips: kind === "knn" ? flips(ours) : 0,
        trainSeconds,
      };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const ACCURACY_TOLERANCE = 0.005;
export const MACRO_F1_TOLERANCE = 0.03;

/** Signed differences, ours less theirs. */
export function apart({ ours, theirs }: Pick<Comparison, "ours" | "theirs">): { accuracy: number; macroF1: number } {
  return { accuracy: ours.accuracy - theirs.accuracy, macroF1: ours.macroF1 - theirs.macroF1 };
}

export function comparisonLine(comparison: Comparison): string {
  const { kind, ours, theirs, trainSeconds, importedFlips } = comparison;
  const figures = ({ accuracy, macroF1 }: ClassificationReport) =>
    `${(100 * accuracy).toFixed(2)} % / ${macroF1.toFixed(4)}`;
  return `${kind}: ours ${figures(ours)}, scikit-learn ${figures(theirs)}, imported differs in ${importedFlips} of ${ours.rows} rows, trained in ${trainSeconds.toFixed(1)} s`;
}
