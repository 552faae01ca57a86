import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayKill, startNodeRedGateway } from "../support/gateway-kill.js";
import type { Drill } from "./drill.js";

const KILLS = 200;
const REDUCED_KILLS = 10;

export const gatewayKillDrill: Drill = {
  name: "gateway-kill",
  summary: `kill -9 gateway-in and spool-out in Node-RED ${KILLS} times (${REDUCED_KILLS}) with a hostile server: nothing lost, nothing twice`,
  async run({ reduced, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-gateway-kill-"));
    try {
      const kills = reduced ? REDUCED_KILLS : KILLS;
      const result = await gatewayKill(folder, kills, startNodeRedGateway, seed, (done) => {
        if (done % 10 === 0) progress(`${done} kills`);
      });
      const { acknowledged, stored, duplicates, moods } = result;
      return `${kills} kills, ${acknowledged} acknowledged, 0 lost, ${stored} stored, ${duplicates} copies refused; ${moods}`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
