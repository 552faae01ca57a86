import { Command } from "commander";
import { keystoreCommand } from "../anchor/keystore-command.js";
import { deployCommand, deviceCommand, writerCommand } from "../anchor/owner-commands.js";
import { runCommand } from "../anchor/run-command.js";
import { statusCommand } from "../anchor/status-command.js";

/** `redoubt anchor`: a log's roots and trust on an Ethereum chain. */
export function anchorCommand(): Command {
  const command = new Command("anchor").description("anchors a ledger on an Ethereum chain");
  for (const make of [keystoreCommand, deployCommand, writerCommand, deviceCommand, statusCommand, runCommand]) {
    command.addCommand(make());
  }
  return command;
}
