import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { Accountant, budgetFile } from "../../lib/privacy/accountant.js";

export const DRILL_MASK = "drill";
export const DRILL_GROUP = "zone";

/** Starts a mask that releases as fast as it can, kills it some time after its first value, and counts the values. */
async function releasesUntilKilled(folder: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, ["--require", "tsx/cjs", join(__dirname, "mask-kill-child.ts"), folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let released = 0;
  child.stdout.on("data", (data: Buffer) => {
    if (released === 0) setTimeout(() => child.kill("SIGKILL"), afterMs);
    for (const byte of data) if (byte === 0x0a) released++;
  });
  await once(child, "close");
  return released;
}

export interface KillDrillResult {
  kills: number;
  /** Values that were seen outside. */
  released: number;
  /** Values that the account on disk holds. */
  booked: number;
}

/**
 * Kills a releasing process `kills` times at random moments; each one goes on with the account of the last.
 *
 * @throws {AssertionError} when the account holds fewer values than were released, or more than one too many a kill.
 */
export async function killDrill(
  kills: number,
  folder: string,
  seed = 1,
  onProgress: (done: number) => void = () => {},
): Promise<KillDrillResult> {
  const random = new SeededRandom(seed);
  let released = 0;
  for (let i = 0; i < kills; i++) {
    released += await releasesUntilKilled(folder, random.uniform() * 60);
    onProgress(i + 1);
  }
  const account = new Accountant(budgetFile(folder, DRILL_MASK)).record(DRILL_GROUP, 0);
  const booked = account?.total.releases ?? 0;
  assert.ok(released > 0, "the child released something");
  assert.ok(booked >= released, `${booked} booked, ${released} released`);
  assert.ok(booked <= released + kills, `${booked} booked, ${released} released: at most one too many per kill`);
  return { kills, released, booked };
}
