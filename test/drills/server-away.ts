import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverAway } from "../support/server-away.js";
import type { Drill } from "./drill.js";

const AWAY_SEC = 3600;
const FULL = { speed: 60, rateHz: 5 };
const REDUCED = { speed: 720, rateHz: 2 };
const MIB = 1_048_576;
const SMALL_BYTES = 2 * MIB;

/** What an hour at the small cap, with both policies, and without a cap that matters comes to. */
export async function serverAwayForAnHour(folder: string, size: typeof FULL, seed: number): Promise<string> {
  const hour = (name: string, maxBytes: number, whenFull: "reject" | "dropOldest") => {
    const own = join(folder, name);
    return serverAway({ folder: own, seed, awaySec: AWAY_SEC, ...size, maxBytes, whenFull });
  };
  const [roomy, reject, drop] = await Promise.all([
    hour("roomy", 256 * MIB, "reject"),
    hour("reject", SMALL_BYTES, "reject"),
    hour("drop", SMALL_BYTES, "dropOldest"),
  ]);
  assert.deepEqual([roomy.missing, roomy.dropped, roomy.waits], [0, 0, 0], "with room for all");
  assert.deepEqual([reject.missing, reject.dropped], [0, 0], "with those that wait for room");
  assert.ok(reject.waits > 0, "the small spool was full");
  assert.ok(drop.dropped > 0 && drop.waits === 0, "the oldest ones were dropped, and counted");
  // Of what was dropped the server may have stored some without being able to say so.
  assert.ok(drop.missing <= drop.dropped, `${drop.missing} missing, ${drop.dropped} counted as dropped`);
  assert.ok(drop.newestMissing <= drop.dropped, "what is missing is the oldest");
  const mib = (bytes: number) => (bytes / MIB).toFixed(1);
  return (
    `${roomy.added} readings each: all delivered once from ${mib(roomy.bytes)} MiB after ${roomy.attempts} attempts; ` +
    `all through ${mib(reject.bytes)} MiB, others waiting; ${drop.dropped} dropped and counted from ${mib(drop.bytes)} MiB, ` +
    `${drop.missing} of them missing, the oldest`
  );
}

export const serverAwayDrill: Drill = {
  name: "server-away",
  summary: `a server that answers 503, 429, resets and times out for an hour, ${FULL.speed} (${REDUCED.speed}) times faster: the spool is bounded, all arrives once`,
  async run({ reduced, seed }) {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-server-away-"));
    try {
      return await serverAwayForAnHour(folder, reduced ? REDUCED : FULL, seed);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
