import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import { loadKeyFile } from "../../lib/envelope/key-file.js";
import { requireOnMachine } from "../setup.js";
import { findMosquitto, startEmbeddedBroker, startMosquitto, type TestBroker } from "../support/brokers.js";
import { HostileMessages } from "../support/hostile-messages.js";
import { BootedNodeRed } from "../support/node-red.js";
import { countersOf, flowForBroker } from "../support/thermal-flow.js";

const MESSAGES = 10_000;
const WARM_UP = 2000;
const BATCH = 100;
const ALLOWED_GROWTH_KIB = 40 * 1024;

function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(what());
}

/** Sends hostile messages and returns only when the flow has counted every one of them. */
async function attack(client: MqttClient, messages: HostileMessages, from: number, to: number, refused: () => number) {
  const before = refused() - from;
  for (let sent = from; sent < to; ) {
    for (const end = Math.min(to, sent + BATCH); sent < end; sent++) {
      client.publish("dc/temperature/raw_encrypted", messages.next(sent).payload);
    }
    // A little ahead of the counters (refreshed once a second), never so far that QoS 0 may drop.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until(
    () => refused() - before >= to,
    () => `sent ${to}, counted as refused: ${refused() - before}`,
  );
}

function suite(name: string, start: () => Promise<TestBroker>, missing: () => string | undefined): void {
  describe(`bad input over ${name}`, function () {
    this.timeout(120_000);
    let broker: TestBroker | undefined;
    let nodeRed: BootedNodeRed | undefined;
    let client: MqttClient | undefined;
    const folder = mkdtempSync(join(tmpdir(), "redoubt-bad-input-"));

    after(async () => {
      await client?.endAsync(true);
      await nodeRed?.stop();
      await broker?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it(`refuses ${MESSAGES} hostile messages with a code each, accepts none and stays alive in flat memory`, async function () {
      const lacking = missing();
      requireOnMachine(this, lacking === undefined, lacking ?? "");
      broker = await start();
      const snapshotFile = join(folder, "snapshots.jsonl");
      const prepared = flowForBroker("thermal-privacy.json", broker, { snapshotFile });
      nodeRed = await BootedNodeRed.boot({ ...prepared, home: folder });
      const counters = () => countersOf(snapshotFile, "rdbt-gate-stats");

      client = await mqtt.connectAsync(broker.url, { ...broker.accounts["rack-1"], protocolVersion: 4 });
      const keys = join(folder, "keys");
      const messages = new HostileMessages(
        loadKeyFile(join(keys, "raw.key")),
        loadKeyFile(join(keys, "masked.key")),
        20261121,
      );
      // Tokens carry whole seconds, and one from the second in which the node started counts as older than it.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await until(
        () => {
          client?.publish("dc/temperature/raw_encrypted", messages.genuine());
          return counters().acceptedTotal > 0;
        },
        () => "no genuine reading was ever accepted",
      );
      client.publish("dc/temperature/raw_encrypted", messages.genuine());
      client.publish("dc/temperature/raw_encrypted", messages.replayed);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      assert.equal(counters().rejectedTotal, 0);

      const refused = () => counters().rejectedTotal;
      await attack(client, messages, 0, WARM_UP, refused);
      const warm = residentKiB(nodeRed.pid);
      await attack(client, messages, WARM_UP, MESSAGES, refused);
      const growth = residentKiB(nodeRed.pid) - warm;

      assert.equal(counters().rejectedTotal, MESSAGES, JSON.stringify(counters()));
      const codes = counters().rejectedByCode;
      assert.equal(
        Object.values(codes).reduce((sum, n) => sum + n, 0),
        MESSAGES,
      );
      for (const code of ["FORMAT", "AUTH", "REPLAY", "STALE", "SCHEMA", "RANGE"])
        assert.ok((codes[code] ?? 0) > 0, code);
      assert.ok(growth < ALLOWED_GROWTH_KIB, `memory grew by ${growth} KiB`);

      // Some hostile readings pass the score and are refused by the mask behind it, so the count starts here.
      const accepted = counters().acceptedTotal;
      client.publish("dc/temperature/raw_encrypted", messages.genuine());
      await until(
        () => counters().acceptedTotal > accepted,
        () => "the flow no longer accepts a genuine reading",
      );
      const faults = nodeRed.complaints.filter((line) => !/ECONNREFUSED|Connection failed/.test(line));
      assert.deepEqual(faults, []);
    });
  });
}

suite("Mosquitto", startMosquitto, () => (findMosquitto() ? undefined : "Mosquitto (apt-get install mosquitto)"));
suite("the embedded broker", startEmbeddedBroker, () => undefined);
