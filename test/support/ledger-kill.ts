import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { writeExport } from "../../lib/ledger/export/write-export.js";
import { verifyExport } from "../../lib/ledger/verify/verify-export.js";
import { TrustReplay } from "../../lib/trust/replay.js";
import type { LedgerFolder } from "./ledgers.js";

/** What was acknowledged, and what the log holds. */
export interface LedgerKillResult {
  kills: number;
  acknowledged: number;
  recorded: number;
}

/** Starts a process that appends as fast as it can, kills it some time after its first receipt, and returns its lines. */
async function linesUntilKilled(folder: string, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ["--require", "tsx/cjs", join(__dirname, "ledger-kill-child.ts"), folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (data: string) => {
    if (text === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
    text += data;
  });
  await once(child, "close");
  return text.split("\n").slice(0, -1);
}

/**
 * Kills a process that appends `kills` times at random moments; each one goes on with the log of the last. Afterwards
 * every acknowledged entry and checkpoint must be in the log, and an export of it must verify.
 *
 * @throws {AssertionError} for an entry that was acknowledged and is not there, or is there twice.
 */
export async function ledgerKillDrill(
  kills: number,
  folder: LedgerFolder,
  seed = 1,
  onProgress: (done: number) => void = () => {},
): Promise<LedgerKillResult> {
  const random = new SeededRandom(seed);
  const acknowledged = new Map<number, string>();
  const roots = new Map<number, string>();
  for (let i = 0; i < kills; i++) {
    for (const line of await linesUntilKilled(folder.path, random.uniform() * 80)) {
      const [index, leaf, size, root] = line.split(" ");
      assert.ok(!acknowledged.has(Number(index)), `entry ${index} was acknowledged twice`);
      acknowledged.set(Number(index), leaf as string);
      roots.set(Number(size), root as string);
    }
    onProgress(i + 1);
  }
  const ledger = folder.open();
  for (const [index, leaf] of acknowledged) assert.equal(ledger.entry(index)?.leafHash, leaf, `entry ${index}`);
  for (const [size, root] of roots) assert.equal(ledger.rootAt(size).toString("hex"), root, `root of ${size}`);
  const exported = join(folder.path, "export");
  writeExport(ledger, exported);
  const report = verifyExport(exported, { trust: new TrustReplay(), vkey: ledger.vkey });
  assert.equal(report.entries, ledger.size);
  assert.ok(acknowledged.size > 0, "something was acknowledged");
  return { kills, acknowledged: acknowledged.size, recorded: ledger.size };
}
