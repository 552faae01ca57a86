import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STORE_KINDS } from "../../lib/occupancy/store/open-driver.js";
import { missingDatabase, startDatabase } from "../support/databases.js";
import { millionDrill } from "../support/occupancy-million.js";
import type { Drill } from "./drill.js";

const FULL = { sessions: 1_000_000, queries: 10_000 };
const REDUCED = { sessions: 20_000, queries: 500 };

export const occupancyMillion: Drill = {
  name: "occupancy-million",
  summary: `${FULL.sessions} WiFi sessions (${REDUCED.sessions}) in each of SQLite, PostgreSQL and MariaDB, encrypted: ${FULL.queries} random questions each (${REDUCED.queries}) are answered as plaintext SQL does, and no name or MAC is in its files or its dump`,
  async run({ reduced, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-occupancy-million-"));
    const said: string[] = [];
    try {
      for (const kind of STORE_KINDS) {
        const missing = missingDatabase(kind);
        if (missing !== undefined) throw new Error(`${kind} is not on this machine: ${missing}`);
        const database = await startDatabase(kind);
        try {
          const counts = reduced ? REDUCED : FULL;
          const result = await millionDrill(await database.fresh(), database, folder, { ...counts, seed, progress });
          said.push(
            `${kind}: ${result.sessions} sessions in ${result.rows} rows (${result.insertedPerSec}/s), ` +
              `${result.queries} queries, ${result.wrong} wrong, ` +
              `no name and no MAC in ${(result.searched / 1e6).toFixed(0)} MB of files and dump`,
          );
        } finally {
          await database.remove();
        }
      }
      return said.join("; ");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
