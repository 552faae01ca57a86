import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireOnMachine } from "../../setup.js";
import { findMosquitto } from "../../support/brokers.js";
import { gatewayKill, startLibraryGateway } from "../../support/gateway-kill.js";

describe("kill -9 of a gateway", () => {
  it("loses no acknowledged message and stores none twice, with a server that misbehaves", async function () {
    requireOnMachine(this, findMosquitto() !== undefined, "mosquitto (apt-get install mosquitto)");
    const folder = mkdtempSync(join(tmpdir(), "redoubt-gateway-kill-"));
    try {
      const { acknowledged, stored } = await gatewayKill(folder, 2, startLibraryGateway, 20_260_101);
      assert.ok(acknowledged > 100 && stored >= acknowledged, `${acknowledged} acknowledged, ${stored} stored`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
