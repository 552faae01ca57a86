import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firmwareKill } from "../support/firmware-kill.js";
import type { Drill } from "./drill.js";

const KILLS = 200;
const REDUCED_KILLS = 5;

export const firmwareKillDrill: Drill = {
  name: "firmware-kill",
  summary: `kill -9 the virtual device ${KILLS} times (${REDUCED_KILLS}) while its flash fails: no number twice, no forgery obeyed`,
  async run({ reduced, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-firmware-kill-"));
    try {
      const kills = reduced ? REDUCED_KILLS : KILLS;
      const result = await firmwareKill(folder, kills, seed, (done) => {
        if (done % 20 === 0) progress(`${done} kills`);
      });
      const { messages, commandsSent, commandsTaken, forgeriesSent, refused } = result;
      return `${kills} kills, ${messages} messages, 0 numbers twice; ${commandsTaken} of ${commandsSent} commands taken, each once; 0 of ${forgeriesSent} forgeries obeyed, ${refused} refusals; recovered`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
