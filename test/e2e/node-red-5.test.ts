import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { requireOnMachine } from "../setup.js";
import { fetchedTool } from "../support/fetched-tool.js";
import { BootedNodeRed, projectRoot } from "../support/node-red.js";
import { loadAllFlows, paletteProblems } from "../support/palette.js";

const NODE_24 = join(`node-${process.platform}-${process.arch}`, "bin", "node");

describe("Node-RED 5 on Node 24", function () {
  this.timeout(900_000);
  let nodeRed: BootedNodeRed | undefined;
  after(() => nodeRed?.stop());

  it("loads every node of the palette and every shipped flow without a complaint", async function () {
    const nodeBinary = fetchedTool("node-red-5", NODE_24);
    requireOnMachine(this, nodeBinary !== undefined, "Node-RED 5 and Node 24 (npm registry) for this platform");
    assert.match(execFileSync(nodeBinary as string, ["--version"]).toString(), /^v24\./);
    nodeRed = await BootedNodeRed.boot({
      flows: loadAllFlows(),
      mqttReconnectMs: 600_000,
      wholePalette: true,
      nodeBinary: nodeBinary as string,
      nodeRedScript: join(projectRoot, ".cache", "node-red-5", "node_modules", "node-red", "red.js"),
    });
    assert.match(await nodeRed.untilLogged(/Node-RED version/), /v5\./);
    assert.deepEqual(await paletteProblems(nodeRed), []);
  });

  it("runs the command line with the latest commander, which the locked one's Node could not", function () {
    const nodeBinary = fetchedTool("node-red-5", NODE_24);
    requireOnMachine(this, nodeBinary !== undefined, "Node-RED 5 and Node 24 (npm registry) for this platform");
    const preload = join(projectRoot, "test", "node-red-5", "with-latest-commander.cjs");
    const cli = join(projectRoot, "dist", "cli", "main.js");
    const run = (...args: string[]) =>
      spawnSync(nodeBinary as string, ["--require", preload, cli, ...args], { encoding: "utf8" });
    const help = run("--help");
    assert.equal(help.status, 0, help.stderr);
    for (const command of ["start", "demo", "train", "bench"])
      assert.match(help.stdout, new RegExp(`^  ${command}`, "m"));
    assert.equal(run("demo", "--rate", "3").status, 2);
    assert.equal(run("no-such-command").status, 2);
    assert.equal(run("train", "iforest", "--no-such-option").status, 2);
    assert.equal(run("keys", "list", "/nowhere.key").status, 1);
  });
});
