import { Command } from "commander";
import { countCommand } from "../occupancy/count-command.js";
import { ingestCommand } from "../occupancy/ingest-command.js";
import { presenceCommand } from "../occupancy/presence-command.js";
import { forgetCommand, retentionCommand, rotateCommand, verifyCommand } from "../occupancy/upkeep-commands.js";

/** `redoubt occupancy`: the encrypted WiFi sessions of a database. Whoever has the key file is the proxy. */
export function occupancyCommand(): Command {
  return new Command("occupancy")
    .description("store WiFi sessions that the database cannot read, and ask who was there and how many")
    .addCommand(ingestCommand())
    .addCommand(presenceCommand())
    .addCommand(countCommand())
    .addCommand(rotateCommand())
    .addCommand(forgetCommand())
    .addCommand(retentionCommand())
    .addCommand(verifyCommand());
}
