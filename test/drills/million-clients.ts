import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import { usersFileIn } from "../../lib/broker/accounts.js";
import { addUsers } from "../../lib/broker/users-file.js";
import type { PublicSnapshot, SecuritySnapshot } from "../../lib/common/security-snapshot.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { type EmbeddedTestBroker, startEmbeddedBroker } from "../support/brokers.js";
import {
  ACCEPTED_TOPICS,
  BROKER_NODE,
  COUNTERS_TOPIC,
  manyClientsFlow,
  REFUSED_TOPICS,
  STATS_NODE,
} from "../support/many-clients-flow.js";
import { BootedNodeRed } from "../support/node-red.js";
import { peakResidentKiB } from "../support/processes.js";
import type { Drill } from "./drill.js";

const MESSAGES = 1_000_000;
const REDUCED_MESSAGES = 30_000;
const LIMIT_MB = 400;
/**
 * Without it V8 lets garbage pile up to four times of what is in use before it collects, where the machine has memory
 * enough: the peak is 462 MB instead of some 250, and no faster. Below 2 GB it collects sooner.
 */
const NODE_OPTIONS = "--max-old-space-size=1024";
/** Published and not yet counted: more than what passes between two snapshots, and no more than memory is for. */
const MAX_AHEAD = 5000;
/** Of those, without the broker's acknowledgement. */
const MAX_IN_FLIGHT = 500;
/** Nothing was counted for so long: something is stuck. */
const STUCK_MS = 60_000;
const ACCOUNT = { username: "drill", password: "for this drill only" };

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A running broker takes a new account within two seconds. */
async function connect(broker: EmbeddedTestBroker): Promise<MqttClient> {
  addUsers(usersFileIn(broker.home), [
    {
      name: ACCOUNT.username,
      password: ACCOUNT.password,
      rights: { publish: ["iot/#", "drill/#"], subscribe: ["iot/#", "drill/#"] },
    },
  ]);
  for (let attempt = 1; ; attempt++) {
    await pause(2500);
    try {
      return await mqtt.connectAsync(broker.url, { ...ACCOUNT, protocolVersion: 4, reconnectPeriod: 0 });
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

/** Publishes messages, each of another client and topic, as fast as the flow counts them. */
class ManyClients {
  private sent = 0;
  private inFlight = 0;
  private failure: Error | undefined;
  private counted = 0;
  private countedAt = Date.now();
  /** Longest time without a snapshot, which come twice a second: what the dashboard would have felt. */
  longestSilenceMs = 0;

  constructor(
    private readonly client: MqttClient,
    private readonly random: SeededRandom,
  ) {
    client.on("message", (_topic, payload) => {
      const { total } = JSON.parse(payload.toString()) as PublicSnapshot;
      const now = Date.now();
      if (this.counted > 0) this.longestSilenceMs = Math.max(this.longestSilenceMs, now - this.countedAt);
      this.counted = total;
      this.countedAt = now;
    });
    client.on("error", (error) => {
      this.failure = error;
    });
  }

  /**
   * Publishes the first two, one for each way through the flow, retained: whoever subscribes later gets them, and that
   * they are counted tells that both subscriptions are there.
   */
  async sendRetained(): Promise<void> {
    while (this.sent < 2) this.publish(true);
    while (this.inFlight > 0) await pause(5);
    if (this.failure) throw this.failure;
  }

  /** Publishes up to `total` messages and returns when every one of them was counted. */
  async sendUpTo(total: number): Promise<void> {
    this.countedAt = Date.now();
    while (this.counted < total) {
      while (this.sent < total && this.sent - this.counted < MAX_AHEAD && this.inFlight < MAX_IN_FLIGHT) this.publish();
      await pause(5);
      if (this.failure) throw this.failure;
      if (Date.now() - this.countedAt > STUCK_MS) {
        throw new Error(`no snapshot for a minute: sent ${this.sent}, counted ${this.counted}`);
      }
    }
    assert.equal(this.counted, total);
  }

  private publish(retain = false): void {
    const name = `client-${this.random.uint32().toString(36)}-${this.sent}`;
    // Half of them are let in without proof, half are refused: both ways through the flow see invented names.
    const topic = `${this.sent % 2 === 0 ? ACCEPTED_TOPICS : REFUSED_TOPICS}/${name}/data`;
    const reading = {
      client_id: name,
      timestamp: Date.now() / 1000,
      temp: 20 + 10 * this.random.uniform(),
      humidity: 45,
    };
    this.sent++;
    this.inFlight++;
    this.client.publish(topic, JSON.stringify(reading), { qos: 1, retain }, (error) => {
      this.inFlight--;
      if (error) this.failure = error;
    });
  }
}

/** The full snapshot with the last of the messages; its file is a few steps behind the counters. */
async function lastSnapshot(file: string, messages: number): Promise<string> {
  for (let i = 0; i < 600; i++) {
    const text = readFileSync(file, "utf8");
    // While it is written it is cut short.
    if (text.trimEnd().endsWith("}") && text.includes(`"total":${messages},`)) return text;
    await pause(100);
  }
  throw new Error(`no full snapshot with ${messages} messages`);
}

function assertBounded(snapshot: SecuritySnapshot, messages: number): void {
  assert.equal(snapshot.total, messages);
  assert.ok(snapshot.anomalies >= messages / 2, `${snapshot.anomalies} anomalies`);
  assert.ok(snapshot.devices.length <= 200 && snapshot.recentAlerts.length <= 50 && snapshot.topThreats.length <= 10);
  assert.ok(snapshot.sources.followed <= snapshot.sources.cap, JSON.stringify(snapshot.sources));
  assert.ok(snapshot.devices.every(({ authenticated }) => !authenticated));
}

export const millionClients: Drill = {
  name: "million-clients",
  summary: `${MESSAGES} messages (${REDUCED_MESSAGES}) of as many client ids through the security monitor: all counted, Node-RED < ${LIMIT_MB} MB`,
  async run({ reduced, seed, progress }) {
    if (!existsSync("/proc/self/status")) throw new Error("it needs /proc (Linux)");
    const messages = reduced ? REDUCED_MESSAGES : MESSAGES;
    const home = mkdtempSync(join(tmpdir(), "redoubt-million-"));
    const broker = await startEmbeddedBroker();
    let nodeRed: BootedNodeRed | undefined;
    let client: MqttClient | undefined;
    try {
      client = await connect(broker);
      const snapshotFile = join(home, "snapshot.json");
      const clients = new ManyClients(client, new SeededRandom(seed));
      await client.subscribeAsync(COUNTERS_TOPIC);
      await clients.sendRetained();
      nodeRed = await BootedNodeRed.boot({
        flows: manyClientsFlow(broker.port, snapshotFile),
        credentials: { [BROKER_NODE]: { user: ACCOUNT.username, password: ACCOUNT.password } },
        home,
        env: { NODE_OPTIONS },
        // Its memory is measured.
        wholePalette: true,
      });
      await nodeRed.untilLogged(/Connected to broker/);
      await clients.sendUpTo(2);
      const began = Date.now();
      for (let part = 1; part <= 10; part++) {
        await clients.sendUpTo((messages * part) / 10);
        progress(
          `${(messages * part) / 10} counted, Node-RED's peak ${(peakResidentKiB(nodeRed.pid) / 1024).toFixed(0)} MiB`,
        );
      }
      const seconds = (Date.now() - began) / 1000;
      const peakMb = (peakResidentKiB(nodeRed.pid) * 1024) / 1e6;
      assert.ok(peakMb < LIMIT_MB, `Node-RED took ${peakMb.toFixed(0)} MB`);
      assert.deepEqual(nodeRed.complaints, []);
      const text = await lastSnapshot(snapshotFile, messages);
      assertBounded(JSON.parse(text) as SecuritySnapshot, messages);
      await nodeRed.stop("SIGINT");
      const stateBytes = statSync(join(home, "state", `security-stats-${STATS_NODE}.json`)).size;
      return (
        `${messages} messages of as many clients seen, ${(messages / seconds).toFixed(0)}/s, Node-RED's peak ` +
        `${peakMb.toFixed(0)} MB (limit ${LIMIT_MB}; ${NODE_OPTIONS}), snapshot ${(text.length / 1000).toFixed(0)} kB, state ` +
        `${(stateBytes / 1000).toFixed(0)} kB, longest time between snapshots ${(clients.longestSilenceMs / 1000).toFixed(1)} s`
      );
    } finally {
      await client?.endAsync(true);
      await nodeRed?.stop("SIGKILL");
      await broker.stop();
      rmSync(home, { recursive: true, force: true });
    }
  },
};
