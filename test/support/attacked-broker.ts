// An embedded broker under attack over real sockets, watched by its own counters and by what Linux says of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connectAsync, type MqttClient } from "mqtt";
import type { BrokerStats } from "../../lib/broker/server.js";
import { type EmbeddedTestBroker, startEmbeddedBroker } from "./brokers.js";
import { connectPacket, lengthBytes } from "./mqtt-bytes.js";
import { closed, openSocket } from "./mqtt-sockets.js";

const MEGABYTE = 1024 * 1024;
export const RAW_TOPIC = "dc/temperature/raw_encrypted";
const LARGEST_PACKET = 268_435_455;
const FLOODS_AT_ONCE = 8;
const FLOOD_ROUNDS = 11;
const GUESSES = 40;
const IDLE = 30;
const SLOW = 10;

/** Peak resident memory of a process since it started, bytes; Linux only. */
function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

export class AttackedBroker {
  private latest: BrokerStats | undefined;

  private constructor(
    readonly broker: EmbeddedTestBroker,
    private readonly monitor: MqttClient,
  ) {
    monitor.on("message", (_topic, payload) => {
      this.latest = JSON.parse(payload.toString()) as BrokerStats;
    });
  }

  static async start(options: Parameters<typeof startEmbeddedBroker>[0] = {}): Promise<AttackedBroker> {
    const broker = await startEmbeddedBroker(options);
    const monitor = await connectAsync(broker.url, { ...broker.accounts.gateway });
    const attacked = new AttackedBroker(broker, monitor);
    await monitor.subscribeAsync("redoubt/broker/stats");
    return attacked;
  }

  /** The broker's own account of itself, once it satisfies a condition. */
  async statsUntil(condition: (stats: BrokerStats) => boolean): Promise<BrokerStats> {
    for (;;) {
      if (this.latest && condition(this.latest)) return this.latest;
      await new Promise((resolve) => this.monitor.once("message", resolve));
    }
  }

  async stillServes(): Promise<void> {
    const gateway = await connectAsync(this.broker.url, { ...this.broker.accounts.gateway });
    await gateway.subscribeAsync(RAW_TOPIC);
    const received = new Promise<void>((resolve) => {
      gateway.on("message", (_topic, payload) => payload.toString() === "proof of life" && resolve());
    });
    const rack = await connectAsync(this.broker.url, { ...this.broker.accounts["rack-8"] });
    await rack.publishAsync(RAW_TOPIC, "proof of life", { qos: 1 });
    await received;
    gateway.end(true);
    rack.end(true);
  }

  async stop(): Promise<void> {
    this.monitor.end(true);
    await this.broker.stop();
  }

  /** Announces a packet of 256 MB and streams until it is closed: the header alone must end it. */
  private async flood(): Promise<void> {
    const socket = await openSocket(this.broker.port);
    const block = Buffer.alloc(65_536, 0x61);
    const gone = closed(socket);
    const pump = () => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on("drain", pump);
    socket.write(Buffer.concat([Buffer.from([0x10]), lengthBytes(LARGEST_PACKET)]));
    pump();
    await gone;
  }

  /** A complete CONNECT with a wrong password, and as much behind it as the socket takes. */
  private async guess(username: string): Promise<void> {
    const socket = await openSocket(this.broker.port);
    const gone = closed(socket);
    const connect = connectPacket({ clientId: username, username, password: "guess" });
    socket.write(Buffer.concat([connect, Buffer.alloc(4 * MEGABYTE, 0x30)]));
    await gone;
  }

  /** Sockets that say nothing, and sockets that send their CONNECT a byte at a time. */
  private async dawdle(): Promise<void> {
    const idle = await Promise.all(Array.from({ length: IDLE }, () => openSocket(this.broker.port)));
    const slow = await Promise.all(Array.from({ length: SLOW }, () => openSocket(this.broker.port)));
    const connect = connectPacket({ clientId: "slow", username: "gateway", password: "x".repeat(1000) });
    let sent = 0;
    const dripping = setInterval(() => {
      for (const socket of slow) if (!socket.destroyed) socket.write(connect.subarray(sent, sent + 1));
      sent++;
    }, 50);
    await Promise.all([...idle, ...slow].map(closed));
    clearInterval(dripping);
    assert.ok(sent < connect.length, "the slow ones were closed for being slow, not for their password");
  }

  /**
   * Clients that never log in: huge, slow and idle CONNECTs, `rounds` times, and a genuine client after each.
   *
   * @returns by how much the broker's peak memory grew, bytes.
   * @throws {AssertionError} when one of them was refused for another reason than its own, or it grew by 20 MB.
   */
  async attackBeforeLogin(rounds: number, onProgress: (done: number) => void = () => {}): Promise<number> {
    await this.stillServes();
    const pid = this.broker.process.child.pid as number;
    const before = peakMemory(pid);
    for (let round = 1; round <= rounds; round++) {
      for (let i = 0; i < FLOOD_ROUNDS; i++) {
        await Promise.all(Array.from({ length: FLOODS_AT_ONCE }, () => this.flood()));
      }
      await Promise.all(Array.from({ length: GUESSES }, (_, i) => this.guess(`user-${round}-${i}`)));
      await this.dawdle();
      const stats = await this.statsUntil((s) => (s.refused["connect-timeout"] ?? 0) === round * (IDLE + SLOW));
      assert.equal(stats.refused["connect-too-large"], round * FLOOD_ROUNDS * FLOODS_AT_ONCE);
      assert.equal(stats.refused["login-failed"], round * GUESSES);
      await this.stillServes();
      onProgress(round);
    }
    const growth = peakMemory(pid) - before;
    assert.ok(growth < 20 * MEGABYTE, `the broker grew by ${(growth / MEGABYTE).toFixed(1)} MB`);
    return growth;
  }
}
