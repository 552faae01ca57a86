import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import type { Session } from "../../lib/occupancy/session.js";
import type { StoreSettings } from "../../lib/occupancy/store/open-driver.js";
import { MASTER, macOf, OCTOBER } from "./occupancy.js";

const LIFE = 1_000_000;
const HOUR = 3600;

/** Session `n`: a device of its own, inside one hour, so that it has three rows. */
export function numberedSession(n: number): Session {
  return { mac: macOf(n), ap: `ap-${n % 5}`, start: OCTOBER + (n % 3000), duration: n % 500 };
}

/** Starts a process that ingests, kills it some time after its first line, and returns the groups it acknowledged. */
async function groupsUntilKilled(settings: StoreSettings, journal: string, first: number, afterMs: number) {
  const script = join(__dirname, "occupancy-kill-child.ts");
  const parameters = [JSON.stringify(settings), journal, String(first)];
  const child = spawn(process.execPath, ["--require", "tsx/cjs", script, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (data: string) => {
    if (text === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
    text += data;
  });
  await once(child, "close");
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => line.split(" ").map(Number) as [number, number]);
}

export interface OccupancyKillResult {
  kills: number;
  acknowledged: number;
  stored: number;
}

/**
 * Kills an ingesting process `kills` times; each one goes on with the journal of the last, every third one has none and
 * acknowledges only what the database has. Afterwards every acknowledged session is in the tables, and each session
 * that is there has exactly its three rows.
 *
 * @throws {AssertionError} for a session that was lost or is there twice.
 */
export async function occupancyKillDrill(
  kills: number,
  settings: StoreSettings,
  folder: string,
  seed: number,
  onProgress: (done: number) => void = () => {},
): Promise<OccupancyKillResult> {
  const random = new SeededRandom(seed);
  const journalPath = join(folder, `journal-${settings.kind}.db`);
  const acknowledged: number[] = [];
  for (let i = 0; i < kills; i++) {
    const journal = i % 3 === 2 ? "" : journalPath;
    const groups = await groupsUntilKilled(settings, journal, (i + 1) * LIFE, random.uniform() * 150);
    for (const [from, to] of groups) for (let n = from; n < to; n++) acknowledged.push(n);
    onProgress(i + 1);
  }
  const store = OccupancyStore.open({ store: settings, masters: [MASTER], journalPath });
  try {
    await store.flush();
    for (const n of acknowledged) {
      const { mac, ap, start, duration } = numberedSession(n);
      const { intervals } = await store.presence(mac, start - 1, start + HOUR);
      assert.deepEqual(
        intervals,
        [{ from: start, to: start + Number(duration), ap, isOpen: false }],
        `session ${n} was acknowledged`,
      );
    }
    const { count } = await store.count("all", OCTOBER - 1, OCTOBER + HOUR);
    const tables = await store.verify();
    const rows = tables.find(({ table }) => table === "wl_idx_202610")?.rows;
    assert.equal(rows, 3 * count, "every session has its three rows, none more");
    assert.ok(count >= acknowledged.length && acknowledged.length > 0, `${count} stored, ${acknowledged.length} known`);
    return { kills, acknowledged: acknowledged.length, stored: count };
  } finally {
    await store.close();
  }
}
