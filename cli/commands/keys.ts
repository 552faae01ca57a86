import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { KEY_FAMILIES, type KeyFamily } from "../../lib/envelope/key-family.js";
import { createKeyFile, loadKeyFile } from "../../lib/envelope/key-file.js";
import { KeyFailure, type KeyRing } from "../../lib/envelope/key-ring.js";
import { CommandFailure } from "../failure.js";
import { keysProvisionCommand } from "./keys-provision.js";
import { keysRotateCommand } from "./keys-rotate.js";

interface JsonOption {
  json?: boolean;
}

/** What may be shown of a key file: never key bytes. */
interface KeyFileReport {
  file: string;
  family?: KeyFamily;
  keys?: { kid?: string; fingerprint: string }[];
  error?: string;
}

function orFail<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof KeyFailure) throw new CommandFailure(error.message);
    throw error;
  }
}

function report(file: string, ring: KeyRing): KeyFileReport {
  return { file, ...ring.toJSON() };
}

function print(reports: KeyFileReport[], options: JsonOption): void {
  for (const entry of reports) {
    if (options.json) {
      console.log(JSON.stringify(entry));
    } else if (entry.error !== undefined) {
      console.log(`${entry.file}  cannot be used: ${entry.error}`);
    } else {
      const keys = (entry.keys ?? []).map(({ kid, fingerprint }) => (kid ? `${kid}:${fingerprint}` : fingerprint));
      console.log(`${entry.file}  ${entry.family}  ${keys.join(" ")}`);
    }
  }
}

/** Files of a folder that could be key files: sub-folders and dot files are left out. */
function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
      .map((entry) => join(path, entry.name))
      .sort();
  } catch (error) {
    throw new CommandFailure((error as Error).message);
  }
}

function list(path: string, options: JsonOption): void {
  const files = filesOf(path);
  const reports = files.map((file): KeyFileReport => {
    try {
      return report(file, loadKeyFile(file));
    } catch (error) {
      if (!(error instanceof KeyFailure)) throw error;
      if (files.length === 1 && file === path) throw new CommandFailure(error.message);
      return { file, error: error.message };
    }
  });
  print(reports, options);
}

function generateCommand(): Command {
  return new Command("generate")
    .description("Writes a new key to a new file that only you can read; never overwrites one")
    .addOption(new Option("--profile <family>", "what the key is for").choices([...KEY_FAMILIES]).makeOptionMandatory())
    .requiredOption("--out <file>", "the key file")
    .option("--json", "prints one JSON object")
    .action((options: JsonOption & { profile: KeyFamily; out: string }) => {
      print(
        [
          report(
            options.out,
            orFail(() => createKeyFile(options.out, options.profile)),
          ),
        ],
        options,
      );
    });
}

function listCommand(): Command {
  return new Command("list")
    .description("Shows the fingerprints of the keys in a file, or in the files of a folder")
    .argument("<path>", "key file or folder")
    .option("--json", "prints one JSON object per file")
    .action(list);
}

/** `redoubt keys`: key files, without ever showing a key. */
export function keysCommand(): Command {
  const command = new Command("keys").description("Makes, rotates and lists key files; provisions devices");
  for (const make of [generateCommand, listCommand, keysProvisionCommand]) command.addCommand(make());
  command.addCommand(keysRotateCommand((file, ring, options) => print([report(file, ring)], options)));
  return command;
}
