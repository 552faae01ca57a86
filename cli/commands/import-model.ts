import { readFileSync } from "node:fs";
import { Command } from "commander";
import { type ImportOptions, importModel } from "../../lib/anomaly/import/import-model.js";
import { modelLabel } from "../../lib/anomaly/model.js";
import { writeModelFile } from "../../lib/anomaly/model-file.js";
import { Rejection } from "../../lib/common/rejection.js";
import { CommandFailure } from "../failure.js";
import { nameOf } from "../train-report.js";

interface ImportFlags {
  out: string;
  name?: string;
  anomalyClasses?: string[];
  json?: boolean;
}

function run(file: string, flags: ImportFlags): void {
  const options: ImportOptions = { name: flags.name ?? nameOf(flags.out) };
  if (flags.anomalyClasses) options.anomalyClasses = flags.anomalyClasses;
  const { model, verification } = importModel(readFileSync(file), options);
  writeModelFile(flags.out, model);
  const report = {
    model: modelLabel(model),
    kind: model.kind,
    out: flags.out,
    origin: `scikit-learn ${model.originVersion}`,
    features: model.featureNames,
    ...("classes" in model && {
      classes: model.classes,
      anomalyClasses: model.anomalyClasses.map((index) => model.classes[index] as string),
    }),
    guards: model.training !== null,
    checkedRows: verification.rows,
    largestDifference: verification.largestDifference,
  };
  if (flags.json) {
    console.log(JSON.stringify(report));
    return;
  }
  const { classes, anomalyClasses } = report;
  console.log(
    [
      `${report.model} (${report.kind}) written to ${report.out}`,
      `features: ${report.features.join(", ")}`,
      ...(classes ? [`classes: ${classes.join(", ")}; an anomaly is: ${anomalyClasses?.join(", ")}`] : []),
      report.guards
        ? "the trained range is known: values far outside of it are noticed in a flow"
        : "the export tells nothing of the training rows: values outside of their range get no special notice",
      verification.rows > 0
        ? `scikit-learn's scores of ${verification.rows} rows repeated, largest difference ${verification.largestDifference.toExponential(1)}`
        : "the export holds no rows to repeat scikit-learn's scores with",
    ].join("\n"),
  );
}

/** `redoubt import-model`: a model that was trained with scikit-learn. */
export function importModelCommand(): Command {
  return new Command("import-model")
    .description("take over an isolation forest, decision tree, random forest or one-class SVM from scikit-learn")
    .argument("<file>", "what models/export_sklearn.py has written")
    .requiredOption("--out <file>", "model file to write (JSON)")
    .option("--name <name>", "model name; default from --out")
    .option(
      "--anomaly-classes <a,b>",
      "classes of a classifier that mean an anomaly; default by their names: all but normal, benign, 0 and the like",
      (text: string) => text.split(",").map((name) => name.trim()),
    )
    .option("--json", "print the report as one line of JSON")
    .action((file: string, flags: ImportFlags) => {
      try {
        run(file, flags);
      } catch (error) {
        if (error instanceof Rejection) throw new CommandFailure(`${file}: ${error.reason}`);
        throw error;
      }
    });
}
