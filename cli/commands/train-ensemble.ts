import { Command, Option } from "commander";
import { ENSEMBLE_RULES, type EnsembleRule } from "../../lib/anomaly/ensemble.js";
import { modelLabel } from "../../lib/anomaly/model.js";
import { readModelFile, writeModelFile } from "../../lib/anomaly/model-file.js";
import { TRAIN_DEFAULTS } from "../../lib/anomaly/train.js";
import { type EnsembleOptions, featuresOf, trainEnsemble } from "../../lib/anomaly/train-ensemble.js";
import { labelledData, readCsvFile, splitByLabel } from "../../lib/anomaly/training-table.js";
import { Rejection } from "../../lib/common/rejection.js";
import { CommandFailure, UsageFailure } from "../failure.js";
import { describeReport, nameOf, numberFlag, orFail, reportOf, type TrainReport, tryHeldOut } from "../train-report.js";

interface TrainFlags {
  models: string[];
  data?: string;
  out: string;
  rule: EnsembleRule;
  contamination: number;
  name?: string;
  label?: string;
  ordered: boolean;
  json?: boolean;
}

interface Report extends TrainReport {
  rule: EnsembleRule;
  threshold: number;
  members: { model: string; kind: string }[];
}

function readMember(path: string) {
  try {
    return readModelFile(path);
  } catch (error) {
    throw new CommandFailure(`${path}: ${error instanceof Rejection ? error.reason : (error as Error).message}`);
  }
}

function run(flags: TrainFlags): void {
  const { rule, contamination, ordered } = flags;
  if (!flags.data && rule !== "majority") throw new UsageFailure(`the rule ${rule} needs --data`);
  const models = flags.models.map(readMember);
  const options: EnsembleOptions = { rule, contamination, ordered, name: flags.name ?? nameOf(flags.out) };
  const table = flags.data === undefined ? undefined : readCsvFile(flags.data);
  const data = table && labelledData(table, featuresOf(models), flags.label);
  const parts = data && splitByLabel(data);
  const model = trainEnsemble(models, parts?.normal, options);
  const heldOut = parts
    ? tryHeldOut(parts.normal, parts.anomalies, (rows) => trainEnsemble(models, rows, options))
    : { skipped: "no --data" };
  writeModelFile(flags.out, model);
  const anomalies = parts?.anomalies;
  const rowsLabelledAnomalous = anomalies ? anomalies.values.length / anomalies.featureNames.length : 0;
  const rest = { out: flags.out, ignoredColumns: data?.ignored ?? [], rowsLabelledAnomalous };
  const report: Report = {
    ...reportOf(model, heldOut, rest),
    rule,
    threshold: model.ensemble.threshold,
    members: models.map((member) => ({ model: modelLabel(member), kind: member.kind })),
  };
  const members = report.members.map((member) => `${member.model} (${member.kind})`).join(", ");
  const own = [`members: ${members}`, `rule: ${rule}, threshold ${report.threshold.toFixed(4)}`];
  console.log(flags.json ? JSON.stringify(report) : describeReport(report, own, "ensemble").join("\n"));
}

const RULES = `
Rules:
  mean      average of the members' scores, each first brought to 0..1 by its mean and standard deviation over the
            rows of --data (Kriegel et al. 2011); anomalies are what lies above all but --contamination of those rows
  max       the highest of the same scores: finds what one member alone sees, and its false alarms too
  majority  more than half of the members call the row an anomaly; needs no data

The held-out check calibrates on the first four fifths of --data; the members themselves may have seen all of it.`;

/** `redoubt train ensemble`: several models that judge together. */
export function trainEnsembleCommand(): Command {
  return new Command("ensemble")
    .description("one model of several: trained or imported ones of any kind")
    .requiredOption("--models <files...>", "two or more model files")
    .requiredOption("--out <file>", "model file to write (JSON)")
    .addOption(new Option("--rule <rule>", "how verdicts are combined").choices(ENSEMBLE_RULES).default("mean"))
    .option("--data <file>", "CSV of normal operation with the features of all models, in the order of measurement")
    .option(
      "--contamination <share>",
      "share of these rows that may be flagged",
      numberFlag,
      TRAIN_DEFAULTS.contamination,
    )
    .option("--name <name>", "model name; default from --out")
    .option(
      "--label <column>",
      "column with 1 for anomalies, which are left out; default `label` or `is_attack` if there is one",
    )
    .option("--no-ordered", "the rows are in no order: leave the drift guard off")
    .option("--json", "print the report as one line of JSON")
    .addHelpText("after", RULES)
    .action((flags: TrainFlags) => orFail(() => run(flags)));
}
