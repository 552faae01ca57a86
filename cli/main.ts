#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { loadCommands } from "./commands/index.js";
import { CommandFailure, UsageFailure } from "./failure.js";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

function version(): string {
  const manifest = JSON.parse(readFileSync(join(__dirname, "..", "..", "package.json"), "utf8")) as { version: string };
  return manifest.version;
}

function exitOnUsageErrors(command: Command): void {
  command.exitOverride();
  command.showHelpAfterError("(--help shows the options)");
  for (const subcommand of command.commands) exitOnUsageErrors(subcommand);
}

async function main(): Promise<number> {
  const program = new Command("redoubt")
    .description("Encrypts, scores, masks and watches sensor data. Every command has --help.")
    .version(version());
  for (const command of loadCommands(process.argv[2])) program.addCommand(command);
  exitOnUsageErrors(program);
  try {
    await program.parseAsync(process.argv);
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (error instanceof UsageFailure) {
      console.error(`redoubt: ${error.message}`);
      return EXIT_USAGE;
    }
    if (error instanceof CommandFailure) console.error(`redoubt: ${error.message}`);
    else
      console.error(error instanceof Error ? (process.env.DEBUG ? error.stack : `redoubt: ${error.message}`) : error);
    return EXIT_FAILED;
  }
}

/**
 * A reader that goes away, such as `head`, is no error. What runs until it is stopped is stopped; everything else ends by
 * itself, since what it changes on the disk must not be left halfway.
 */
function mindReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      // A command that has its own listener ends by it.
      const isMinded = stream.listenerCount("error") > 1;
      if (!isMinded && process.listenerCount("SIGTERM") > 0) process.kill(process.pid, "SIGTERM");
    });
  }
}

mindReaders();
main().then((code) => {
  process.exitCode = code;
});
