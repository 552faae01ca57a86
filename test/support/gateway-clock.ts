// Sets the clocks of a gateway and of its devices wrong, and looks at what is taken, refused, counted and held against whom.
import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Database, openDatabase } from "../../lib/common/sqlite.js";
import { type GatewayDevice, makeGatewayFleet, type SimulatedProfile } from "../../simulator/devices/gateway-device.js";
import { TrustOnLedger } from "../../simulator/devices/judge/trust-record.js";
import { GatewayTruth } from "../../simulator/devices/truth.js";
import { DeviceGateway } from "./device-gateway.js";
import { HandDevice, type MadeMessage } from "./hand-device.js";

const LIBRARIES = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(
  (folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`,
);
const HOUR_MS = 3_600_000;
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 100;

/** Debian's libfaketime, or undefined. */
export function findFaketime(): string | undefined {
  return LIBRARIES.find((path) => existsSync(path));
}

/** In turn: with a counter and a clock, with a counter alone, ..., with a clock alone. The fifth one is left out. */
const PROFILES: readonly SimulatedProfile[] = [
  ...(["cose-a128gcm", "cose-a128gcm", "hmac-json", "fernet", "fernet", "aes-gcm-json"] as const),
];

function clockFleet(seed: number): GatewayDevice[] {
  return makeGatewayFleet({ devices: PROFILES.length, seed, profiles: PROFILES }).filter((_, index) => index !== 4);
}

const hasCounter = ({ profile }: GatewayDevice) => profile === "cose-a128gcm" || profile === "hmac-json";

/** Hours by which clocks are wrong. */
interface Phase {
  gateway: number;
  devices: number;
  /** Whether a device's messages are taken; `either`: the reference promises neither. */
  taken: (device: GatewayDevice) => boolean;
}

const right = () => true;
const clockless = ({ hasClock }: GatewayDevice) => !hasClock;

const PHASES: readonly Phase[] = [
  { gateway: 0, devices: 0, taken: right },
  { gateway: 0, devices: 1, taken: clockless },
  { gateway: 0, devices: -1, taken: clockless },
  { gateway: 1, devices: 0, taken: clockless },
  { gateway: 0, devices: 0, taken: right },
  { gateway: -1, devices: 0, taken: clockless },
  // What was sealed before the gateway's start could be a copy from before it, where no counter tells.
  { gateway: -1, devices: -1, taken: hasCounter },
  { gateway: 1, devices: 1, taken: right },
  { gateway: 0, devices: 0, taken: right },
];

export interface ClockResult {
  taken: number;
  refused: number;
  replaysRefused: number;
  /** Losses of trust, but for those of devices that were not heard. */
  losses: string[];
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);

class ClockTrial {
  private readonly there = new Set<string>();
  private readonly store: Database;
  private lastRecord = 0;
  readonly ledger: TrustOnLedger;
  readonly captured: MadeMessage[] = [];
  readonly result: ClockResult = { taken: 0, refused: 0, replaysRefused: 0, losses: [] };

  constructor(
    private readonly gateway: DeviceGateway,
    private readonly devices: readonly HandDevice[],
    private readonly clock: string,
  ) {
    this.store = openDatabase(gateway.store, { readOnly: true });
    this.ledger = new TrustOnLedger(gateway.ledger);
  }

  setGateway(hours: number): void {
    writeFileSync(this.clock, `${hours < 0 ? "-" : "+"}${Math.abs(hours)}h`);
  }

  /** Messages of all devices, one a second of each, and whether each went where it must. */
  async phase({ gateway, devices, taken }: Phase, messages: number): Promise<void> {
    const name = `gateway ${gateway} h, devices ${devices} h`;
    this.setGateway(gateway);
    // The library looks into its file once a second.
    await pause(2000);
    const before = await this.gateway.rejected();
    const expected: [string, boolean][] = [];
    for (let i = 0; i < messages; i++) {
      for (const device of this.devices) {
        const message = device.make(devices * HOUR_MS);
        expected.push([`${device.device.id} ${message.counter}`, taken(device.device)]);
        if (taken(device.device)) this.captured.push(message);
        await device.deliver(message);
      }
      await pause(1000);
    }
    const toRefuse = expected.filter(([, isTaken]) => !isTaken).length;
    const refused = await this.untilRefused(before, toRefuse);
    await this.untilThere(expected.filter(([, isTaken]) => isTaken).map(([message]) => message));
    for (const [message, isTaken] of expected) {
      assert.equal(this.there.has(message), isTaken, `${name}: ${message} ${isTaken ? "is" : "is not"} to be taken`);
    }
    assert.deepEqual(refused, toRefuse === 0 ? {} : { STALE: toRefuse }, name);
    this.result.taken += expected.length - toRefuse;
    this.result.refused += toRefuse;
  }

  /**
   * All that was ever taken, again: whatever the clock says, nothing passes twice. What was refused for its time alone, by
   * a profile without a counter, may still be taken once when the clocks come to agree.
   */
  async replay(hours: number): Promise<void> {
    this.setGateway(hours);
    await pause(2000);
    const [before, size] = [await this.gateway.rejected(), this.there.size];
    for (const message of this.captured) await (this.devices[0] as HandDevice).again(message);
    const refused = await this.untilRefused(before, this.captured.length);
    assert.equal(sum(refused), this.captured.length, `replays at ${hours} h: ${JSON.stringify(refused)}`);
    this.look();
    assert.equal(this.there.size, size, `replays at ${hours} h are not stored`);
    this.result.replaysRefused += this.captured.length;
  }

  close(): void {
    this.store.close();
    this.ledger.close();
  }

  private look(): void {
    for (const { id, body } of this.store.prepare("SELECT id, body FROM records WHERE id > ?").all(this.lastRecord)) {
      this.lastRecord = Number(id);
      const { device_id, payload } = JSON.parse(String(body)) as {
        device_id: string;
        payload: Record<string, unknown>;
      };
      const name = `${device_id} ${payload.sequence_number ?? payload.sequence_no}`;
      assert.ok(!this.there.has(name), `${name} is stored twice`);
      this.there.add(name);
    }
  }

  private async untilThere(messages: readonly string[]): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      this.look();
      if (messages.every((message) => this.there.has(message))) return;
      await pause(LOOK_EVERY_MS);
    }
  }

  private async untilRefused(before: Record<string, number>, count: number): Promise<Record<string, number>> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const now = await this.gateway.rejected();
      const more = Object.entries(now).map(([code, n]): [string, number] => [code, n - (before[code] ?? 0)]);
      const refused = Object.fromEntries(more.filter(([, n]) => n > 0));
      if (sum(refused) >= count || Date.now() > deadline) return refused;
      await pause(LOOK_EVERY_MS);
    }
  }
}

/**
 * Runs the shipped gateway with a clock that is set by an hour, forth and back, while it works.
 *
 * @param messages of each device in each phase.
 * @throws {AssertionError} where a message is not taken or refused as promised, or a copy passes.
 */
export async function gatewayClock(seed: number, messages: number): Promise<ClockResult> {
  const library = findFaketime();
  if (!library) throw new Error("libfaketime is not installed (apt-get install faketime)");
  const fleet = clockFleet(seed);
  const { clock, env } = fakeClock(library);
  const gateway = await DeviceGateway.start({ fleet, env, serverApart: true });
  const devices: HandDevice[] = [];
  let trial: ClockTrial | undefined;
  try {
    const truth = new GatewayTruth(fleet.map(({ id }) => id));
    for (const device of fleet) devices.push(await HandDevice.connect(device, truth, gateway));
    trial = new ClockTrial(gateway, devices, clock);
    for (const phase of PHASES) await trial.phase(phase, messages);
    for (const hours of [0, 1, -1, 0]) await trial.replay(hours);
    const losses = trial.ledger.losses().filter(({ rule }) => rule !== "HEARTBEAT_LOST");
    trial.result.losses = losses.map(
      ({ device, rule, previous, score }) => `${device}: ${rule}, ${previous} to ${score}`,
    );
    return trial.result;
  } finally {
    for (const device of devices) await device.close();
    trial?.close();
    await gateway.stop();
    rmSync(clock);
  }
}

/** The wall clock alone: timers go by another one, which nobody sets. */
function fakeClock(library: string): { clock: string; env: Record<string, string> } {
  const clock = join(process.env.TMPDIR ?? "/tmp", `redoubt-clock-${process.pid}`);
  writeFileSync(clock, "+0h");
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_CACHE_DURATION: "1",
    DONT_FAKE_MONOTONIC: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  };
  return { clock, env };
}
