// Forges and replays messages of real devices against a running gateway, and counts what the server has of it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connectAsync, type MqttClient } from "mqtt";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { Attacker } from "../../simulator/devices/attacker.js";
import { forgedCounter } from "../../simulator/devices/attacks/identities.js";
import { GatewayJudge } from "../../simulator/devices/judge/judge.js";
import { Recorder, type Recording } from "../../simulator/devices/recorder.js";
import { GatewayTruth } from "../../simulator/devices/truth.js";
import type { DeviceGateway } from "./device-gateway.js";
import { HandDevice, type MadeMessage } from "./hand-device.js";

export interface ForgeryOptions {
  /** How many devices' messages are forged in every way. */
  devices: number;
  /** One of so many bits is flipped in all but the first device's message. */
  everyBit: number;
  replays: number;
  seed: number;
  onProgress?: (line: string) => void;
}

export interface ForgeryResult {
  flips: number;
  truncations: number;
  extensions: number;
  topicSwaps: number;
  replays: number;
  replaysAfterKill: number;
  forgedCounters: number;
  honest: number;
}

const ATTACK_RATE_HZ = 1500;
const PATIENCE_MS = 60_000;
const LONGEST_EXTENSION = 32;

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);

/** Every bit flipped, in all of the message. */
function flips({ topic, bytes }: MadeMessage, everyBit: number): Recording[] {
  const list: Recording[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit += everyBit) {
    const forged = Buffer.from(bytes);
    (forged[bit >> 3] as number) ^= 1 << (bit & 7);
    list.push({ topic, bytes: forged });
  }
  return list;
}

function truncations({ topic, bytes }: MadeMessage): Recording[] {
  return Array.from({ length: bytes.length }, (_, length) => ({ topic, bytes: bytes.subarray(0, length) }));
}

function extensions({ topic, bytes }: MadeMessage): Recording[] {
  return Array.from({ length: LONGEST_EXTENSION }, (_, i) => [
    Buffer.concat([bytes, randomBytes(i + 1)]),
    Buffer.concat([bytes, Buffer.alloc(i + 1)]),
    Buffer.concat([bytes, Buffer.alloc(i + 1, " ")]),
    Buffer.concat([randomBytes(i + 1), bytes]),
  ])
    .flat()
    .map((forged) => ({ topic, bytes: forged }));
}

function topicSwaps({ topic, bytes }: MadeMessage, gateway: DeviceGateway): Recording[] {
  const others = gateway.fleet.map((device) => device.topic).filter((other) => other !== topic);
  const [id = ""] = topic.split("/").slice(-2);
  const invented = [`${id}_x1`, `${id} `, id.toUpperCase(), `${id}.`, "x"].map((name) => `iot/devices/${name}/data`);
  return [...others, ...invented].map((other) => ({ topic: other, bytes }));
}

class ForgeryRun {
  private readonly truth: GatewayTruth;
  private readonly judge: GatewayJudge;
  private readonly recorder: Recorder;
  private readonly hands: HandDevice[] = [];
  private attacker: Attacker | undefined;
  private client: MqttClient | undefined;
  readonly result: ForgeryResult = {
    ...{ flips: 0, truncations: 0, extensions: 0, topicSwaps: 0, replays: 0, replaysAfterKill: 0 },
    ...{ forgedCounters: 0, honest: 0 },
  };

  constructor(
    private readonly gateway: DeviceGateway,
    private readonly options: ForgeryOptions,
  ) {
    const { fleet, store, ledger } = gateway;
    const names = new Set(fleet.map(({ id }) => id));
    this.truth = new GatewayTruth(names, { own: new Set([...names].map((id) => `${id}_x1`)) });
    this.judge = new GatewayJudge({ store, ledger }, this.truth, names);
    this.recorder = new Recorder(fleet.map(({ topic }) => topic));
  }

  async run(): Promise<void> {
    const { gateway, options } = this;
    const client = await connectAsync(gateway.brokerUrl, { clientId: "intruder" });
    this.client = client;
    client.on("message", (topic, bytes) => this.recorder.hear(topic, bytes));
    await client.subscribeAsync("iot/#", { qos: 1 });
    this.attacker = new Attacker(client, ATTACK_RATE_HZ);
    for (const device of gateway.fleet) this.hands.push(await HandDevice.connect(device, this.truth, gateway));

    await this.deliverHonest(20);
    for (const [index, hand] of this.hands.slice(0, options.devices).entries()) {
      await this.forge(hand, index === 0 ? 1 : options.everyBit);
    }
    const half = Math.ceil(options.replays / 2);
    await this.replay(half);
    this.result.replays += half;
    await this.killBetween();
    await this.replay(options.replays - half);
    this.result.replaysAfterKill += options.replays - half;
    await this.forgeCounters();
    await this.deliverHonest(5);
    this.result.honest = this.truth.counts.accepted;
    assert.deepEqual(this.judge.framed, [], "nobody loses trust by what others send");
  }

  async close(): Promise<void> {
    this.judge.close();
    await Promise.all(this.hands.map((hand) => hand.close()));
    await this.client?.endAsync();
  }

  /** What is not delivered proves nothing by being refused: it must be accepted when it comes as it was made. */
  private async forge(hand: HandDevice, everyBit: number): Promise<void> {
    const { result, gateway } = this;
    const held = hand.make();
    const kinds: [keyof ForgeryResult, Recording[]][] = [
      ["flips", flips(held, everyBit)],
      ["truncations", truncations(held)],
      ["extensions", extensions(held)],
      ["topicSwaps", topicSwaps(held, gateway)],
    ];
    for (const [kind, list] of kinds) {
      await this.attack(list);
      result[kind] += list.length;
    }
    await hand.deliver(held);
    await this.untilStored();
    this.options.onProgress?.(
      `${hand.device.profile}: ${kinds.map(([kind, { length }]) => `${length} ${kind}`).join(", ")}`,
    );
  }

  /** Sends messages of which the gateway must refuse each one, and the server have none. */
  private async attack(list: readonly Recording[]): Promise<void> {
    const before = sum(await this.gateway.rejected());
    const copies = this.judge.replays;
    this.recorder.isRecording = false;
    for (const { topic, bytes } of list) await this.attacker?.send(topic, bytes);
    await this.attacker?.settled();
    await this.untilRefused(before + list.length);
    this.judge.look();
    assert.equal(sum(await this.gateway.rejected()) - before, list.length, "messages refused");
    assert.equal(this.judge.forged, 0, "forged messages accepted");
    assert.equal(this.judge.replays - copies, 0, "replays accepted");
    await new Promise((resolve) => setTimeout(resolve, 500));
    this.recorder.isRecording = true;
  }

  private async replay(count: number): Promise<void> {
    const recordings = this.recorder.all();
    assert.ok(recordings.length > 0, "something was recorded");
    const list = Array.from({ length: count }, (_, i) => recordings[i % recordings.length] as Recording);
    await this.attack(list);
    this.options.onProgress?.(`${count} replays refused`);
  }

  /** Captures messages, and kills the gateway the moment the broker has acknowledged the last one of them. */
  private async killBetween(): Promise<void> {
    await Promise.all(
      this.hands.map(async (hand) => {
        for (let i = 0; i < 25; i++) await hand.deliver(hand.make());
      }),
    );
    await this.gateway.kill();
    await this.gateway.boot();
    await this.untilStored();
    // What it hands over twice after a crash is not a replay; it must have arrived before the replays begin.
    let stored = -1;
    for (let quiet = 0; quiet < 5; ) {
      const { replays } = this.judge;
      quiet = replays === stored ? quiet + 1 : 0;
      stored = replays;
      await new Promise((resolve) => setTimeout(resolve, 600));
    }
    this.options.onProgress?.(`killed between capture and replay; ${stored} records came twice and were recognised`);
  }

  private async forgeCounters(): Promise<void> {
    const { attacker, recorder, gateway, options } = this;
    const before = sum(await gateway.rejected());
    const sent = (attacker as Attacker).sent;
    await forgedCounter({
      ...{ attacker: attacker as Attacker, recorder, victims: gateway.fleet, held: [] },
      ...{ random: new SeededRandom(options.seed), messages: gateway.fleet.length * 4 * 10 },
    });
    await attacker?.settled();
    this.result.forgedCounters = (attacker as Attacker).sent - sent;
    await this.untilRefused(before + this.result.forgedCounters);
    this.judge.look();
    assert.equal(this.judge.forged, 0, "forged numbers accepted");
  }

  private async deliverHonest(each: number): Promise<void> {
    for (const hand of this.hands) for (let i = 0; i < each; i++) await hand.deliver(hand.make());
    await this.untilStored();
  }

  /** Every honest message that the broker has acknowledged is at the server. */
  private async untilStored(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      this.judge.look();
      if (this.truth.missing === 0) return;
      assert.ok(Date.now() < deadline, `${this.truth.missing} honest messages do not arrive`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  private async untilRefused(count: number): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (sum(await this.gateway.rejected()) < count && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** @throws {AssertionError} where one of them is accepted, or an honest message is not. */
export async function gatewayForgeries(gateway: DeviceGateway, options: ForgeryOptions): Promise<ForgeryResult> {
  const run = new ForgeryRun(gateway, options);
  try {
    await run.run();
    return run.result;
  } finally {
    await run.close();
  }
}
