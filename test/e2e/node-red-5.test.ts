import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { requireOnMachine } from "../setup.js";
import { fetchedTool } from "../support/fetched-tool.js";
import { BootedNodeRed, projectRoot } from "../support/node-red.js";
import { loadAllFlows, paletteProblems } from "../support/palette.js";

const NODE_24 = join(`node-${process.platform}-${process.arch}`, "bin", "node");

describe("Node-RED 5 on Node 24", function () {
  this.timeout(300_000);
  let nodeRed: BootedNodeRed | undefined;
  after(() => nodeRed?.stop());

  it("loads every node of the palette and every shipped flow without a complaint", async function () {
    const nodeBinary = fetchedTool("node-red-5", NODE_24);
    requireOnMachine(this, nodeBinary !== undefined, "Node-RED 5 and Node 24 (npm registry) for this platform");
    assert.match(execFileSync(nodeBinary as string, ["--version"]).toString(), /^v24\./);
    nodeRed = await BootedNodeRed.boot({
      flows: loadAllFlows(),
      nodeBinary: nodeBinary as string,
      nodeRedScript: join(projectRoot, ".cache", "node-red-5", "node_modules", "node-red", "red.js"),
    });
    assert.match(await nodeRed.untilLogged(/Node-RED version/), /v5\./);
    assert.deepEqual(await paletteProblems(nodeRed), []);
  });
});
