import { Command } from "commander";
import { trainIforestCommand } from "./train-iforest.js";

/** `redoubt train`: one subcommand per kind of model. */
export function trainCommand(): Command {
  return new Command("train")
    .description("train a model from a CSV file; see `redoubt train <kind> --help`")
    .addCommand(trainIforestCommand());
}
