import { statSync, writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { CLASSIFIER_KINDS, type ClassifierKind } from "../../lib/anomaly/classify/fit.js";
import { type FlowTable, readFlowTable } from "../../lib/anomaly/classify/flow-table.js";
import { reportText } from "../../lib/anomaly/classify/report-text.js";
import { SPLIT_KINDS, type SplitKind } from "../../lib/anomaly/classify/split.js";
import { CLASSIFIER_DEFAULTS, type TrainClassifierOptions } from "../../lib/anomaly/classify/train-classifier.js";
import { trainClassifierInWorker } from "../../lib/anomaly/classify/train-in-worker.js";
import { writeModelFile } from "../../lib/anomaly/model-file.js";
import { ProgressBar } from "../progress.js";
import { nameOf, numberFlag, orFail } from "../train-report.js";

interface ClassifierFlags {
  data: string;
  out: string;
  name?: string;
  label: string;
  normal: string[];
  dropPorts: boolean;
  keepDuplicates?: boolean;
  recipe?: boolean;
  features?: number;
  maxCorrelation: number;
  always: string[];
  distance?: boolean;
  split: SplitKind;
  testShare: number;
  leaveOneOut: boolean;
  trees?: number;
  maxDepth?: number;
  minLeaf?: number;
  k?: number;
  seed: number;
  report?: string;
  json?: boolean;
}

const list = (text: string): string[] => {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) throw new InvalidArgumentError("It names nothing.");
  return names;
};

async function readTable(flags: ClassifierFlags): Promise<FlowTable> {
  const bar = new ProgressBar("reading", statSync(flags.data).size);
  const { label, dropPorts } = flags;
  const table = await readFlowTable(flags.data, { label, dropPorts, progress: (bytes) => bar.update(bytes) });
  bar.finish();
  return table;
}

function optionsOf(kind: ClassifierKind, flags: ClassifierFlags): TrainClassifierOptions {
  const defaults = CLASSIFIER_DEFAULTS;
  const { trees = defaults.trees, k = defaults.k, minLeaf = defaults.minLeaf, maxDepth } = flags;
  const { recipe, features = defaults.features, maxCorrelation, always } = flags;
  return {
    kind,
    name: flags.name ?? nameOf(flags.out),
    seed: flags.seed,
    now: Date.now(),
    normal: flags.normal,
    trees,
    k,
    limits: { minLeaf, ...(maxDepth !== undefined && { maxDepth }) },
    ...(recipe && { recipe: { features, maxCorrelation, always } }),
    distance: flags.distance ?? false,
    keepDuplicates: flags.keepDuplicates ?? false,
    split: flags.split,
    testShare: flags.testShare,
    leaveOneOut: flags.leaveOneOut,
  };
}

async function run(kind: ClassifierKind, flags: ClassifierFlags): Promise<void> {
  const { set, ignored, dropped } = await readTable(flags);
  let bar: ProgressBar | undefined;
  const { model, report } = await trainClassifierInWorker({ set, options: optionsOf(kind, flags) }, (done, total) => {
    bar ??= new ProgressBar("training", total);
    bar.update(done);
  });
  bar?.finish();
  writeModelFile(flags.out, model);
  const text = reportText(report);
  if (flags.report) writeFileSync(flags.report, text);
  if (flags.json) {
    console.log(JSON.stringify({ ...report, out: flags.out, ignoredColumns: ignored, rowsDropped: dropped }));
    return;
  }
  console.log(text);
  console.log(`columns not used: ${ignored.join(", ") || "none"}; rows dropped for missing values: ${dropped}`);
  console.log(`${report.model} written to ${flags.out}`);
}

const DESCRIPTIONS: Record<ClassifierKind, string> = {
  tree: "decision tree that names flows, from labelled flows such as RT-IoT2022",
  forest: "random forest that names flows, from labelled flows such as RT-IoT2022",
  knn: "nearest neighbours that name flows, from labelled flows such as RT-IoT2022",
};

function withKindOptions(kind: ClassifierKind, command: Command): Command {
  const { trees, minLeaf, k } = CLASSIFIER_DEFAULTS;
  if (kind === "knn") return command.option("--k <n>", "neighbours that vote", numberFlag, k);
  command
    .option("--max-depth <n>", "most splits in a row; no limit by default", numberFlag)
    .option("--min-leaf <n>", "rows that a leaf must hold: more make a smaller file", numberFlag, minLeaf);
  return kind === "forest" ? command.option("--trees <n>", "number of trees", numberFlag, trees) : command;
}

/** `redoubt train tree|forest|knn`: classifiers of network flows, with an honest report. */
export function trainClassifierCommand(kind: ClassifierKind): Command {
  const defaults = CLASSIFIER_DEFAULTS;
  const command = new Command(kind)
    .description(DESCRIPTIONS[kind])
    .requiredOption("--data <file>", "CSV of labelled flows with a header row, also gzipped, in the order of capture")
    .requiredOption("--out <file>", "model file to write (JSON)")
    .option("--name <name>", "model name; default from --out")
    .option("--label <column>", "column with the class", "Attack_type")
    .option("--normal <a,b>", "classes that are no attacks", list, [...defaults.normal])
    .option("--no-drop-ports", "use the ports id.orig_p and id.resp_p: they mark sessions, not attacks")
    .option("--keep-duplicates", "keep rows that are equal in every used column")
    .option("--recipe", "choose columns by mutual information, without those that correlate with a better one")
    .option("--features <n>", "with --recipe: columns to choose (default 20)", numberFlag)
    .option(
      "--max-correlation <r>",
      "with --recipe: largest |Pearson r| of two columns",
      numberFlag,
      defaults.maxCorrelation,
    )
    .option("--always <a,b>", "with --recipe: columns to keep in any case", list, [])
    .option("--distance", "add a row's Euclidean distance from the middle of the training rows as a column")
    .addOption(
      new Option("--split <kind>", "test rows: at random of each class, or the last of each class in the file")
        .choices(SPLIT_KINDS)
        .default("stratified"),
    )
    .option("--test-share <share>", "share of each class to test with", numberFlag, defaults.testShare)
    .option("--no-leave-one-out", "do not train once more per class without it")
    .option("--seed <n>", "equal seeds give equal models", numberFlag, defaults.seed)
    .option("--report <file>", "write the report as Markdown")
    .option("--json", "print the report as one line of JSON");
  return withKindOptions(kind, command).action((flags: ClassifierFlags) => orFail(() => run(kind, flags)));
}

/** One command per kind. */
export const trainClassifierCommands = (): Command[] => CLASSIFIER_KINDS.map(trainClassifierCommand);
