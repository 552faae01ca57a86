// Virtual devices over TLS to a real Mosquitto and through the running gateway: what comes of their messages, and of
// copies of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { namedEpoch, parseCoseMessage } from "../../lib/envelope/cose-message.js";
import { Attacker } from "../../simulator/devices/attacker.js";
import { ServerRecords } from "../../simulator/devices/judge/server-records.js";
import { TrustOnLedger } from "../../simulator/devices/judge/trust-record.js";
import type { Recording } from "../../simulator/devices/recorder.js";
import { VirtualFleet } from "../../simulator/firmware/run-virtual-devices.js";
import type { DeviceGateway } from "./device-gateway.js";
import { virtualDeviceProgram } from "./firmware.js";

export interface FirmwareFleetOptions {
  /** Of all devices together, at least. */
  messages: number;
  /** Readings a second of each device; from 30 on the gateway calls a new device's traffic an attack. */
  rateHz: number;
  onProgress?: (line: string) => void;
}

export interface FirmwareFleetResult {
  /** Different messages that the broker has had of the devices. */
  sent: number;
  /** That the server has. */
  accepted: number;
  replaysRefused: number;
  /** Of each device: when it was first heard, and at the end. */
  trust: { first: number; last: number }[];
  seconds: number;
}

/** Trust rises by what readings earn, and no faster than the rules of {@link TRUST_PROPERTIES} allow. */
export function assertTrustRises({ trust, seconds }: FirmwareFleetResult): void {
  const { initialScore, recoverySec, recoveryBurst } = TRUST_PROPERTIES["rdbt-gw-trust"];
  const most = Math.ceil(seconds / recoverySec) + recoveryBurst;
  for (const { first, last } of trust) {
    assert.ok(first >= initialScore && last > first && last - first <= most, `trust from ${first} to ${last}`);
  }
}

/** Changes of the gateway's trust-update: room to rise, and a point every two seconds instead of every minute. */
export const TRUST_PROPERTIES = {
  // None is lost by silence, while copies are sent.
  "rdbt-gw-trust": { initialScore: 60, recoverySec: 2, recoveryBurst: 1, creditSec: 1, heartbeatTimeoutSec: 3600 },
};

const PATIENCE_MS = 120_000;
const REPLAY_RATE_HZ = 200;

/** Waits until something is so. @throws {AssertionError} with the text of the moment where it does not come. */
export async function until(isSo: () => boolean | Promise<boolean>, text: () => string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, text());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

class FleetRun {
  /** By device and number: a message that the device has sent twice is one. */
  private readonly messages = new Map<string, Recording>();
  private isRecording = true;
  private readonly stored = new Set<string>();
  private readonly records: ServerRecords;
  private readonly ledger: TrustOnLedger;
  private readonly first = new Map<string, number>();

  constructor(
    private readonly gateway: DeviceGateway,
    private readonly options: FirmwareFleetOptions,
    private readonly client: MqttClient,
  ) {
    this.records = new ServerRecords(gateway.store);
    this.ledger = new TrustOnLedger(gateway.ledger);
    client.on("message", (topic, bytes) => {
      if (!this.isRecording) return;
      const { device, counter } = parseCoseMessage(bytes);
      assert.equal(namedEpoch(bytes), 1);
      this.messages.set(`${device}:${counter}`, { topic, bytes });
    });
  }

  async run(): Promise<FirmwareFleetResult> {
    const { gateway, options, client, messages, stored } = this;
    const begin = Date.now();
    await client.subscribeAsync("iot/devices/+/data", { qos: 1 });
    const { url, authority } = gateway.tls;
    const fleet = await VirtualFleet.start(gateway.fleet, {
      ...{ program: await virtualDeviceProgram(), broker: url, authority: readFileSync(authority, "utf8") },
      ...{ accounts: () => undefined, fleetKey: gateway.fleetKey, epochOf: () => 1 },
      ...{ flashFolder: join(gateway.folder, "flash"), rateHz: options.rateHz },
    });
    try {
      await until(
        () => {
          this.look();
          options.onProgress?.(`${messages.size} messages, ${stored.size} at the server`);
          return messages.size >= options.messages;
        },
        () => `${messages.size} messages after two minutes`,
      );
      assert.equal(fleet.ended, 0, "devices that ended by themselves");
    } finally {
      await fleet.stop();
    }
    await until(
      () => {
        this.look();
        return stored.size >= messages.size;
      },
      () => `${messages.size - stored.size} of ${messages.size} messages do not arrive`,
    );
    assert.deepEqual([...stored].sort(), [...messages.keys()].sort(), "what the server has is what was sent");
    const replaysRefused = await this.replay();
    this.look();
    assert.equal(stored.size, messages.size, "records after the replays");
    const trust = gateway.fleet.map(({ id }) => ({ first: this.first.get(id) ?? 0, last: this.ledger.score(id) ?? 0 }));
    return { sent: messages.size, accepted: stored.size, replaysRefused, trust, seconds: (Date.now() - begin) / 1000 };
  }

  close(): void {
    this.records.close();
    this.ledger.close();
  }

  private look(): void {
    for (const { device, counter } of this.records.fresh()) {
      const name = `${device}:${counter}`;
      assert.ok(!this.stored.has(name), `${name} was accepted twice`);
      this.stored.add(name);
    }
    for (const { id } of this.gateway.fleet) {
      const score = this.ledger.score(id);
      if (score !== undefined && !this.first.has(id)) this.first.set(id, score);
    }
  }

  /** Sends a copy of each message. @returns how many the gateway refused as copies. */
  private async replay(): Promise<number> {
    this.isRecording = false;
    const refused = async () => (await this.gateway.rejected()).REPLAY ?? 0;
    const before = await refused();
    const attacker = new Attacker(this.client, REPLAY_RATE_HZ);
    for (const { topic, bytes } of this.messages.values()) await attacker.send(topic, bytes);
    await attacker.settled();
    const { size } = this.messages;
    let count = 0;
    await until(
      async () => {
        count = (await refused()) - before;
        return count >= size;
      },
      () => `${count} of ${size} copies were refused as copies`,
    );
    return count;
  }
}

/** @throws {AssertionError} where a message is lost or accepted twice, or a copy is not refused. */
export async function firmwareFleet(
  gateway: DeviceGateway,
  options: FirmwareFleetOptions,
): Promise<FirmwareFleetResult> {
  const client = await connectAsync(gateway.brokerUrl, { clientId: "eavesdropper" });
  const run = new FleetRun(gateway, options, client);
  try {
    return await run.run();
  } finally {
    run.close();
    await client.endAsync();
  }
}
