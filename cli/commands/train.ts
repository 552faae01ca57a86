import { Command } from "commander";
import { trainBaselineCommand } from "./train-baseline.js";
import { trainClassifierCommands } from "./train-classifier.js";
import { trainEnsembleCommand } from "./train-ensemble.js";
import { trainIforestCommand } from "./train-iforest.js";
import { trainOcsvmCommand } from "./train-ocsvm.js";

/** `redoubt train`: one subcommand per kind of model. */
export function trainCommand(): Command {
  const command = new Command("train")
    .description("train a model from a CSV file, combine models, or learn a network; see `redoubt train <kind> --help`")
    .addCommand(trainIforestCommand())
    .addCommand(trainOcsvmCommand())
    .addCommand(trainEnsembleCommand());
  command.addCommand(trainBaselineCommand());
  for (const classifier of trainClassifierCommands()) command.addCommand(classifier);
  return command;
}
