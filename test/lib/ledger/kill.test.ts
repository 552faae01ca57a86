import assert from "node:assert/strict";
import { ledgerKillDrill } from "../../support/ledger-kill.js";
import { LedgerFolder } from "../../support/ledgers.js";

describe("ledger under kill -9", () => {
  it("has every entry and root that was acknowledged, and verifies", async () => {
    const folder = new LedgerFolder();
    try {
      const { acknowledged, recorded } = await ledgerKillDrill(6, folder);
      assert.ok(recorded >= acknowledged);
    } finally {
      folder.remove();
    }
  });
});
