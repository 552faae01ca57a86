// Kills a virtual device at random moments while its flash fails at random, and looks at every number that it used and
// every command that it took.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { parseCoseMessage } from "../../lib/envelope/cose-message.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { sealCommand } from "../../lib/envelope/seal-command.js";
import { provisioningRecord } from "../../lib/registry/provisioning-record.js";
import { VirtualDevice } from "../../simulator/firmware/virtual-device.js";
import { startMosquitto } from "./brokers.js";
import { makeCertificates } from "./certificates.js";
import { SANITIZER_REPORT, virtualDeviceProgram } from "./firmware.js";
import { until } from "./firmware-fleet.js";

export interface FirmwareKillResult {
  kills: number;
  /** Different messages that the broker has had. */
  messages: number;
  /** Genuine commands that were sent, and that the device acted on. */
  commandsSent: number;
  commandsTaken: number;
  /** Forged, altered and repeated messages on the command topic. */
  forgeriesSent: number;
  /** Of all kinds, that the device said it refused. */
  refused: number;
}

const ID = "node-kill";
const TOPIC = `iot/devices/${ID}/cmd`;
const LOGIN = { username: ID, password: "Zk3-Tq_9vXw2Lm8Rb5Yc" };
const PERIOD_MS = 20;
const NVS_FAILURES = 0.3;
/** From before the program is loaded until it has sent for a while. */
const LONGEST_LIFE_MS = 1200;
const COMMAND_EVERY_MS = 60;
const TAKEN = /^command (\S+) (?:done|not done)/;

class KillRun {
  private readonly random: SeededRandom;
  private readonly key = randomBytes(32);
  private readonly profile = envelopeProfile("cose-a128gcm").create([this.key]);
  /** What was sealed with each number. */
  private readonly sealed = new Map<bigint, Buffer>();
  private readonly unauthentic: string[] = [];
  private readonly genuine = new Set<string>();
  private readonly taken: string[] = [];
  private readonly reports: string[] = [];
  private last: Buffer | undefined;
  private forgeries = 0;
  private refusals = 0;

  constructor(
    private readonly folder: string,
    private readonly client: MqttClient,
    seed: number,
  ) {
    this.random = new SeededRandom(seed);
    client.on("message", (topic, bytes) => {
      if (topic === TOPIC) return;
      this.hear(topic, bytes);
    });
  }

  device(nvsFailures: number, program: string): VirtualDevice {
    return new VirtualDevice({
      ...{ program, flash: join(this.folder, "flash"), seed: 4, nvsFailures },
      onLine: (line) => {
        const [, name] = TAKEN.exec(line) ?? [];
        if (name !== undefined) this.taken.push(name);
        if (line.startsWith("command refused")) this.refusals++;
        if (SANITIZER_REPORT.test(line)) this.reports.push(line);
      },
    });
  }

  async run(kills: number, program: string, setup: object, onKill?: (done: number) => void): Promise<void> {
    const record = provisioningRecord({ device: ID, epoch: 1, key: this.key, password: LOGIN.password });
    const device = this.device(NVS_FAILURES, program);
    await device.setUp({ ...(setup as { broker: string; authority: string }), periodMs: PERIOD_MS, record });
    await until(
      () => this.sealed.size > 0,
      () => "the device sends nothing",
    );
    const sending = setInterval(() => this.sendCommand(), COMMAND_EVERY_MS);
    try {
      for (let done = 1; done <= kills; done++) {
        await device.stop("SIGKILL");
        const started = device.start().catch(() => undefined);
        await sleep(this.random.uniform() * LONGEST_LIFE_MS);
        if (done === kills) await device.stop("SIGKILL");
        // Where it was killed before it said anything, or is killed in the next round.
        void started;
        onKill?.(done);
      }
    } finally {
      clearInterval(sending);
      await device.stop("SIGKILL");
    }
    await this.recovers(program);
  }

  /** With a flash that works again it sends what nobody has seen yet, takes a command, and refuses copies of one. */
  private async recovers(program: string): Promise<void> {
    const before = this.sealed.size;
    const device = this.device(0, program);
    await device.start();
    try {
      await until(
        () => this.sealed.size > before + 3,
        () => "the device does not send any more",
      );
      const took = this.taken.length;
      await until(
        async () => {
          await this.publish(this.seal());
          await sleep(100);
          return this.taken.length > took;
        },
        () => "the device takes no command any more",
      );
      const refused = this.refusals;
      const copy = this.seal();
      await until(
        async () => {
          await this.publish(copy);
          await sleep(100);
          return this.refusals > refused;
        },
        () => "the device does not refuse a copy any more",
      );
    } finally {
      await device.stop();
    }
  }

  judged(kills: number): FirmwareKillResult {
    assert.deepEqual(this.reports, [], "reports of the sanitizers");
    assert.deepEqual(this.unauthentic, [], "messages that do not authenticate, or numbers that came twice");
    const twice = this.taken.filter((name, i) => this.taken.indexOf(name) !== i);
    assert.deepEqual(twice, [], "commands that the device took twice");
    assert.deepEqual(
      this.taken.filter((name) => !this.genuine.has(name)),
      [],
      "commands that nobody sealed",
    );
    return {
      ...{ kills, messages: this.sealed.size, commandsSent: this.genuine.size, commandsTaken: this.taken.length },
      ...{ forgeriesSent: this.forgeries, refused: this.refusals },
    };
  }

  private hear(topic: string, bytes: Buffer): void {
    try {
      this.profile.open(bytes, { now: Date.now(), topic });
    } catch (error) {
      this.unauthentic.push(String(error));
      return;
    }
    const { counter } = parseCoseMessage(bytes);
    const before = this.sealed.get(counter);
    // MQTT may bring the same bytes twice; other bytes with the same number never.
    if (before && !before.equals(bytes)) this.unauthentic.push(`number ${counter} twice`);
    this.sealed.set(counter, Buffer.from(bytes));
  }

  private seal(): Buffer {
    const now = Date.now();
    const counter = this.genuine.size + 1;
    const command = `probe-${counter}`;
    this.genuine.add(command);
    const document = {
      ...{ device_id: ID, command_id: String(counter), command, counter },
      ...{ timestamp: new Date(now).toISOString(), expires: new Date(now + 30_000).toISOString() },
    };
    const sealing = { keys: [this.key], epoch: 1, topic: TOPIC, counter, bootId: randomBytes(8), now };
    return sealCommand("cose-a128gcm", Buffer.from(JSON.stringify(document)), sealing) as Buffer;
  }

  /** A genuine one, then what an attacker makes of it. */
  private sendCommand(): void {
    const message = this.seal();
    const altered = Buffer.from(message);
    (altered[Math.floor(this.random.uniform() * altered.length)] as number) ^=
      1 << Math.floor(this.random.uniform() * 8);
    const forged = [altered, randomBytes(1 + Math.floor(this.random.uniform() * 300)), this.last ?? message];
    this.last = message;
    this.forgeries += forged.length;
    for (const bytes of [message, ...forged, message]) void this.publish(bytes);
    this.forgeries++;
  }

  private async publish(bytes: Buffer): Promise<void> {
    await this.client.publishAsync(TOPIC, bytes, { qos: 1 });
  }
}

/** @throws {AssertionError} where a number came twice, a forgery was obeyed, or the device does not recover. */
export async function firmwareKill(
  folder: string,
  kills: number,
  seed: number,
  onKill?: (done: number) => void,
): Promise<FirmwareKillResult> {
  const program = await virtualDeviceProgram();
  const certificates = makeCertificates(folder, "ours");
  const authority = readFileSync(certificates.authority, "utf8");
  const broker = await startMosquitto({ login: LOGIN, tls: certificates });
  const client = await connectAsync(broker.url, { ...LOGIN, clientId: "observer", ca: authority });
  try {
    const run = new KillRun(folder, client, seed);
    await client.subscribeAsync("iot/devices/+/data", { qos: 1 });
    await run.run(kills, program, { broker: broker.url, authority }, onKill);
    return run.judged(kills);
  } finally {
    await client.endAsync();
    await broker.stop();
  }
}
