import { basename } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { evaluateHeldOut, type HeldOutReport } from "../../lib/anomaly/evaluation.js";
import type { AnomalyModel } from "../../lib/anomaly/model.js";
import { writeModelFile } from "../../lib/anomaly/model-file.js";
import { TRAIN_DEFAULTS, type TrainOptions, trainModel } from "../../lib/anomaly/train.js";
import { trainInWorker } from "../../lib/anomaly/train-in-worker.js";
import { parseFeatureNames } from "../../lib/anomaly/training-data.js";
import { labelledData, readCsvFile, splitByLabel } from "../../lib/anomaly/training-table.js";
import { Rejection } from "../../lib/common/rejection.js";
import { CommandFailure } from "../failure.js";
import { ProgressBar } from "../progress.js";

interface TrainFlags {
  data: string;
  out: string;
  features?: string[];
  trees: number;
  sampleSize: number;
  contamination: number;
  seed: number;
  name?: string;
  label?: string;
  ordered: boolean;
  json?: boolean;
}

interface Report {
  model: string;
  out: string;
  features: string[];
  ignoredColumns: string[];
  rowsUsed: number;
  rowsDropped: number;
  rowsLabelledAnomalous: number;
  threshold: number;
  tailLimits: Record<string, { lower: number; upper: number }>;
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

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

function describe(report: Report): string[] {
  const lines = [
    `${report.model} written to ${report.out}`,
    `features: ${report.features.join(", ")}`,
    ...(report.ignoredColumns.length > 0 ? [`columns not used: ${report.ignoredColumns.join(", ")}`] : []),
    `rows: ${report.rowsUsed} used, ${report.rowsDropped} dropped for missing values, ` +
      `${report.rowsLabelledAnomalous} labelled anomalous and left out`,
    `threshold: ${report.threshold.toFixed(4)}`,
  ];
  for (const [feature, { lower, upper }] of Object.entries(report.tailLimits)) {
    lines.push(`always an anomaly: ${feature} below ${lower.toPrecision(5)} or above ${upper.toPrecision(5)}`);
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
  if (baseline.auc >= auc) lines.push("the forest is no better than one threshold here: prefer the threshold");
  return lines;
}

function reportOf(
  model: AnomalyModel,
  heldOut: Report["heldOut"],
  rest: Pick<Report, "out" | "ignoredColumns">,
  anomalies: number,
): Report {
  return {
    model: `${model.name}@${model.revision}`,
    ...rest,
    features: model.featureNames,
    rowsUsed: model.training.rows,
    rowsDropped: model.training.dropped,
    rowsLabelledAnomalous: anomalies,
    threshold: model.threshold,
    tailLimits: Object.fromEntries(model.featureNames.map((feature, i) => [feature, { ...model.tails[i]! }])),
    heldOut,
  };
}

function tryHeldOut(...args: Parameters<typeof evaluateHeldOut>): Report["heldOut"] {
  try {
    return evaluateHeldOut(...args);
  } catch (error) {
    if (error instanceof Rejection) return { skipped: error.reason };
    throw error;
  }
}

/** A model name from the file to write: `models/thermal-inlet.json` is `thermal-inlet`. */
function nameOf(path: string): string {
  return basename(path)
    .replace(/\.json$/i, "")
    .replaceAll(/[^A-Za-z0-9._-]/g, "-")
    .slice(0, 64);
}

async function run(flags: TrainFlags): Promise<void> {
  const data = labelledData(readCsvFile(flags.data), flags.features, flags.label);
  const { normal, anomalies } = splitByLabel(data);
  const { trees, sampleSize, contamination, seed } = flags;
  const options: TrainOptions = { trees, sampleSize, contamination, seed, name: flags.name ?? nameOf(flags.out) };
  if (!flags.ordered) options.drift = "off";

  const bar = new ProgressBar("training", trees + 2);
  const model = await trainInWorker(normal, options, { progress: (done) => bar.update(done) });
  bar.finish();
  const heldOut = tryHeldOut(normal, anomalies, (rows) => trainModel(rows, options));
  writeModelFile(flags.out, model);
  const report = reportOf(
    model,
    heldOut,
    { out: flags.out, ignoredColumns: data.ignored },
    anomalies.values.length / anomalies.featureNames.length,
  );
  console.log(flags.json ? JSON.stringify(report) : describe(report).join("\n"));
}

/** `redoubt train iforest`: an isolation forest with its tail and drift guards. */
export function trainIforestCommand(): Command {
  return new Command("iforest")
    .description("isolation forest, with limits for values outside the trained range and for drift")
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
    .option("--trees <n>", "number of trees", numberFlag, TRAIN_DEFAULTS.trees)
    .option("--sample-size <n>", "rows that each tree sees", numberFlag, TRAIN_DEFAULTS.sampleSize)
    .option(
      "--contamination <share>",
      "share of the training rows that are anomalies",
      numberFlag,
      TRAIN_DEFAULTS.contamination,
    )
    .option("--seed <n>", "equal seeds give equal forests", numberFlag, TRAIN_DEFAULTS.seed)
    .option("--name <name>", "model name; default from --out")
    .option(
      "--label <column>",
      "column with 1 for anomalies, which are not trained on; default `label` if there is one",
    )
    .option("--no-ordered", "the rows are in no order: leave the drift guard off")
    .option("--json", "print the report as one line of JSON")
    .action(async (flags: TrainFlags) => {
      try {
        await run(flags);
      } catch (error) {
        if (error instanceof Rejection) throw new CommandFailure(error.reason);
        throw error;
      }
    });
}
