import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { homeAt } from "../../lib/common/home.js";
import { writeExport } from "../../lib/ledger/export/write-export.js";
import { Ledger } from "../../lib/ledger/ledger.js";
import { trustLogic } from "../../lib/trust/logic.js";
import { CommandFailure } from "../failure.js";
import { ProgressBar } from "../progress.js";

interface Options {
  origin: string;
  ledger?: string;
  key?: string;
  json?: boolean;
}

function run(folder: string, options: Options): void {
  const home = homeAt(process.env.REDOUBT_HOME, process.cwd());
  const path = options.ledger ?? join(home.state, "ledger.db");
  const keyPath = options.key ?? join(home.keys, "ledger.pem");
  // Opening would make a new one.
  if (!existsSync(path)) throw new CommandFailure(`${path}: there is no ledger; name it with --ledger`);
  const ledger = Ledger.open({ path, keyPath, origin: options.origin, trust: trustLogic });
  try {
    const bar = new ProgressBar("export", ledger.size);
    const summary = writeExport(ledger, folder, (done) => bar.update(done));
    bar.finish();
    if (options.json) console.log(JSON.stringify({ ...summary, vkey: ledger.vkey }));
    else console.log(`${folder}: ${summary.size} entries, ${summary.checkpoints} checkpoints. Key: ${ledger.vkey}`);
  } finally {
    ledger.close();
  }
}

export function exportLedgerCommand(): Command {
  return new Command("export-ledger")
    .description("write a ledger as files that verify-ledger and other transparency tools check; it may be in use")
    .argument("<folder>", "a new folder")
    .requiredOption("--origin <name>", "the log's name, as its node has it")
    .option("--ledger <file>", "database (default: state/ledger.db of the home)")
    .option("--key <file>", "private key (default: keys/ledger.pem of the home)")
    .option("--json", "one object")
    .action(run);
}
