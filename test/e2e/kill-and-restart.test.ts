import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shippedFlows } from "../../cli/launch/shipped-flows.js";
import { RunningCommand, withoutPastCampus } from "../support/demo.js";
import { projectRoot } from "../support/node-red.js";

interface MaskState {
  groups: { since: number; total: { releases: number; rho: number } }[];
}

function digests(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

describe("kill -9 of Node-RED in mid-stream", function () {
  this.timeout(300_000);
  let demo: RunningCommand | undefined;
  after(async () => {
    await demo?.stop("SIGKILL");
    demo?.removeHome();
  });

  const ready = /Ctrl-C ends everything/;
  const state = () =>
    JSON.parse(
      readFileSync(join((demo as RunningCommand).home, "state", "mask-rdbt-gate-mask.json"), "utf8"),
    ) as MaskState;

  async function untilReleases(atLeast: number): Promise<MaskState> {
    for (let i = 0; i < 900; i++) {
      try {
        const current = state();
        if ((current.groups[0]?.total.releases ?? 0) >= atLeast) return current;
      } catch {
        // Not written yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("the mask never released");
  }

  it("loses no spent privacy budget, no key and no model", async () => {
    const home = withoutPastCampus();
    mkdirSync(join(home, "node-red"));
    const flows = shippedFlows(join(projectRoot, "flows")).map((node) =>
      node.type === "redoubt-mask" ? { ...node, interval: 1 } : node,
    );
    writeFileSync(join(home, "node-red", "flows.json"), JSON.stringify(flows));

    demo = await RunningCommand.start("demo", { home });
    await demo.untilPrinted(ready);
    assert.match(demo.output, /changed in the editor are kept/);
    await untilReleases(4);
    const keys = digests(join(home, "keys"));
    const models = digests(join(home, "models"));

    // Node-RED names its process so; the broker and the plant are siblings.
    const found = spawnSync("pgrep", ["-P", String(demo.child.pid), "-f", "^node-red"], { encoding: "utf8" });
    const pid = Number(found.stdout.trim());
    assert.ok(pid > 0, "found Node-RED's process");
    process.kill(pid, "SIGKILL");
    assert.equal(await demo.ended, 1);
    assert.match(demo.output, /redoubt: Node-RED ended/);

    const before = state();
    demo = await RunningCommand.start("demo", { home });
    await demo.untilPrinted(ready);
    const spent = before.groups[0]?.total.releases as number;
    const after = await untilReleases(spent + 2);
    assert.equal(after.groups[0]?.since, before.groups[0]?.since, "the account goes on, it does not start anew");
    assert.ok((after.groups[0]?.total.rho as number) > (before.groups[0]?.total.rho as number));
    assert.deepEqual(digests(join(home, "keys")), keys);
    assert.deepEqual(digests(join(home, "models")), models);
    assert.equal(await demo.stop(), 0);
  });
});
