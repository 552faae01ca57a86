import assert from "node:assert/strict";
import { join } from "node:path";
import { writeExport } from "../../lib/ledger/export/write-export.js";
import { mutateExport } from "../support/ledger-mutations.js";
import { eventsTo, LedgerFolder } from "../support/ledgers.js";
import type { Drill } from "./drill.js";

const MUTATIONS = 3000;
const REDUCED_MUTATIONS = 300;
const ENTRIES = 520;

export const ledgerMutations: Drill = {
  name: "ledger-mutations",
  summary: `edit, delete, reorder, truncate an exported ledger ${MUTATIONS} times (${REDUCED_MUTATIONS}): verify-ledger shows every change`,
  async run({ reduced, seed, progress }) {
    const folder = new LedgerFolder();
    try {
      const ledger = folder.open();
      const events = eventsTo(ENTRIES - 1);
      for (let from = 0; from < events.length; from += 9) ledger.append(events.slice(from, from + 9));
      ledger.erase(121, "admin", "drill");
      const exported = join(folder.path, "export");
      writeExport(ledger, exported);
      const mutations = mutateExport(exported, ledger.vkey, reduced ? REDUCED_MUTATIONS : MUTATIONS, seed, (done) => {
        if (done % 300 === 0) progress(`${done} changes`);
      });
      const missed = mutations.filter(({ where }) => where === undefined);
      assert.deepEqual(missed, []);
      const named = mutations.filter(({ where }) => where?.startsWith("entry ")).length;
      return `${mutations.length} changes, 0 missed, ${named} with the number of an entry`;
    } finally {
      folder.remove();
    }
  },
};
