import { existsSync } from "node:fs";
import { AttackedBroker } from "../support/attacked-broker.js";
import type { Drill } from "./drill.js";

const ROUNDS = 20;
const REDUCED_ROUNDS = 1;

export const brokerPreauth: Drill = {
  name: "broker-preauth",
  summary: `${ROUNDS} waves (${REDUCED_ROUNDS}) of huge, slow, idle and guessing clients: the broker grows < 20 MB, serves on`,
  async run({ reduced, progress }) {
    if (!existsSync("/proc/self/status")) throw new Error("it needs /proc (Linux)");
    const rounds = reduced ? REDUCED_ROUNDS : ROUNDS;
    const attacked = await AttackedBroker.start();
    try {
      const growth = await attacked.attackBeforeLogin(rounds, (done) => progress(`${done} of ${rounds} waves`));
      return `${rounds} waves of 168 sockets, peak memory grew by ${(growth / 1024 / 1024).toFixed(1)} MB`;
    } finally {
      await attacked.stop();
    }
  },
};
