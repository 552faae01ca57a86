// The Node-RED palette scorecard (node-red-dev) of the package as npm packs it; see docs/reference/scorecard.md.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireOnMachine } from "../setup.js";
import { fetchedTool } from "../support/fetched-tool.js";
import { projectRoot } from "../support/node-red.js";

interface Manifest {
  keywords: string[];
  engines: { node: string };
  "node-red": { nodes: Record<string, string> };
}

interface Check {
  test: boolean;
  packages?: string[];
  nodes?: string[];
}

interface Lock {
  packages: Record<string, { dev?: boolean; version?: string }>;
}

/** What node-red-dev 0.1.6 scores when everything is well; P02 is switched off in its code. */
const CHECKS = ["P01", "P03", "P04", "P05", "P06", "P07", "P08", "N01", "N02", "D01", "D02", "D03"];
/** Scored against the public catalogue, which the stub answers with nothing. */
const NOT_DECIDED_HERE = ["P08", "N01"];
function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), "utf8")) as T;
}

describe("palette scorecard", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "redoubt-scorecard-"));
  const packed = join(folder, "package");
  const tool = join(projectRoot, ".cache", "node-red-dev", "node_modules");
  let card: Record<string, Check>;
  after(() => rmSync(folder, { recursive: true, force: true }));

  before(function () {
    const script = fetchedTool("node-red-dev", join("node-red-dev", "bin", "run"));
    requireOnMachine(this, script !== undefined, "node-red-dev (npm registry)");
    // `npm test` has built already; the package is what the registry would get.
    execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
      cwd: projectRoot,
      stdio: "pipe",
    });
    const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) as string;
    execFileSync("tar", ["-xzf", archive], { cwd: folder });

    const output = join(folder, "card.json");
    const stub = join(projectRoot, "test", "node-red-dev", "answer-catalogue.cjs");
    const run = spawnSync(
      process.execPath,
      ["--require", stub, script as string, "validate", "-p", packed, "-o", output],
      { encoding: "utf8", timeout: 400_000 },
    );
    const said = `${run.stdout}${run.stderr}`;
    requireOnMachine(this, !/ENOTFOUND|EAI_AGAIN|ECONNREFUSED/.test(said), "the npm registry (P06, P07, D02, D03)");
    assert.equal(run.status, 0, said);
    card = readJson(output);
  });

  it("passes every check", () => {
    for (const check of CHECKS) assert.ok(card[check], `${check} was not scored`);
    const failed = CHECKS.filter((check) => !card[check]?.test);
    const passed = CHECKS.filter((check) => !failed.includes(check) && !NOT_DECIDED_HERE.includes(check));
    console.log(`      passed: ${passed.join(" ")}`);
    console.log(`      not decided without the public catalogue: ${NOT_DECIDED_HERE.join(" ")}; P02 is never scored`);
    assert.deepEqual(failed, [], JSON.stringify(card));
    assert.ok(card.N02?.nodes && card.N02.nodes.length > 0, "the tool found node types in the forms");
  });

  it("meets what the tool says it checks and does not", () => {
    const manifest = readJson<Manifest>(packed, "package.json");
    // P05 scores true with and without the keyword.
    assert.ok(manifest.keywords.includes("node-red"));
    // P08 compares a list with a word and never finds anything; N01 needs the catalogue: our types carry our name.
    for (const type of Object.keys(manifest["node-red"].nodes)) assert.match(type, /^redoubt-/);
    // D02 looks at the first dependency only.
    const bad = readJson<Record<string, string>>(tool, "node-red-dev", "src", "badpackages.json");
    const { satisfies } = require(join(tool, "semver")) as { satisfies(version: string, range: string): boolean };
    const { packages } = readJson<Lock>(projectRoot, "package-lock.json");
    const installed = Object.entries(packages).filter(([path, entry]) => path !== "" && !entry.dev);
    assert.ok(installed.length > 10, "the lock file lists what is installed");
    for (const [path, { version }] of installed) {
      const range = bad[path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)];
      assert.ok(!range || !satisfies(version as string, range), `${path} ${version}`);
    }
  });
});
