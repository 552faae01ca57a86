import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokerRestarts } from "../support/broker-restarts.js";
import type { Drill } from "./drill.js";

const RESTARTS = 20;
const REDUCED_RESTARTS = 4;
const MESSAGES = 1000;

export const brokerRestart: Drill = {
  name: "broker-restart",
  summary: `restart Mosquitto ${RESTARTS} times (${REDUCED_RESTARTS}) at QoS 1: every acknowledged message reaches the journal`,
  async run({ reduced, progress }) {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-broker-restart-"));
    try {
      const restarts = reduced ? REDUCED_RESTARTS : RESTARTS;
      const { sent, received } = await brokerRestarts(folder, restarts, reduced ? 100 : MESSAGES, (done) =>
        progress(`${done} restarts`),
      );
      return `${restarts} restarts, ${sent} acknowledged, 0 lost, ${received - sent} copies`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
