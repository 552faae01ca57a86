import { basename } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { evaluateHeldOut, type HeldOutReport } from "../lib/anomaly/evaluation.js";
import { type Model, modelLabel } from "../lib/anomaly/model.js";
import { parseFeatureNames, type TrainingData } from "../lib/anomaly/training-data.js";
import { Rejection } from "../lib/common/rejection.js";
import { CommandFailure } from "./failure.js";

/** What `redoubt train` prints, whatever it has trained; a kind adds figures of its own. */
export interface TrainReport {
  model: string;
  out: string;
  features: string[];
  ignoredColumns: string[];
  rowsUsed: number;
  rowsDropped: number;
  rowsLabelledAnomalous: number;
  tailLimits: Record<string, { lower: number; upper: number }>;
  /** Distance from a device's own level from which drift adds up, by feature; empty without `--own-levels`. */
  ownLevels: Record<string, number>;
  heldOut: HeldOutReport | { skipped: string };
}

/** Parses a number for commander, which turns a failure into a usage error. */
export function numberFlag(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("It is not a number.");
  return value;
}

/** Parses `a,b,c` for commander. */
export function featuresFlag(text: string): string[] {
  try {
    return parseFeatureNames(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Rejection ? error.reason : String(error));
  }
}

/** A model name from the file to write: `models/thermal-inlet.json` is `thermal-inlet`. */
export function nameOf(path: string): string {
  return basename(path)
    .replace(/\.json$/i, "")
    .replaceAll(/[^A-Za-z0-9._-]/g, "-")
    .slice(0, 64);
}

/** Options that every kind of training takes. */
export function withTrainingOptions(command: Command): Command {
  return command
    .requiredOption(
      "--data <file>",
      "CSV with a header row, also gzipped; normal operation in the order of measurement",
    )
    .requiredOption("--out <file>", "model file to write (JSON)")
    .option(
      "--features <a,b>",
      "columns to train on; default every numeric column that is no label, time or id",
      featuresFlag,
    )
    .option("--name <name>", "model name; default from --out")
    .option(
      "--label <column>",
      "column with 1 for anomalies, which are not trained on; default `label` or `is_attack` if there is one",
    )
    .option("--no-ordered", "the rows are in no order: leave the drift guard off")
    .option("--own-levels", "devices sit at levels of their own: watch the drift of each from its own as well")
    .option("--json", "print the report as one line of JSON");
}

/** Turns a refused input into one line and exit code 1. */
export async function orFail(work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Rejection) throw new CommandFailure(error.reason);
    throw error;
  }
}

/** How a model of the same options does on rows that it was not trained on, or why that cannot be said. */
export function tryHeldOut(
  normal: TrainingData,
  anomalies: TrainingData,
  train: (data: TrainingData) => Model,
): TrainReport["heldOut"] {
  try {
    return evaluateHeldOut(normal, anomalies, train);
  } catch (error) {
    if (error instanceof Rejection) return { skipped: error.reason };
    throw error;
  }
}

/** The part of the report that does not depend on the kind. */
export function reportOf(
  model: Model,
  heldOut: TrainReport["heldOut"],
  rest: Pick<TrainReport, "out" | "ignoredColumns" | "rowsLabelledAnomalous">,
): TrainReport {
  return {
    model: modelLabel(model),
    ...rest,
    features: model.featureNames,
    rowsUsed: model.training?.rows ?? 0,
    rowsDropped: model.training?.dropped ?? 0,
    tailLimits: Object.fromEntries((model.tails ?? []).map((limits, i) => [model.featureNames[i], { ...limits }])),
    ownLevels: ownLevelsOf(model),
    heldOut,
  };
}

function ownLevelsOf({ drift, featureNames }: Model): Record<string, number> {
  const distances = (drift ?? []).map(({ ownLevel }) => ownLevel && ownLevel.allowance * ownLevel.sd);
  return Object.fromEntries(
    featureNames.flatMap((name, i) => (distances[i] === undefined ? [] : [[name, distances[i] as number]])),
  );
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/**
 * The report as lines for people.
 *
 * @param own lines about this kind of model, after the rows.
 * @param kind what the model is called in a sentence, e.g. `forest`.
 */
export function describeReport(report: TrainReport, own: readonly string[], kind: string): string[] {
  const lines = [
    `${report.model} written to ${report.out}`,
    `features: ${report.features.join(", ")}`,
    ...(report.ignoredColumns.length > 0 ? [`columns not used: ${report.ignoredColumns.join(", ")}`] : []),
    `rows: ${report.rowsUsed} used, ${report.rowsDropped} dropped for missing values, ` +
      `${report.rowsLabelledAnomalous} labelled anomalous and left out`,
    ...own,
  ];
  for (const [feature, { lower, upper }] of Object.entries(report.tailLimits)) {
    lines.push(`always an anomaly: ${feature} below ${lower.toPrecision(5)} or above ${upper.toPrecision(5)}`);
  }
  for (const [feature, distance] of Object.entries(report.ownLevels)) {
    lines.push(`drift: ${feature} more than ${distance.toPrecision(3)} from a device's own level`);
  }
  const { heldOut } = report;
  if ("skipped" in heldOut) return [...lines, `held-out check skipped: ${heldOut.skipped}`];
  lines.push(
    `held out: of the last ${heldOut.rows} normal rows, ${percent(heldOut.flagRate)} flagged (false positives)`,
  );
  if (!heldOut.labelled) return lines;
  const { anomalies, recall, falsePositiveRate, auc, baseline } = heldOut.labelled;
  lines.push(
    `labelled: ${percent(recall)} of ${anomalies} anomalies found at ${percent(falsePositiveRate)} false positives, AUC ${auc.toFixed(3)}`,
    `one threshold (${baseline.feature} ${baseline.rule}, chosen in hindsight): ${percent(baseline.recall)} found at the same rate, AUC ${baseline.auc.toFixed(3)}`,
  );
  if (baseline.auc >= auc) lines.push(`the ${kind} is no better than one threshold here: prefer the threshold`);
  return lines;
}
