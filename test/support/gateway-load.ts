// Loads a running gateway with a fleet, and measures losses, the way of a message up to the spool, and memory.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { makeGatewayFleet } from "../../simulator/devices/gateway-device.js";
import { GatewayJudge } from "../../simulator/devices/judge/judge.js";
import { connectGatewayDevices } from "../../simulator/devices/run-devices.js";
import { GatewayTruth } from "../../simulator/devices/truth.js";
import { DeviceGateway } from "./device-gateway.js";
import { nodeRedScript } from "./node-red.js";
import { machineTicks, processorSec, residentKiB, stolenShare } from "./processes.js";

export interface LoadOptions {
  devices: number;
  /** Of each device. */
  rateHz: number;
  /** After a warm-up of 15 s, whose messages count for losses and rate, and not for the time they take. */
  durationSec: number;
  seed: number;
  /** Whether this process does nothing else, so that devices and server may yield to the gateway: there is no way back. */
  ownProcess: boolean;
  /** From which on a message is late. */
  lateMs: number;
  onProgress?: (line: string) => void;
}

export interface LoadResult {
  acknowledged: number;
  accepted: number;
  /** Per second, from the first to the last message. */
  rate: number;
  /** From handing a message to the broker's client to its being on the disk in the spool, milliseconds. */
  latency: Latency;
  /** Share of the processors' time that the host of a virtual machine gave to others; NaN where Linux does not say. */
  stolen: number;
  /** Resident memory of the gateway's Node-RED, MiB: means of the first and the last fifth after the warm-up. */
  memory: { firstMiB: number; lastMiB: number };
  /** Processor time of the gateway's Node-RED for each message, milliseconds. */
  processorMs: number;
  ledgerEntries: number;
}

export interface Latency {
  samples: number;
  medianMs: number;
  p90Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Times in which messages took long one after the other, less than a second apart: when, in seconds, and how many. */
  spells: { atSec: number; late: number }[];
}

/** Often and little: a sender that is busy with looking would send what was due in the meantime at once. */
const LOOK_EVERY_MS = 100;
const MOST_A_LOOK = 200;
const SAMPLE_EVERY_MS = 1000;
/** Memory of a process that has just started says nothing. */
const WARM_UP_SHARE = 0.1;
const PATIENCE_MS = 120_000;
const SPELL_ENDS_AFTER_MS = 1000;
/** Priority of devices and server, which the gateway would not share its processors with: below the ordinary 0. */
const ELSEWHERE = 10;
/** Before the measured time: its code is not compiled yet, and it derives the keys of a thousand devices. */
const WARM_UP_SEC = 15;

/** What the gateway is started with so that it tells of the spooled messages of some devices, see spool-probe.cjs. */
function probe(devices: readonly string[], port: number): Record<string, string> {
  return {
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --require ${join(__dirname, "spool-probe.cjs")}`,
    SPOOL_PROBE: JSON.stringify({ script: nodeRedScript(), node: "rdbt-gw-spool", devices, port }),
  };
}

/** Remembers when messages were sent. */
class TimedTruth extends GatewayTruth {
  readonly times = new Map<string, bigint>();
  sampled: ReadonlySet<string> = new Set();
  /** Whether the way of what is sent now is measured. */
  isTiming = false;

  override sent(device: string, counter: number, fingerprint: string, at: number): void {
    if (this.isTiming && this.sampled.has(device)) this.times.set(`${device}:${counter}`, process.hrtime.bigint());
    super.sent(device, counter, fingerprint, at);
  }
}

/**
 * A thousand devices have a flash each; here one process writes them all, and on a disk each would hold up the others
 * whenever they all reach the end of a block of counters.
 */
function memoryFolder(): string {
  return existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function memoryOf(samples: readonly number[]): LoadResult["memory"] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const fifth = Math.max(1, Math.floor(warm.length / 5));
  return { firstMiB: mean(warm.slice(0, fifth)) / 1024, lastMiB: mean(warm.slice(-fifth)) / 1024 };
}

/** How long one message took, and when it was there, milliseconds. */
interface Timed {
  at: number;
  ms: number;
}

function latencyOf(samples: readonly Timed[], lateMs: number): Latency {
  const sorted = samples.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const spells: Latency["spells"] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const sample of samples.filter(({ ms }) => ms >= lateMs)) {
    if (sample.at - last > SPELL_ENDS_AFTER_MS) spells.push({ atSec: sample.at / 1000, late: 0 });
    (spells.at(-1) as { late: number }).late++;
    last = sample.at;
  }
  return { samples: sorted.length, medianMs: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1), spells };
}

/** @throws {AssertionError} where an acknowledged message is not at the server, or is there twice. */
export async function gatewayLoad(options: LoadOptions): Promise<LoadResult> {
  const fleet = makeGatewayFleet(options);
  const sampled = fleet.filter((_, index) => index % 20 === 0).map(({ id }) => id);
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const env = probe(sampled, socket.address().port);
  const gateway = await DeviceGateway.start({ fleet, env, serverApart: true, wholePalette: true }).catch((error) => {
    socket.close();
    throw error;
  });
  const flashFolder = mkdtempSync(join(memoryFolder(), "redoubt-flash-"));
  const names = new Set(fleet.map(({ id }) => id));
  const truth = new TimedTruth(names);
  truth.sampled = new Set(sampled);
  const judge = new GatewayJudge(gateway, truth, names);
  const latencies: Timed[] = [];
  let begin = Number.NaN;
  socket.on("message", (datagram) => {
    const [name, spooled] = datagram.toString().split(" ") as [string, string];
    const sent = truth.times.get(name);
    if (sent === undefined) return;
    truth.times.delete(name);
    latencies.push({ at: performance.now() - begin, ms: Number(BigInt(spooled) - sent) / 1e6 });
  });
  const memory: number[] = [];
  const timers = [
    setInterval(() => judge.look(MOST_A_LOOK), LOOK_EVERY_MS),
    setInterval(() => memory.push(residentKiB(gateway.pid)), SAMPLE_EVERY_MS),
  ];
  try {
    const devices = await connectGatewayDevices(fleet, {
      ...{ url: gateway.brokerUrl, accounts: () => undefined, fleetKey: gateway.fleetKey, epochOf: () => 1 },
      ...{ flashFolder, rateHz: options.rateHz, truth },
    });
    try {
      if (options.ownProcess) for (const pid of [process.pid, gateway.serverPid]) setPriority(pid, ELSEWHERE);
      const processorBefore = processorSec(gateway.pid);
      const machineBefore = machineTicks();
      devices.start();
      begin = performance.now();
      const seconds = () => (performance.now() - begin) / 1000;
      for (let told = 0; seconds() < WARM_UP_SEC + options.durationSec; ) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        truth.isTiming = seconds() >= WARM_UP_SEC;
        if (seconds() - told < 30) continue;
        told = seconds();
        const { acknowledged, accepted } = truth.counts;
        options.onProgress?.(`${told.toFixed(0)} s: ${acknowledged} acknowledged, ${accepted} at the server`);
      }
      devices.stop();
      const rate = truth.counts.sent / seconds();
      await untilStored(judge, truth);
      const { acknowledged, accepted } = truth.counts;
      assert.deepEqual([truth.missing, judge.forged, judge.replays], [0, 0, 0], "lost, altered, doubled");
      const status = (await (await fetch(`${gateway.origin}/status`)).json()) as { ledger: { height: number } };
      return {
        ...{ acknowledged, accepted, rate, latency: latencyOf(latencies, options.lateMs), memory: memoryOf(memory) },
        stolen: stolenShare(machineBefore, machineTicks()),
        processorMs: ((processorSec(gateway.pid) - processorBefore) * 1000) / accepted,
        ledgerEntries: status.ledger.height,
      };
    } finally {
      await devices.close();
    }
  } finally {
    for (const timer of timers) clearInterval(timer);
    socket.close();
    judge.close();
    rmSync(flashFolder, { recursive: true, force: true });
    await gateway.stop();
  }
}

async function untilStored(judge: GatewayJudge, truth: GatewayTruth): Promise<void> {
  let deadline = Date.now() + PATIENCE_MS;
  for (let before = -1; ; ) {
    judge.look();
    const { accepted, acknowledged } = truth.counts;
    if (truth.missing === 0 && accepted >= acknowledged) return;
    if (accepted !== before) deadline = Date.now() + PATIENCE_MS;
    before = accepted;
    assert.ok(Date.now() < deadline, `${truth.missing} acknowledged messages do not arrive`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
