import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { requireOnMachine } from "../setup.js";
import { BootedNodeRed, projectRoot } from "../support/node-red.js";
import { loadAllFlows, paletteProblems } from "../support/palette.js";

const folder = join(projectRoot, ".cache", "node-red-5");
const manifest = join(__dirname, "..", "node-red-5");

/** Fetches Node-RED 5 and a Node 24 binary once; they are no dependency of the package. */
function install(): string | undefined {
  const lock = "package-lock.json";
  const nodeBinary = join(folder, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  const wanted = readFileSync(join(manifest, lock), "utf8");
  const installed = existsSync(nodeBinary) && readFileSync(join(folder, lock), "utf8") === wanted;
  if (installed) return nodeBinary;
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", lock]) cpSync(join(manifest, name), join(folder, name));
  try {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, stdio: "pipe" });
  } catch {
    return undefined;
  }
  return existsSync(nodeBinary) ? nodeBinary : undefined;
}

describe("Node-RED 5 on Node 24", function () {
  this.timeout(300_000);
  let nodeRed: BootedNodeRed | undefined;
  after(() => nodeRed?.stop());

  it("loads every node of the palette and every shipped flow without a complaint", async function () {
    const nodeBinary = install();
    requireOnMachine(this, nodeBinary !== undefined, "Node-RED 5 and Node 24 (npm registry) for this platform");
    assert.match(execFileSync(nodeBinary as string, ["--version"]).toString(), /^v24\./);
    nodeRed = await BootedNodeRed.boot({
      flows: loadAllFlows(),
      nodeBinary: nodeBinary as string,
      nodeRedScript: join(folder, "node_modules", "node-red", "red.js"),
    });
    assert.match(await nodeRed.untilLogged(/Node-RED version/), /v5\./);
    assert.deepEqual(await paletteProblems(nodeRed), []);
  });
});
