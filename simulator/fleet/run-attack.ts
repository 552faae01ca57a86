import type { MqttClient } from "mqtt";
import { closeAll, connectAll } from "../common/mqtt-link.js";
import { AttackRunner } from "./attack-runner.js";
import { type AttackSettingsTable, takesDevices } from "./attack-settings.js";
import { Captures } from "./captures.js";
import { type FleetDevice, type HeldNames, makeCompromised } from "./device.js";
import type { DeviceClient } from "./device-client.js";
import type { Episode } from "./episodes.js";
import { Judge } from "./judge.js";
import { JUDGE, LEAKED } from "./preparation.js";
import { ExpendablePublisher, Publisher } from "./publisher.js";
import { connectDevices, disconnect, type FleetConnection } from "./run-fleet.js";
import type { AttackName } from "./scenario-names.js";
import type { ScheduledAttack } from "./schedule.js";
import type { TrainedTemperature } from "./training-rows.js";
import { type SentMessage, Truth, type TruthOptions } from "./truth.js";

export interface AttackOptions extends FleetConnection {
  fleet: readonly FleetDevice[];
  /** Devices that the attackers hold, by scenario; see {@link heldDevices}. */
  held: ReadonlyMap<AttackName, readonly FleetDevice[]>;
  settings: AttackSettingsTable;
  /** In the order of the starts. */
  schedule: Iterable<ScheduledAttack>;
  seed: number;
  trained: TrainedTemperature;
  /** Without it the attack goes on until it is stopped and remembers only its newest messages. */
  durationSec?: number;
  truth?: TruthOptions;
  /** Told once a second, and when a scenario begins or ends. */
  onProgress?: (progress: AttackProgress) => void;
}

export interface AttackProgress {
  seconds: number;
  running: readonly AttackName[];
  sent: number;
  /** Alerts that came back, and how many of them say anomaly. */
  judged: number;
  anomalies: number;
  /** The scenario that has just begun. */
  began?: AttackName;
}

/** What a run leaves for its evaluation. */
export interface AttackRecord {
  /** Milliseconds since the Unix epoch. */
  begin: number;
  end: number;
  messages: readonly SentMessage[];
  episodes: readonly Episode[];
  /** Honest devices and what attackers hold. */
  devices: number;
  alerts: { received: number; withoutDigest: number; foreign: number };
}

export interface RunningAttack {
  ended: Promise<AttackRecord>;
  stop(): Promise<AttackRecord>;
}

const TICK_MS = 1000;
/** Verdicts may take this long after the last message. */
const LAST_VERDICTS_MS = 4000;
const POLL_MS = 100;
const REMEMBERED = 50_000;

/** Names the devices that each scheduled scenario needs for itself. */
export function heldDevices(
  scenarios: Iterable<AttackName>,
  settings: AttackSettingsTable,
  seed: number,
  names: HeldNames,
): Map<AttackName, FleetDevice[]> {
  const attacks = [...new Set(scenarios)].filter(takesDevices);
  const total = attacks.reduce((sum, name) => sum + settings[name].attackers, 0);
  const devices = makeCompromised(total, seed, names);
  return new Map(attacks.map((name) => [name, devices.splice(0, settings[name].attackers)]));
}

class AttackSession {
  private readonly truth: Truth;
  private readonly judge: Judge;
  private sent = 0;
  private runner: AttackRunner | undefined;
  private expendables: ExpendablePublisher[] = [];
  private devices: DeviceClient[] = [];
  private others: MqttClient[] = [];
  private begin = 0;

  constructor(private readonly options: AttackOptions) {
    const { truth, durationSec } = options;
    this.truth = new Truth({
      ...(durationSec === undefined && { keep: REMEMBERED }),
      ...truth,
      onMessage: (message) => {
        if (!message.refused) this.sent++;
        truth?.onMessage?.(message);
      },
    });
    this.judge = new Judge(this.truth);
  }

  async connect(): Promise<void> {
    const { options, truth } = this;
    const { url, accounts, onLine = () => {} } = options;
    const heldFlat = [...options.held.values()].flat();
    try {
      this.devices = await connectDevices([...options.fleet, ...heldFlat], truth, options);
      const named = [LEAKED, JUDGE].map((name) => ({ name, account: accounts(name) }));
      this.others = await connectAll(url, named, onLine);
      const [leakedClient, judgeClient] = this.others as [MqttClient, MqttClient];
      await this.judge.listen(judgeClient);
      const captures = new Captures(truth);
      leakedClient.on("message", (topic, bytes) => captures.hear(topic, bytes, Date.now()));
      await leakedClient.subscribeAsync("iot/#");
      this.runner = this.makeRunner(new Publisher(LEAKED, leakedClient, truth), captures);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  start(): void {
    this.begin = Date.now();
    for (const device of this.devices) device.start();
    this.runner?.start();
  }

  progress(began?: AttackName): AttackProgress {
    return {
      seconds: Math.round((Date.now() - this.begin) / 1000),
      running: this.runner?.active ?? [],
      sent: this.sent,
      judged: this.judge.received,
      anomalies: this.judge.anomalies,
      ...(began && { began }),
    };
  }

  async finish(): Promise<AttackRecord> {
    const end = Date.now();
    this.runner?.stop();
    for (const device of this.devices) device.stop();
    await Promise.all(this.expendables.map((each) => each.settled()));
    // Without any verdict so far there is nobody to wait for.
    const deadline = this.judge.received === 0 ? 0 : Date.now() + LAST_VERDICTS_MS;
    while (this.truth.unjudgedCount > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.truth.refuseForbidden();
    await this.close();
    return {
      begin: this.begin,
      end,
      messages: this.truth.messages,
      episodes: this.runner?.episodes ?? [],
      devices: this.devices.length,
      alerts: {
        received: this.judge.received,
        withoutDigest: this.judge.withoutDigest,
        foreign: this.truth.foreignAlerts,
      },
    };
  }

  private async close(): Promise<void> {
    await disconnect(this.devices);
    await closeAll(this.others);
  }

  private expendable(name: string): ExpendablePublisher {
    const publisher = new ExpendablePublisher(this.options.url, name, this.options.accounts(name), this.truth);
    this.expendables.push(publisher);
    return publisher;
  }

  private makeRunner(leaked: Publisher, captures: Captures): AttackRunner {
    const { options } = this;
    const byId = new Map(this.devices.map((device) => [device.id, device]));
    const held = new Map(
      [...options.held].map(([name, devices]) => [name, devices.map(({ id }) => byId.get(id) as DeviceClient)]),
    );
    const expendables = new Map([...held.values()].flat().map((device) => [device, this.expendable(device.id)]));
    return new AttackRunner({
      ...{ leaked, captures, held, settings: options.settings, seed: options.seed, trained: options.trained },
      schedule: options.schedule[Symbol.iterator](),
      fleet: this.devices.slice(0, options.fleet.length),
      expendable: {
        leaked: this.expendable(LEAKED),
        of: (device) => expendables.get(device) as ExpendablePublisher,
      },
      recover: options.durationSec === undefined,
      onChange: (_running, episode, isBegin) => {
        options.onProgress?.(this.progress(isBegin ? episode.scenario : undefined));
      },
    });
  }
}

/**
 * Attacks a running monitor while its honest fleet goes on, and listens to what the monitor says of each message.
 *
 * @returns when every client is connected and the fleet publishes.
 * @throws {Error} with one line when the broker cannot be reached or refuses an account.
 */
export async function runAttack(options: AttackOptions): Promise<RunningAttack> {
  const session = new AttackSession(options);
  await session.connect();
  session.start();
  let finish: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const ticking = setInterval(() => options.onProgress?.(session.progress()), TICK_MS);
  const ending = options.durationSec === undefined ? undefined : setTimeout(() => finish(), options.durationSec * 1000);
  const ended = over.then(() => {
    clearInterval(ticking);
    clearTimeout(ending);
    return session.finish();
  });
  return {
    ended,
    stop: () => {
      finish();
      return ended;
    },
  };
}
