// The broker as its own process, attacked over real sockets.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connectAsync, type MqttClient } from "mqtt";
import type { BrokerStats } from "../../../lib/broker/server.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { requireOnMachine } from "../../setup.js";
import { type EmbeddedTestBroker, startEmbeddedBroker } from "../../support/brokers.js";
import { connectPacket, lengthBytes, publishPacket, subscribePacket } from "../../support/mqtt-bytes.js";
import { closed, login, openSocket } from "../../support/mqtt-sockets.js";

const MEGABYTE = 1024 * 1024;
const RAW = "dc/temperature/raw_encrypted";

/** Peak resident memory of a process since it started, bytes. */
function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

describe("Attacks on the embedded broker", () => {
  let broker: EmbeddedTestBroker;
  let monitor: MqttClient | undefined;
  let latest: BrokerStats | undefined;

  async function start(options: Parameters<typeof startEmbeddedBroker>[0] = {}): Promise<void> {
    broker = await startEmbeddedBroker(options);
    const client = await connectAsync(broker.url, { ...broker.accounts.gateway });
    monitor = client;
    client.on("message", (_topic, payload) => {
      latest = JSON.parse(payload.toString()) as BrokerStats;
    });
    await client.subscribeAsync("redoubt/broker/stats");
  }

  /** The broker's own account of itself, once it satisfies a condition. */
  async function statsUntil(condition: (stats: BrokerStats) => boolean): Promise<BrokerStats> {
    for (;;) {
      if (latest && condition(latest)) return latest;
      await new Promise((resolve) => monitor?.once("message", resolve));
    }
  }

  async function stillServes(): Promise<void> {
    const gateway = await connectAsync(broker.url, { ...broker.accounts.gateway });
    await gateway.subscribeAsync(RAW);
    const received = new Promise<void>((resolve) => {
      gateway.on("message", (_topic, payload) => payload.toString() === "proof of life" && resolve());
    });
    const rack = await connectAsync(broker.url, { ...broker.accounts["rack-8"] });
    await rack.publishAsync(RAW, "proof of life", { qos: 1 });
    await received;
    gateway.end(true);
    rack.end(true);
  }

  afterEach(async () => {
    monitor?.end(true);
    monitor = undefined;
    latest = undefined;
    await broker.stop();
  });

  it("does not grow by clients that never log in: huge, slow and idle CONNECTs", async function () {
    this.timeout(30_000);
    requireOnMachine(this, existsSync("/proc/self/status"), "/proc (Linux)");
    await start();
    await stillServes();
    const pid = broker.process.child.pid as number;
    const before = peakMemory(pid);

    // Announces 256 MB and streams until it is closed: the header alone must end it.
    const flood = async () => {
      const socket = await openSocket(broker.port);
      const block = Buffer.alloc(65_536, 0x61);
      const gone = closed(socket);
      const pump = () => {
        while (!socket.destroyed && socket.write(block));
      };
      socket.on("drain", pump);
      socket.write(Buffer.concat([Buffer.from([0x10]), lengthBytes(268_435_455)]));
      pump();
      await gone;
    };
    await Promise.all(Array.from({ length: 8 }, flood));
    for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 8 }, flood));

    // A complete CONNECT with a wrong password, and as much behind it as the socket takes.
    const guess = async (i: number) => {
      const socket = await openSocket(broker.port);
      const gone = closed(socket);
      const connect = connectPacket({ clientId: `g${i}`, username: `user-${i}`, password: "guess" });
      socket.write(Buffer.concat([connect, Buffer.alloc(4 * MEGABYTE, 0x30)]));
      await gone;
    };
    await Promise.all(Array.from({ length: 40 }, (_, i) => guess(i)));

    const idle = await Promise.all(Array.from({ length: 30 }, () => openSocket(broker.port)));
    const slow = await Promise.all(Array.from({ length: 10 }, () => openSocket(broker.port)));
    const connect = connectPacket({ clientId: "slow", username: "gateway", password: "x".repeat(1000) });
    let sent = 0;
    const dripping = setInterval(() => {
      for (const socket of slow) if (!socket.destroyed) socket.write(connect.subarray(sent, sent + 1));
      sent++;
    }, 50);
    await Promise.all([...idle, ...slow].map(closed));
    clearInterval(dripping);
    assert.ok(sent < connect.length, "the slow ones were closed for being slow, not for their password");

    const stats = await statsUntil((s) => (s.refused["connect-timeout"] ?? 0) === 40);
    assert.equal(stats.refused["connect-too-large"], 88);
    assert.equal(stats.refused["login-failed"], 40);
    await stillServes();
    const growth = peakMemory(pid) - before;
    console.log(`      peak memory grew by ${(growth / MEGABYTE).toFixed(1)} MB`);
    assert.ok(growth < 20 * MEGABYTE, `the broker grew by ${(growth / MEGABYTE).toFixed(1)} MB`);
  });

  it("survives 2,000 mutated packets before and after login, and serves on", async function () {
    this.timeout(30_000);
    await start({ limits: { loopbackConnectsPerSecond: 10_000, loopbackSockets: 1000 } });
    const random = new SeededRandom(20_260_131);
    const mutate = (bytes: Buffer): Buffer => {
      const copy = Buffer.from(bytes);
      const at = random.integer(copy.length);
      switch (random.integer(4)) {
        case 0:
          copy[at] = random.integer(256);
          return copy;
        case 1:
          return copy.subarray(0, at);
        case 2:
          return Buffer.concat([copy.subarray(0, at), Buffer.from([random.integer(256)]), copy.subarray(at)]);
        default:
          return Buffer.concat([copy.subarray(at), copy.subarray(0, at)]);
      }
    };
    const rack = { ...broker.accounts["rack-1"], clientId: "rack-1" };
    // Damaged passwords lock the name they come with: not the one that the second half logs in as.
    const victim = { ...broker.accounts["rack-2"], clientId: "rack-2" };
    const packets = [
      publishPacket(RAW, "x".repeat(100)),
      publishPacket(RAW, "y", 1),
      subscribePacket(RAW),
      Buffer.from("c000", "hex"),
      Buffer.from("a20d0001000964632f746573742f31", "hex"),
      Buffer.from("62020001", "hex"),
    ];
    const ended: Promise<void>[] = [];
    const finish = (socket: Socket) => {
      socket.end();
      ended.push(closed(socket));
    };
    let mutations = 0;
    while (mutations < 500) {
      const socket = await openSocket(broker.port);
      socket.write(mutate(connectPacket({ ...victim, will: { topic: RAW, payload: "w" } })));
      mutations++;
      finish(socket);
    }
    let logins = 0;
    while (mutations < 2000) {
      const socket = await login(broker.port, { ...rack, clientId: `rack-1-${logins++ % 50}` });
      for (let i = 0; i < 12; i++, mutations++) {
        if (!socket.destroyed) socket.write(mutate(packets[random.integer(packets.length)] as Buffer));
      }
      finish(socket);
    }
    await Promise.all(ended);
    assert.equal(broker.process.child.exitCode, null);
    await stillServes();
  });
});
