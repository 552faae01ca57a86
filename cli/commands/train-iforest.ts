import { Command } from "commander";
import { writeModelFile } from "../../lib/anomaly/model-file.js";
import { TRAIN_DEFAULTS, type TrainOptions, trainModel } from "../../lib/anomaly/train.js";
import { trainInWorker } from "../../lib/anomaly/train-in-worker.js";
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
  ownLevels?: boolean;
  json?: boolean;
}

interface Report extends TrainReport {
  threshold: number;
}

async function run(flags: TrainFlags): Promise<void> {
  const data = labelledData(readCsvFile(flags.data), flags.features, flags.label);
  const { normal, anomalies } = splitByLabel(data);
  const { trees, sampleSize, contamination, seed } = flags;
  const options: TrainOptions = { trees, sampleSize, contamination, seed, name: flags.name ?? nameOf(flags.out) };
  if (!flags.ordered) options.drift = "off";
  if (flags.ownLevels) options.ownLevels = true;

  const bar = new ProgressBar("training", trees + 2);
  const model = await trainInWorker(normal, options, { progress: (done) => bar.update(done) });
  bar.finish();
  const heldOut = tryHeldOut(normal, anomalies, (rows) => trainModel(rows, options));
  writeModelFile(flags.out, model);
  const rowsLabelledAnomalous = anomalies.values.length / anomalies.featureNames.length;
  const report: Report = {
    ...reportOf(model, heldOut, { out: flags.out, ignoredColumns: data.ignored, rowsLabelledAnomalous }),
    threshold: model.threshold,
  };
  const own = [`threshold: ${report.threshold.toFixed(4)}`];
  console.log(flags.json ? JSON.stringify(report) : describeReport(report, own, "forest").join("\n"));
}

/** `redoubt train iforest`: an isolation forest with its tail and drift guards. */
export function trainIforestCommand(): Command {
  return withTrainingOptions(
    new Command("iforest").description(
      "isolation forest, with limits for values outside the trained range and for drift",
    ),
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
    .action((flags: TrainFlags) => orFail(() => run(flags)));
}
