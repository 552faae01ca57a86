import { readFileSync, statSync } from "node:fs";
import { Command } from "commander";
import { parseVkey } from "../../lib/ledger/note.js";
import { ExportFault } from "../../lib/ledger/verify/fault.js";
import { type ExportReport, verifyExport } from "../../lib/ledger/verify/verify-export.js";
import { TrustReplay } from "../../lib/trust/replay.js";
import { UsageFailure } from "../failure.js";
import { ProgressBar } from "../progress.js";

interface Options {
  vkey?: string;
  anchors?: string;
  json?: boolean;
}

const EXIT_FAILED = 1;

function readAnchors(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageFailure(`${path}: no list of anchors in JSON (${(error as Error).message})`);
  }
}

function checkUsage(folder: string, vkey: string | undefined): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new UsageFailure(`${folder} is no folder`);
  if (vkey === undefined) return;
  try {
    parseVkey(vkey.trim());
  } catch (error) {
    throw new UsageFailure(`--vkey: ${(error as Error).message}`);
  }
}

function printReport(report: ExportReport): void {
  const { origin, entries, erased, checkpoints, devices, anchors, rootHash, vkey, keyPinned } = report;
  console.log(`${origin}: ${entries} entries (${erased} erased), ${checkpoints} checkpoints, ${anchors} anchors,`);
  console.log(`trust of ${devices} devices: all as signed. Root ${rootHash}`);
  if (keyPinned) return;
  console.log("The key came with the export, so this says nothing about who made it. Pin it next time:");
  console.log(`  --vkey ${vkey}`);
}

function run(folder: string, options: Options): void {
  checkUsage(folder, options.vkey);
  const anchors = options.anchors === undefined ? undefined : readAnchors(options.anchors);
  let bar: ProgressBar | undefined;
  try {
    const report = verifyExport(folder, {
      trust: new TrustReplay(),
      ...(options.vkey === undefined ? {} : { vkey: options.vkey }),
      ...(anchors === undefined ? {} : { anchors }),
      progress: (done, of) => {
        bar ??= new ProgressBar("verify", of);
        bar.update(done);
      },
    });
    bar?.finish();
    if (options.json) console.log(JSON.stringify({ ok: true, ...report }));
    else printReport(report);
  } catch (error) {
    bar?.finish();
    if (!(error instanceof ExportFault)) throw error;
    const { where, reason } = error;
    if (options.json) console.log(JSON.stringify({ ok: false, where, reason }));
    else console.error(`redoubt: ${where}: ${reason}`);
    process.exitCode = EXIT_FAILED;
  }
}

export function verifyLedgerCommand(): Command {
  return new Command("verify-ledger")
    .description(
      "check an exported ledger: signatures, entries, consistency, trust, anchors; names the first bad entry",
    )
    .argument("<folder>", "what export-ledger wrote")
    .option("--vkey <key>", "the log's key, from a place you trust")
    .option("--anchors <file>", "anchors from a place you trust: JSON list of {size, rootHash}")
    .option("--json", "one object")
    .action(run);
}
