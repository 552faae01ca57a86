import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DRILLS, type DrillName, killDrill } from "../support/mask-kill.js";
import type { Drill } from "./drill.js";

const KILLS = 100;
const REDUCED_KILLS = 10;

export const maskKill: Drill = {
  name: "mask-kill",
  summary: `kill -9 a releasing mask ${KILLS} times (${REDUCED_KILLS}): no released value, alarm or spent day is missing in the account`,
  async run({ reduced, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-mask-kill-"));
    try {
      const said: string[] = [];
      for (const drill of Object.keys(DRILLS) as DrillName[]) {
        const { kills, released, booked, alarmChanges, alarmRuns, days } = await killDrill(
          reduced ? REDUCED_KILLS : KILLS,
          join(folder, drill),
          drill,
          seed,
          (done) => {
            if (done % 10 === 0) progress(`${drill}: ${done} kills`);
          },
        );
        said.push(
          `${drill}: ${kills} kills, ${released} values released, ${booked} booked, ${alarmChanges} alarm changes, ` +
            `${alarmRuns} alarm runs booked, ${days} days`,
        );
      }
      return said.join("; ");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
