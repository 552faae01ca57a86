import { setTimeout as sleep } from "node:timers/promises";
import type { MqttClient } from "mqtt";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import type { OwnServer } from "../common/http-exchange.js";
import { closeAll, connectAll } from "../common/mqtt-link.js";
import type { GatewayAttackName } from "./attack-names.js";
import { Attacker } from "./attacker.js";
import type { BatchTarget, GatewayAttackContext, HeldDevice } from "./attacks/context.js";
import { SUFFIX } from "./attacks/identities.js";
import { ATTACKS_BY_NAME } from "./attacks/index.js";
import { DeviceCrypto } from "./device-crypto.js";
import { Flash } from "./flash.js";
import type { GatewayDevice } from "./gateway-device.js";
import { gatewayRefusals, refusalsBetween } from "./judge/gateway-refusals.js";
import { GatewayJudge, type JudgeFiles } from "./judge/judge.js";
import type { AttackLine, DevicesRecord } from "./judge/report.js";
import { INTRUDER } from "./preparation.js";
import { Recorder } from "./recorder.js";
import { type ConnectedDevices, connectGatewayDevices, type DevicesConnection } from "./run-devices.js";
import { GatewayTruth } from "./truth.js";

export interface DevicesRunOptions extends Omit<DevicesConnection, "truth"> {
  fleet: readonly GatewayDevice[];
  held: readonly GatewayDevice[];
  attacks: readonly GatewayAttackName[];
  seed: number;
  /** Messages of each attack, and how many of them a second. */
  messages: number;
  attackRateHz: number;
  /** Honest readings alone, before the attacks, seconds. */
  quietSec: number;
  /** Between attacks, seconds. */
  pauseSec: number;
  /** At least so long, seconds. */
  durationSec: number;
  /** Whether the attacks begin again after the last one, until the run is ended. */
  forever: boolean;
  files: JudgeFiles;
  server?: BatchTarget;
  statusUrl?: string;
  /** How the Node-RED on this machine is recognised. */
  own?: OwnServer;
  onProgress?: (seconds: number, text: string) => void;
}

const LOOK_EVERY_MS = 500;
/** Between the last message of an attack and its judgement; the attacker then does not hear itself any more either. */
const SETTLE_MS = 2000;
/** Honest devices must be heard again within this time after the attacks, and the last messages arrive. */
const PATIENCE_MS = 30_000;

class DevicesSession {
  private readonly begin = Date.now();
  private readonly truth: GatewayTruth;
  private readonly judge: GatewayJudge;
  private readonly recorder: Recorder;
  private devices: ConnectedDevices | undefined;
  private intruders: MqttClient[] = [];
  private attacker: Attacker | undefined;
  private readonly lines: AttackLine[] = [];
  private requestsAccepted = 0;
  private rounds = 0;
  private present = "honest devices only";

  constructor(
    private readonly options: DevicesRunOptions,
    private readonly signal: AbortSignal,
  ) {
    const { fleet, held, files } = options;
    const honest = new Set(fleet.map(({ id }) => id));
    const names = [...fleet, ...held].map(({ id }) => id);
    const attackers = new Set([...held.map(({ id }) => id), ...names.map((id) => `${id}${SUFFIX}`)]);
    this.truth = new GatewayTruth(honest, { own: attackers, begin: this.begin });
    this.judge = new GatewayJudge(files, this.truth, honest);
    this.recorder = new Recorder(fleet.map(({ topic }) => topic));
  }

  async run(): Promise<DevicesRecord> {
    const { options } = this;
    const refusedBefore = await this.refusals();
    const looking = setInterval(() => this.look(), LOOK_EVERY_MS);
    try {
      await this.connect();
      this.devices?.start();
      await this.pause(options.quietSec * 1000);
      if (this.truth.counts.accepted === 0) await this.untilHeard(this.begin);
      if (this.truth.counts.accepted === 0 && !this.signal.aborted) {
        throw new Error(`nothing of what the devices send arrives in ${options.files.store}: is the gateway running?`);
      }
      do {
        for (const name of options.attacks) {
          await this.attack(name);
          await this.pause(options.pauseSec * 1000);
        }
      } while (options.forever && !this.signal.aborted);
      await this.pause(this.begin + options.durationSec * 1000 - Date.now());
      const end = Date.now();
      const lockedOut = await this.untilHeard(end);
      this.devices?.stop();
      await this.untilNothingIsMissing();
      const refusedAfter = await this.refusals();
      return this.record(end, lockedOut, refusalsBetween(refusedBefore, refusedAfter));
    } finally {
      clearInterval(looking);
      await this.close();
    }
  }

  private async refusals(): Promise<Record<string, number> | undefined> {
    const { statusUrl, own } = this.options;
    return statusUrl === undefined ? undefined : gatewayRefusals(statusUrl, own);
  }

  private async connect(): Promise<void> {
    const { options, truth } = this;
    this.devices = await connectGatewayDevices(options.fleet, { ...options, truth });
    if (options.attacks.length === 0) return;
    const intruder = [{ name: INTRUDER, account: options.accounts(INTRUDER) }];
    this.intruders = await connectAll(options.url, intruder, options.onLine ?? (() => {}));
    const client = this.intruders[0] as MqttClient;
    client.on("message", (topic, bytes) => this.recorder.hear(topic, bytes));
    await client.subscribeAsync("iot/#", { qos: 0 });
    this.attacker = new Attacker(client, options.attackRateHz);
    this.signal.addEventListener("abort", () => this.attacker?.stop(), { once: true });
  }

  private heldDevices(): HeldDevice[] {
    const { held, fleetKey, epochOf, flashFolder } = this.options;
    return held.map((device) => {
      const flash = new Flash(flashFolder, device.id);
      return { device, crypto: DeviceCrypto.of(device, fleetKey, epochOf(device.id)), next: () => flash.nextCounter() };
    });
  }

  private async attack(name: GatewayAttackName): Promise<void> {
    const { attacker, options } = this;
    if (!attacker || this.signal.aborted) return;
    this.present = name;
    this.recorder.isRecording = false;
    const [start, sentBefore, forgedBefore] = [Date.now(), attacker.sent, this.judge.forged];
    const context: GatewayAttackContext = {
      ...{ attacker, recorder: this.recorder, victims: options.fleet, messages: options.messages },
      held: this.heldDevices(),
      random: new SeededRandom(options.seed + ++this.rounds),
      ...(options.server && { server: options.server }),
    };
    const { requests = 0, accepted = 0, note } = await ATTACKS_BY_NAME[name](context);
    await attacker.settled();
    // What it has sent is on its way through the gateway; what comes of it counts as this attack's.
    await this.pause(SETTLE_MS);
    this.recorder.isRecording = true;
    this.look();
    this.requestsAccepted += accepted;
    this.present = "honest devices only";
    if (options.forever) return;
    this.lines.push({
      attack: name,
      messages: attacker.sent - sentBefore,
      requests,
      forgedAccepted: this.judge.forged - forgedBefore,
      durationSec: (Date.now() - start) / 1000,
      ...(note === undefined ? {} : { note }),
    });
  }

  private look(): void {
    this.judge.look();
    const { accepted, acknowledged } = this.truth.counts;
    const text = `${acknowledged} sent  ${accepted} at the server  ${this.judge.forged} forged  ${this.present}`;
    this.options.onProgress?.(Math.round((Date.now() - this.begin) / 1000), text);
  }

  /** Waits until the server has something newer of each device; returns those of which it has not. */
  private async untilHeard(since: number): Promise<string[]> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      this.look();
      const silent = this.truth.silentSince(since);
      if (this.signal.aborted) return [];
      if (silent.length === 0 || Date.now() > deadline) return silent;
      await this.pause(LOOK_EVERY_MS);
    }
  }

  /** Waits for the last messages, as long as any arrive. */
  private async untilNothingIsMissing(): Promise<void> {
    let deadline = Date.now() + PATIENCE_MS;
    for (let before = -1; ; ) {
      this.look();
      const { accepted } = this.truth.counts;
      if (accepted !== before) deadline = Date.now() + PATIENCE_MS;
      before = accepted;
      // A message that is unacknowledged yet may still come.
      if (this.truth.missing === 0 && accepted >= this.truth.counts.acknowledged) return;
      if (Date.now() > deadline) return;
      await sleep(LOOK_EVERY_MS);
    }
  }

  private async pause(ms: number): Promise<void> {
    if (ms <= 0 || this.signal.aborted) return;
    await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }

  private record(end: number, lockedOut: string[], refused: Record<string, number> | undefined): DevicesRecord {
    const { truth, judge, options } = this;
    return {
      seed: options.seed,
      devices: options.fleet.length,
      durationSec: (end - this.begin) / 1000,
      honest: { ...truth.counts, lost: truth.missing },
      attacks: this.lines,
      forgedAccepted: judge.forged,
      requestsAccepted: this.requestsAccepted,
      replaysAccepted: judge.replays,
      framed: judge.framed,
      ownLosses: judge.ownLosses,
      lockedOut,
      commands: { ...(this.devices?.commands ?? { opened: 0, refused: 0 }) },
      ...(refused && { refusedByGateway: refused }),
    };
  }

  private async close(): Promise<void> {
    await this.devices?.close();
    await closeAll(this.intruders);
    this.judge.close();
  }
}

/**
 * Runs honest devices and, one after the other, attacks against the gateway that takes their messages; judges by what
 * the server has stored and what the ledger says.
 *
 * @param signal ends the run early; what was done so far is reported.
 * @throws {Error} with one line where the broker or a file cannot be used.
 */
export async function runGatewayAttacks(options: DevicesRunOptions, signal: AbortSignal): Promise<DevicesRecord> {
  return new DevicesSession(options, signal).run();
}
