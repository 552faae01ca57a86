// Kills a gateway with SIGKILL at random moments, between a Mosquitto and a server that misbehaves, and counts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { openDatabase } from "../../lib/common/sqlite.js";
import { TYPESCRIPT_EXEC_ARGV } from "./brokers.js";
import { type Mood, startHostileServer } from "./hostile-server.js";
import { persistentMosquitto } from "./mosquitto-restarts.js";
import { BootedNodeRed } from "./node-red.js";

/** A gateway that runs. */
export interface KillableGateway {
  kill(): Promise<void>;
}

/** Starts a gateway with its state in a folder, and resolves when it has started. */
export type StartGateway = (folder: string, brokerUrl: string, serverUrl: string) => Promise<KillableGateway>;

/** The library alone, as a process. */
export const startLibraryGateway: StartGateway = async (folder, brokerUrl, serverUrl) => {
  const script = join(__dirname, "gateway-kill-child.ts");
  const child = spawn(process.execPath, [...TYPESCRIPT_EXEC_ARGV, script, folder, brokerUrl, serverUrl], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  return {
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
};

/** gateway-in and spool-out in a real Node-RED, with core nodes between them that make a reading of each message. */
export const startNodeRedGateway: StartGateway = async (folder, brokerUrl, serverUrl) => {
  const device =
    '{"id":"pump-1","epoch":1,"counter":payload.counter,"authenticated":true,"profile":"p","receivedAt":intake.at}';
  const flows = [
    { id: "tab", type: "tab", label: "gateway" },
    {
      id: "in",
      z: "tab",
      type: "redoubt-gateway-in",
      url: brokerUrl,
      topics: "iot/devices/+/data",
      wires: [["json"], []],
    },
    { id: "json", z: "tab", type: "json", property: "payload", action: "obj", wires: [["device"]] },
    {
      id: "device",
      z: "tab",
      type: "change",
      rules: [{ t: "set", p: "device", pt: "msg", to: device, tot: "jsonata" }],
      wires: [["out"]],
    },
    {
      id: "out",
      z: "tab",
      type: "redoubt-spool-out",
      url: serverUrl,
      gatewayId: "gw-1",
      maxWait: 0.05,
      timeout: 1,
      wires: [[], [], []],
    },
  ];
  // Without a place on the canvas Node-RED takes a node for a configuration.
  const placed = flows.map((node) => (node.type === "tab" ? node : { ...node, x: 100, y: 100 }));
  const nodeRed = await BootedNodeRed.boot({ flows: placed, home: folder });
  return { kill: () => nodeRed.stop("SIGKILL") };
};

export interface GatewayKillResult {
  kills: number;
  /** Messages that the broker acknowledged to the sensor. */
  acknowledged: number;
  stored: number;
  /** Copies that the server recognised. */
  duplicates: number;
  moods: string;
}

/** So many are sent however short the lives are: else nothing would be shown. */
const LEAST_MESSAGES = 100;

function moodOf(random: SeededRandom): Mood {
  const dice = random.uniform();
  if (dice < 0.1) return "503";
  if (dice < 0.2) return "reset-after";
  if (dice < 0.25) return "reset";
  if (dice < 0.28) return "silence";
  return dice < 0.31 ? "silence-after" : "good";
}

/**
 * Kills a gateway `kills` times, some time after each start, while a sensor sends with QoS 1.
 *
 * @throws {AssertionError} where an acknowledged message is not at the server, or is there twice.
 */
export async function gatewayKill(
  folder: string,
  kills: number,
  start: StartGateway,
  seed: number,
  onProgress: (done: number) => void = () => {},
): Promise<GatewayKillResult> {
  mkdirSync(folder, { recursive: true });
  const random = new SeededRandom(seed);
  const broker = await persistentMosquitto(folder);
  await broker.start();
  let isGood = false;
  const server = await startHostileServer(folder, "gw-1", () => (isGood ? "good" : moodOf(random)));
  const home = join(folder, "gateway");
  let gateway = await start(home, broker.url, server.url);
  const sensor = await connectAsync(broker.url, { clientId: "sensor", clean: false });
  const acknowledged = new Set<number>();
  let counter = 0;
  const send = async () => {
    const mine = ++counter;
    await sensor.publishAsync("iot/devices/pump-1/data", JSON.stringify({ counter: mine }), { qos: 1 });
    acknowledged.add(mine);
  };
  // Before the first subscription the broker keeps nothing: wait until something gets through.
  while (server.counts.stored === 0) {
    await send();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  acknowledged.clear();
  const probes = counter;
  const sending = setInterval(() => {
    void send();
  }, 10);
  for (let kill = 1; kill <= kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, random.uniform() * 800));
    await gateway.kill();
    gateway = await start(home, broker.url, server.url);
    onProgress(kill);
  }
  while (acknowledged.size <= LEAST_MESSAGES) await new Promise((resolve) => setTimeout(resolve, 10));
  clearInterval(sending);
  isGood = true;
  const database = openDatabase(server.store.path, { readOnly: true });
  const counters = database.prepare("SELECT body FROM records");
  const stored = () =>
    new Set(counters.all().map(({ body }) => (JSON.parse(String(body)) as { counter: number }).counter));
  let missing: number[] = [];
  for (let quiet = 0, before = -1; quiet < 100; ) {
    const there = stored();
    missing = [...acknowledged].filter((mine) => !there.has(mine));
    if (missing.length === 0 && acknowledged.size >= counter - probes) break;
    quiet = server.counts.stored === before ? quiet + 1 : 0;
    before = server.counts.stored;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await gateway.kill();
  await sensor.endAsync(true);
  const result = {
    kills,
    acknowledged: acknowledged.size,
    stored: server.store.size,
    duplicates: server.counts.duplicates,
    moods: [...server.moods].map(([mood, count]) => `${mood} ${count}`).join(", "),
  };
  const distinct = stored().size;
  database.close();
  await server.close();
  await broker.stop();
  assert.deepEqual(missing, [], "acknowledged messages that the server does not have");
  assert.equal(result.stored, distinct, "records that are there twice");
  return result;
}
