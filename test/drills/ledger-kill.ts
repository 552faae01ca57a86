import { ledgerKillDrill } from "../support/ledger-kill.js";
import { LedgerFolder } from "../support/ledgers.js";
import type { Drill } from "./drill.js";

const KILLS = 100;
const REDUCED_KILLS = 10;

export const ledgerKill: Drill = {
  name: "ledger-kill",
  summary: `kill -9 a writing ledger ${KILLS} times (${REDUCED_KILLS}): every acknowledged entry and root is there, and the log verifies`,
  async run({ reduced, seed, progress }) {
    const folder = new LedgerFolder();
    try {
      const { kills, acknowledged, recorded } = await ledgerKillDrill(
        reduced ? REDUCED_KILLS : KILLS,
        folder,
        seed,
        (done) => {
          if (done % 10 === 0) progress(`${done} kills`);
        },
      );
      return `${kills} kills, ${acknowledged} entries acknowledged, ${recorded} recorded, 0 lost`;
    } finally {
      folder.remove();
    }
  },
};
