import { Command } from "commander";
import { trainClassifierCommands } from "./train-classifier.js";
import { trainEnsembleCommand } from "./train-ensemble.js";
import { trainIforestCommand } from "./train-iforest.js";
import { trainOcsvmCommand } from "./train-ocsvm.js";

/** `redoubt train`: one subcommand per kind of model. */
export function trainCommand(): Command {
  const command = new Command("train")
    .description("train a model from a CSV file, or combine models; see `redoubt train <kind> --help`")
    .addCommand(trainIforestCommand())
    .addCommand(trainOcsvmCommand())
    .addCommand(trainEnsembleCommand());
  for (const classifier of trainClassifierCommands()) command.addCommand(classifier);
  return command;
}
