import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STORE_KINDS } from "../../lib/occupancy/store/open-driver.js";
import { missingDatabase, startDatabase } from "../support/databases.js";
import { occupancyKillDrill } from "../support/occupancy-kill.js";
import type { Drill } from "./drill.js";

const KILLS = 50;
const REDUCED_KILLS = 5;

export const occupancyKill: Drill = {
  name: "occupancy-kill",
  summary: `kill -9 a process that ingests WiFi sessions ${KILLS} times (${REDUCED_KILLS}) for each kind of database: none that was acknowledged is lost, none is there twice`,
  async run({ reduced, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-occupancy-kill-"));
    const said: string[] = [];
    try {
      for (const kind of STORE_KINDS) {
        const missing = missingDatabase(kind);
        if (missing !== undefined) throw new Error(`${kind} is not on this machine: ${missing}`);
        const database = await startDatabase(kind);
        try {
          const kills = reduced ? REDUCED_KILLS : KILLS;
          const settings = await database.fresh();
          const result = await occupancyKillDrill(kills, settings, folder, seed, (done) => {
            if (done % 10 === 0) progress(`${kind}: ${done} kills`);
          });
          said.push(`${kind}: ${result.kills} kills, ${result.acknowledged} acknowledged, ${result.stored} stored`);
        } finally {
          await database.remove();
        }
      }
      return `${said.join("; ")}; 0 lost, 0 twice`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
