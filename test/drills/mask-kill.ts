import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killDrill } from "../support/mask-kill.js";
import type { Drill } from "./drill.js";

const KILLS = 100;
const REDUCED_KILLS = 10;

export const maskKill: Drill = {
  name: "mask-kill",
  summary: `kill -9 a releasing mask ${KILLS} times (${REDUCED_KILLS}): no released value is missing in the account`,
  async run({ reduced, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-mask-kill-"));
    try {
      const { kills, released, booked } = await killDrill(reduced ? REDUCED_KILLS : KILLS, folder, seed, (done) => {
        if (done % 10 === 0) progress(`${done} kills`);
      });
      return `${kills} kills, ${released} values released, ${booked} booked`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
