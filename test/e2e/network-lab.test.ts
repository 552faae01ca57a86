// Real attack tools against real services in network namespaces, watched as a gateway watches its bridge.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { networkBlock } from "../drills/network-block.js";
import { requireOnMachine } from "../setup.js";
import { TYPESCRIPT_EXEC_ARGV } from "../support/brokers.js";
import { TESTED_ATTACKS } from "../support/lab/attacks.js";
import { addressOf, macOf } from "../support/lab/hosts.js";
import { Lab } from "../support/lab/lab.js";
import { namespaceNames, sweepStaleLabs } from "../support/lab/leftovers.js";
import { LabNetwork } from "../support/lab/namespaces.js";
import { startSensor } from "../support/lab/sensor-record.js";
import { missingForLab } from "../support/lab/tools.js";
import { tryAttack } from "../support/lab/trial.js";
import { residentKiB } from "../support/processes.js";

describe("network lab", function () {
  this.timeout(400_000);

  before(function () {
    const missing = missingForLab();
    requireOnMachine(this, missing === "", missing);
  });

  describe("namespaces", () => {
    it("stand side by side, each with its own hosts of the same addresses", () => {
      const networks = [LabNetwork.create(), LabNetwork.create()];
      try {
        for (const network of networks) {
          network.run("sensor", "ping", ["-c", "1", "-W", "5", addressOf("victim")]);
          assert.match(
            network.run("sensor", "ip", ["neigh"]),
            new RegExp(`${addressOf("victim")} .*${macOf("victim")}`),
          );
        }
      } finally {
        for (const network of networks) network.close();
      }
      for (const network of networks) {
        assert.ok(!namespaceNames().includes(network.namespaceOf("gateway")));
        assert.ok(!existsSync(network.folder));
      }
    });

    it("are taken away after a crash, with what runs in them, and no others", async () => {
      const living = LabNetwork.create();
      const child: ChildProcess = spawn(
        process.execPath,
        [...TYPESCRIPT_EXEC_ARGV, join(__dirname, "..", "support", "lab", "abandoned-child.ts")],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      try {
        const [line] = (await once(child.stdout!, "data")) as [Buffer];
        const { namespace, folder, pid } = JSON.parse(line.toString());
        assert.ok(namespaceNames().includes(namespace));
        sweepStaleLabs();
        assert.ok(namespaceNames().includes(namespace), "its process lives");
        child.kill("SIGKILL");
        await once(child, "close");
        sweepStaleLabs();
        assert.ok(!namespaceNames().includes(namespace));
        assert.ok(!existsSync(folder));
        // It was killed; its end may take a moment where much else runs.
        while (!Number.isNaN(residentKiB(pid))) await new Promise((resolve) => setTimeout(resolve, 20));
        assert.ok(namespaceNames().includes(living.namespaceOf("gateway")));
      } finally {
        child.kill("SIGKILL");
        living.close();
      }
    });
  });

  describe("under watch", () => {
    let lab: Lab;

    before(async () => {
      lab = await Lab.start();
      await startSensor(lab.network, 1);
    });

    after(() => lab?.close());

    for (const name of TESTED_ATTACKS) {
      it(`${name}: an alert names the attacker, and nobody else`, async () => {
        const attack = lab.attacks.find((each) => each.name === name) ?? assert.fail("not in the catalogue");
        const { hits, problems } = await tryAttack(lab, attack, true);
        assert.deepEqual(problems, []);
        assert.ok(hits.length > 0);
      });
    }

    it("a watch that blocks has the attacker out, and loses nothing of the sensor", async () => {
      assert.match(await networkBlock.run({ reduced: true, seed: 1, progress: () => {} }), /0 of \d+ readings lost/);
    });
  });
});
