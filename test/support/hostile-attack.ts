// The thermal flow under hostile messages, on either broker: what the test and the drill both run.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import { loadKeyFile } from "../../lib/envelope/key-file.js";
import type { TestBroker } from "./brokers.js";
import { HostileMessages } from "./hostile-messages.js";
import { BootedNodeRed } from "./node-red.js";
import { residentKiB } from "./processes.js";
import { type Counters, countersOf, flowForBroker } from "./thermal-flow.js";

const TOPIC = "dc/temperature/raw_encrypted";
const WARM_UP = 2000;
const BATCH = 100;
const ALLOWED_GROWTH_KIB = 40 * 1024;
const EXPECTED_CODES = ["FORMAT", "AUTH", "REPLAY", "STALE", "SCHEMA", "RANGE"];

export interface HostileAttackResult {
  /** Rejections by code. */
  codes: Record<string, number>;
  /** Growth of Node-RED's resident memory after the warm-up, KiB. */
  growthKiB: number;
}

export interface HostileAttackOptions {
  messages: number;
  seed: number;
  onProgress?: (sent: number) => void;
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(what());
}

class Attack {
  private sent = 0;

  constructor(
    private readonly client: MqttClient,
    private readonly messages: HostileMessages,
    private readonly counters: () => Counters,
    private readonly onProgress: (sent: number) => void,
  ) {}

  publish(payload: Buffer): void {
    this.client.publish(TOPIC, payload);
  }

  /** The flow takes genuine readings, and a replayed one is no rejection of the attack's. */
  async begin(): Promise<void> {
    // Tokens carry whole seconds, and one from the second in which the node started counts as older than it.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await until(
      () => {
        this.publish(this.messages.genuine());
        return this.counters().acceptedTotal > 0;
      },
      () => "no genuine reading was ever accepted",
    );
    this.publish(this.messages.genuine());
    this.publish(this.messages.replayed);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(this.counters().rejectedTotal, 0);
  }

  /** Goes on to `total` messages and returns only when the flow has counted every one of them as refused. */
  async sendUpTo(total: number): Promise<void> {
    while (this.sent < total) {
      for (const end = Math.min(total, this.sent + BATCH); this.sent < end; this.sent++) {
        this.publish(this.messages.next(this.sent).payload);
      }
      // A little ahead of the counters (refreshed once a second), never so far that QoS 0 may drop.
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (this.sent % 5000 === 0) this.onProgress(this.sent);
    }
    await until(
      () => this.counters().rejectedTotal >= total,
      () => `sent ${total}, counted as refused: ${this.counters().rejectedTotal}`,
    );
  }

  /** A genuine reading is still accepted. */
  async end(): Promise<void> {
    // Some hostile readings pass the score and are refused by the mask behind it, so the count starts here.
    const accepted = this.counters().acceptedTotal;
    this.publish(this.messages.genuine());
    await until(
      () => this.counters().acceptedTotal > accepted,
      () => "the flow no longer accepts a genuine reading",
    );
  }
}

/**
 * Runs the thermal flow on a broker and sends it hostile messages.
 *
 * @throws {AssertionError} unless each is a rejection with a code, none is accepted, memory stays flat and the flow
 *   serves on without a fault in its log.
 */
export async function attackFlow(broker: TestBroker, options: HostileAttackOptions): Promise<HostileAttackResult> {
  const { messages, seed, onProgress = () => {} } = options;
  const folder = mkdtempSync(join(tmpdir(), "redoubt-hostile-"));
  let nodeRed: BootedNodeRed | undefined;
  let client: MqttClient | undefined;
  try {
    const snapshotFile = join(folder, "snapshots.jsonl");
    nodeRed = await BootedNodeRed.boot({
      ...flowForBroker("thermal-privacy.json", broker, { snapshotFile }),
      home: folder,
    });
    const counters = () => countersOf(snapshotFile, "rdbt-gate-stats");
    client = await mqtt.connectAsync(broker.url, { ...broker.accounts["rack-1"], protocolVersion: 4 });
    const [raw, masked] = ["raw.key", "masked.key"].map((name) => loadKeyFile(join(folder, "keys", name)));
    const attack = new Attack(client, new HostileMessages(raw!, masked!, seed), counters, onProgress);

    await attack.begin();
    await attack.sendUpTo(WARM_UP);
    const warm = residentKiB(nodeRed.pid);
    await attack.sendUpTo(messages);
    const growthKiB = residentKiB(nodeRed.pid) - warm;

    const { rejectedTotal, rejectedByCode: codes } = counters();
    assert.equal(rejectedTotal, messages, JSON.stringify(codes));
    assert.equal(
      Object.values(codes).reduce((sum, n) => sum + n, 0),
      messages,
    );
    for (const code of EXPECTED_CODES) assert.ok((codes[code] ?? 0) > 0, code);
    assert.ok(growthKiB < ALLOWED_GROWTH_KIB, `memory grew by ${growthKiB} KiB`);
    await attack.end();
    assert.deepEqual(
      nodeRed.complaints.filter((line) => !/ECONNREFUSED|Connection failed/.test(line)),
      [],
    );
    return { codes, growthKiB };
  } finally {
    await client?.endAsync(true);
    await nodeRed?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
