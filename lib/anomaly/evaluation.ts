import type { Model } from "./model.js";
import { AnomalyScorer } from "./scorer.js";
import { selectRows, type TrainingData } from "./training-data.js";

const HELD_OUT_SHARE = 0.2;

/**
 * Area under the ROC curve: the probability that a random anomaly scores above a random normal row, ties counting
 * half (Mann-Whitney). NaN where either kind is absent.
 *
 * @param labels 1 for an anomaly, 0 for normal.
 */
export function rocAuc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = Array.from({ length: scores.length }, (_, i) => i);
  order.sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let rankSum = 0;
  let anomalies = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end] as number] === scores[order[start] as number]) end++;
    const rank = (start + end + 1) / 2;
    for (let i = start; i < end; i++) {
      if (labels[order[i] as number] !== 1) continue;
      rankSum += rank;
      anomalies++;
    }
    start = end;
  }
  const normals = order.length - anomalies;
  return (rankSum - (anomalies * (anomalies + 1)) / 2) / (anomalies * normals);
}

/** How well one threshold on one feature would do; the rule and its feature are chosen in hindsight, in its favour. */
export interface ThresholdBaseline {
  feature: string;
  rule: "above" | "below" | "away from the median";
  auc: number;
  /** Share of the anomalies found at the model's own false positive rate. */
  recall: number;
}

export interface HeldOutReport {
  /** Normal rows that the evaluated model was not trained on: the last fifth, in order. */
  rows: number;
  /** Share of them that is flagged, drift guard included. */
  flagRate: number;
  /** Only where rows are labelled as anomalies; scored row by row, without the drift guard. */
  labelled?: {
    anomalies: number;
    falsePositiveRate: number;
    recall: number;
    auc: number;
    baseline: ThresholdBaseline;
  };
}

const share = (flags: boolean[]) => flags.filter(Boolean).length / flags.length;

interface DeviceRow {
  row: Float64Array;
  device: string;
}

function rowsOf({ values, featureNames, devices }: TrainingData): DeviceRow[] {
  const dimension = featureNames.length;
  const rows = Array.from({ length: values.length / dimension }, (_, i) => ({
    row: values.subarray(i * dimension, (i + 1) * dimension),
    device: String(devices?.[i] ?? ""),
  }));
  return rows.filter(({ row }) => !row.some(Number.isNaN));
}

function recallAt(falsePositiveRate: number, normal: number[], anomalies: number[]): number {
  const sorted = [...normal].sort((a, b) => b - a);
  const cut = sorted[Math.floor(falsePositiveRate * normal.length)] ?? Number.NEGATIVE_INFINITY;
  return share(anomalies.map((score) => score > cut));
}

function bestThreshold(model: Model, normal: DeviceRow[], anomalies: DeviceRow[], rate: number) {
  const labels = [...normal.map(() => 0), ...anomalies.map(() => 1)];
  let best: ThresholdBaseline | undefined;
  for (const [f, feature] of model.featureNames.entries()) {
    const median = model.training?.features[f]?.median as number;
    const rules: [ThresholdBaseline["rule"], (found: DeviceRow) => number][] = [
      ["above", ({ row }) => row[f] as number],
      ["below", ({ row }) => -(row[f] as number)],
      ["away from the median", ({ row }) => Math.abs((row[f] as number) - median)],
    ];
    for (const [rule, measure] of rules) {
      const quiet = normal.map(measure);
      const loud = anomalies.map(measure);
      const auc = rocAuc([...quiet, ...loud], labels);
      if (!best || auc > best.auc) best = { feature, rule, auc, recall: recallAt(rate, quiet, loud) };
    }
  }
  return best as ThresholdBaseline;
}

/**
 * Trains on the first four fifths of the normal rows and reports how that model does on the rest, beside the best that
 * a single threshold on a single feature could do.
 *
 * @param normal rows in the order of measurement.
 * @param anomalies rows known to be anomalies; may be empty.
 * @param train gives a model that knows its training rows.
 * @throws {Rejection} where four fifths of the rows are too few to train on.
 */
export function evaluateHeldOut(
  normal: TrainingData,
  anomalies: TrainingData,
  train: (data: TrainingData) => Model,
): HeldOutReport {
  const count = normal.values.length / normal.featureNames.length;
  const cut = Math.floor(count * (1 - HELD_OUT_SHARE));
  const indices = Array.from({ length: count }, (_, row) => row);
  const model = train(selectRows(normal, indices.slice(0, cut)));
  const heldOut = rowsOf(selectRows(normal, indices.slice(cut)));
  const inOrder = new AnomalyScorer(model);
  const report: HeldOutReport = {
    rows: heldOut.length,
    flagRate: share(heldOut.map(({ row, device }) => inOrder.scoreRow(row, device).isAnomaly)),
  };
  const known = rowsOf(anomalies);
  if (known.length === 0 || heldOut.length === 0) return report;
  const rowByRow = new AnomalyScorer(model, { drift: false });
  const quiet = heldOut.map(({ row }) => rowByRow.scoreRow(row));
  const loud = known.map(({ row }) => rowByRow.scoreRow(row));
  const falsePositiveRate = share(quiet.map((verdict) => verdict.isAnomaly));
  const scores = [...quiet, ...loud].map((verdict) => verdict.score);
  report.labelled = {
    anomalies: known.length,
    falsePositiveRate,
    recall: share(loud.map((verdict) => verdict.isAnomaly)),
    auc: rocAuc(scores, [...quiet.map(() => 0), ...loud.map(() => 1)]),
    baseline: bestThreshold(model, heldOut, known, falsePositiveRate),
  };
  return report;
}
