import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readRegistry, registryFileIn } from "../../lib/registry/registry-file.js";
import { type EmbeddedTestBroker, startEmbeddedBroker } from "../support/brokers.js";
import { requireFirmware } from "../support/firmware.js";
import { projectRoot } from "../support/node-red.js";

/** The built command, as users run it. */
const MAIN = join(process.env.REDOUBT_TEST_DIST ?? join(projectRoot, "dist"), "cli", "main.js");

describe("redoubt simulate firmware", function () {
  this.timeout(900_000);
  let broker: EmbeddedTestBroker;
  before(async () => {
    broker = await startEmbeddedBroker();
  });
  after(() => broker?.stop());

  async function simulate(args: readonly string[], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [MAIN, "simulate", "firmware", ...args], {
      env: { ...process.env, REDOUBT_HOME: broker.home, ...env },
    });
    const said = { out: "", err: "" };
    child.stdout.on("data", (chunk: Buffer) => {
      said.out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said.err += chunk.toString();
    });
    const [code] = (await once(child, "close")) as [number];
    return { code, ...said };
  }

  it("says what to install where the firmware cannot be built", async () => {
    const { code, err } = await simulate(["--url", broker.url], { PATH: "/nonexistent" });
    assert.equal(code, 1);
    assert.match(err, /cmake is not installed.*apt-get install cmake g\+\+ libmbedtls-dev libmosquitto-dev/);
  });

  it("refuses plain MQTT to another machine, and TLS without an authority", async () => {
    for (const url of ["mqtt://192.0.2.1:1883", "mqtts://localhost:8883", "ws://127.0.0.1:80"]) {
      assert.equal((await simulate(["--url", url])).code, 2, url);
    }
  });

  it("builds, registers and runs devices that deliver, each with its own flash, and goes on with their numbers", async function () {
    requireFirmware(this);
    for (let run = 0; run < 2; run++) {
      const args = ["--url", broker.url, "--devices", "2", "--rate", "5", "--duration", "8", "--json"];
      const { code, out, err } = await simulate(args);
      assert.equal(code, 0, err);
      const report = JSON.parse(out) as Record<string, number>;
      assert.deepEqual([report.devices, report.connected, report.dropped, report.unsealed], [2, 2, 0, 0]);
      assert.ok((report.delivered ?? 0) > 10, out);
    }
    const ids = ["node-001", "node-002"];
    assert.deepEqual(
      readRegistry(registryFileIn(broker.home)).devices.map(({ id }) => id),
      ids,
    );
    assert.deepEqual(readdirSync(join(broker.home, "state", "virtual-devices")).sort(), ids);
  });
});
