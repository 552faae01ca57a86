import { anvilBinary } from "../support/anvil.js";
import { rollbackDrill } from "../support/chain-rollback.js";
import type { Drill } from "./drill.js";

const FULL = { devices: 50, rounds: 12, anchorerKills: 3 };
/** What CI does. */
export const REDUCED_ROLLBACK = { devices: 15, rounds: 1, anchorerKills: 1 };

export const chainRollback: Drill = {
  name: "chain-rollback",
  summary: `kill -9 a chain ${FULL.rounds} times (${REDUCED_ROLLBACK.rounds}) with the loss of its last blocks, and its anchorer more often: log and chain agree`,
  async run({ reduced, seed, progress }) {
    const binary = anvilBinary();
    if (!binary) throw new Error("there is no anvil for this machine, or npm cannot fetch it");
    const size = reduced ? REDUCED_ROLLBACK : FULL;
    const { entries, anchors, rollbacks, anchorerKills, alerts, credits, gas } = await rollbackDrill(binary, {
      ...size,
      seed,
      progress,
    });
    return (
      `${entries} entries, ${anchors} anchors on the chain, ${rollbacks} rollbacks, ${anchorerKills} kills of the anchorer; ` +
      `${alerts} alerts and ${credits} points equal for ${size.devices} devices; ${Math.round(gas / anchors)} gas per anchor`
    );
  },
};
