import assert from "node:assert/strict";
import { BootedNodeRed } from "../support/node-red.js";
import { loadAllFlows, paletteProblems } from "../support/palette.js";

describe("Node-RED 4.1 on this Node", function () {
  this.timeout(240_000);
  let nodeRed: BootedNodeRed | undefined;
  after(() => nodeRed?.stop());

  it("loads every node of the palette and every shipped flow without a complaint", async () => {
    nodeRed = await BootedNodeRed.boot({ flows: loadAllFlows(), mqttReconnectMs: 600_000, wholePalette: true });
    assert.match(await nodeRed.untilLogged(/Node-RED version/), /v4\.1/);
    assert.deepEqual(await paletteProblems(nodeRed), []);
  });

  it("offers the flows and examples under Import > Examples", async () => {
    const examples = JSON.stringify(await nodeRed?.getJson("/library/examples/flows/@redoubt/node-red/flows"));
    for (const name of ["thermal-privacy", "thermal-single-sensor"]) assert.ok(examples.includes(name), name);
  });
});
