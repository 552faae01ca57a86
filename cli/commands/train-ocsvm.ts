import { Command, InvalidArgumentError } from "commander";
import { writeModelFile } from "../../lib/anomaly/model-file.js";
import {
  SVM_TRAIN_DEFAULTS,
  SVM_TRAIN_STEPS,
  type SvmTrainOptions,
  trainOneClassSvm,
} from "../../lib/anomaly/train-one-class-svm.js";
import { labelledData, readCsvFile, splitByLabel } from "../../lib/anomaly/training-table.js";
import { ProgressBar } from "../progress.js";
import {
  describeReport,
  nameOf,
  numberFlag,
  orFail,
  reportOf,
  type TrainReport,
  tryHeldOut,
  withTrainingOptions,
} from "../train-report.js";

type Gamma = NonNullable<SvmTrainOptions["gamma"]>;

interface TrainFlags {
  data: string;
  out: string;
  features?: string[];
  nu: number;
  gamma: Gamma;
  maxRows: number;
  tolerance: number;
  seed: number;
  standardise: boolean;
  name?: string;
  label?: string;
  ordered: boolean;
  ownLevels?: boolean;
  json?: boolean;
}

interface Report extends TrainReport {
  nu: number;
  gamma: number;
  /** Rows that the machine itself has seen; the limits come from all. */
  rowsSampled: number;
  supportVectors: number;
  iterations: number;
  converged: boolean;
}

function gammaFlag(text: string): Gamma {
  if (text === "tuned" || text === "scale" || text === "auto") return text;
  const gamma = numberFlag(text);
  if (gamma <= 0) throw new InvalidArgumentError("It is not above 0.");
  return gamma;
}

function describe(report: Report): string[] {
  const { nu, gamma, rowsSampled, rowsUsed, supportVectors, iterations, converged } = report;
  return [
    ...(rowsSampled < rowsUsed ? [`trained on a sample of ${rowsSampled} of them (--max-rows)`] : []),
    `nu ${nu}, gamma ${gamma.toPrecision(6)}: ${supportVectors} support vectors after ${iterations} steps`,
    ...(converged ? [] : ["the optimisation was cut short: the model is not the best one for this data"]),
  ];
}

function run(flags: TrainFlags): void {
  const data = labelledData(readCsvFile(flags.data), flags.features, flags.label);
  const { normal, anomalies } = splitByLabel(data);
  const { nu, gamma, maxRows, tolerance, seed, standardise, ordered } = flags;
  const name = flags.name ?? nameOf(flags.out);
  const options: SvmTrainOptions = { nu, gamma, maxRows, tolerance, seed, standardise, ordered, name };
  if (flags.ownLevels) options.ownLevels = true;

  const bar = new ProgressBar("training", SVM_TRAIN_STEPS);
  const { model, rowsUsed, iterations, converged } = trainOneClassSvm(normal, options, (done) => bar.update(done));
  bar.finish();
  const heldOut = tryHeldOut(normal, anomalies, (rows) => trainOneClassSvm(rows, options).model);
  writeModelFile(flags.out, model);
  const rowsLabelledAnomalous = anomalies.values.length / anomalies.featureNames.length;
  const report: Report = {
    ...reportOf(model, heldOut, { out: flags.out, ignoredColumns: data.ignored, rowsLabelledAnomalous }),
    nu,
    gamma: model.svm.gamma,
    rowsSampled: rowsUsed,
    supportVectors: model.svm.coefficients.length,
    iterations,
    converged,
  };
  console.log(flags.json ? JSON.stringify(report) : describeReport(report, describe(report), "machine").join("\n"));
}

/** `redoubt train ocsvm`: a one-class support vector machine with its tail and drift guards. */
export function trainOcsvmCommand(): Command {
  return withTrainingOptions(
    new Command("ocsvm").description("one-class support vector machine with a Gaussian kernel, and the same limits"),
  )
    .option("--nu <share>", "share of the training rows that may lie outside", numberFlag, SVM_TRAIN_DEFAULTS.nu)
    .option(
      "--gamma <width>",
      "of the kernel: a number, `scale` or `auto` as in scikit-learn, or `tuned`: found by trial",
      gammaFlag,
      SVM_TRAIN_DEFAULTS.gamma,
    )
    .option(
      "--max-rows <n>",
      "train on a sample of so many rows: the work grows with the square",
      numberFlag,
      SVM_TRAIN_DEFAULTS.maxRows,
    )
    .option("--tolerance <violation>", "when to stop", numberFlag, SVM_TRAIN_DEFAULTS.tolerance)
    .option("--no-standardise", "take the features as they are instead of bringing them to one scale")
    .option("--seed <n>", "of the sample", numberFlag, SVM_TRAIN_DEFAULTS.seed)
    .action((flags: TrainFlags) => orFail(() => run(flags)));
}
