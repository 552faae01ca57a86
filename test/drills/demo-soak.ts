import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import mqtt from "mqtt";
import { RunningCommand } from "../support/demo.js";
import { childrenOf, residentKiB } from "../support/processes.js";
import type { Drill } from "./drill.js";

interface Plan {
  durationSec: number;
  /** Node-RED's first compilations and caches. */
  warmUpSec: number;
  sampleSec: number;
  rateHz: number;
}

const FULL: Plan = { durationSec: 600, warmUpSec: 60, sampleSec: 10, rateHz: 10 };
const REDUCED: Plan = { durationSec: 75, warmUpSec: 20, sampleSec: 5, rateHz: 1 };
const ALLOWED_GROWTH = 1.3;
/** Of Node-RED's log, shown after a failure. */
const LOG_LINES = 20;
const MASKED_TOPIC = "dc/temperature/masked_encrypted";
const MINUTE_MS = 60_000;
/** A minute that begins or ends as close to the run's own begin and end may be missed. */
const SLACK_MS = 5000;
/** A busy machine may be late with a value, and with the plant's first readings. */
const PATIENCE_MS = 60_000;

/** Resident memory of one process over time. */
class MemoryTrack {
  private readonly samples: number[] = [];

  constructor(
    readonly name: string,
    private readonly pid: number,
  ) {}

  sample(): number {
    const now = residentKiB(this.pid);
    assert.ok(now > 0, `${this.name} ended`);
    this.samples.push(now);
    return now / 1024;
  }

  /** @throws {AssertionError} when the median of the last third is too far above that of the first. */
  verdict(): string {
    const third = Math.floor(this.samples.length / 3);
    const median = (part: number[]) => (part.sort((a, b) => a - b)[Math.floor(part.length / 2)] as number) / 1024;
    const [first, last] = [median(this.samples.slice(0, third)), median(this.samples.slice(-third))];
    assert.ok(last <= ALLOWED_GROWTH * first, `${this.name} grew from ${first.toFixed(0)} to ${last.toFixed(0)} MiB`);
    return `${this.name} ${first.toFixed(0)} to ${last.toFixed(0)} MiB`;
  }
}

function trackOf(demo: RunningCommand, name: string, commandLine: RegExp): MemoryTrack {
  const found = childrenOf(demo.child.pid as number).find((child) => commandLine.test(child.commandLine));
  assert.ok(found, `${name} is not running`);
  return new MemoryTrack(name, found.pid);
}

/** The full minutes whose values must have been published between two times. */
function fullMinutes(from: number, to: number): number[] {
  const minutes: number[] = [];
  const first = Math.ceil((from + SLACK_MS) / MINUTE_MS) * MINUTE_MS;
  for (let at = first; at + SLACK_MS <= to; at += MINUTE_MS) minutes.push(at);
  return minutes;
}

/** The plant is a process of its own, which says each minute and at its beginning how many readings it has sent. */
async function untilReadings(demo: RunningCommand): Promise<void> {
  const log = join(demo.home, "logs", "plant.log");
  const deadline = Date.now() + PATIENCE_MS;
  while (!existsSync(log) || !/[1-9]\d* readings/.test(readFileSync(log, "utf8"))) {
    assert.ok(Date.now() < deadline, "the plant sends nothing");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function soak(demo: RunningCommand, plan: Plan, progress: (line: string) => void): Promise<string> {
  const receivedAt: number[] = [];
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${demo.mqttPort}`, { ...demo.account("subscriber") });
  try {
    client.on("message", () => receivedAt.push(Date.now()));
    await client.subscribeAsync(MASKED_TOPIC);
    await untilReadings(demo);
    const began = Date.now();
    const tracks = [trackOf(demo, "Node-RED", /^node-red/), trackOf(demo, "broker", /lib\/broker\/process/)];
    const ends = began + plan.durationSec * 1000;
    while (Date.now() < ends) {
      await new Promise((resolve) => setTimeout(resolve, plan.sampleSec * 1000));
      const isWarm = Date.now() - began >= plan.warmUpSec * 1000;
      if (!isWarm) continue;
      const figures = tracks.map((track) => `${track.name} ${track.sample().toFixed(0)} MiB`);
      progress(`${((Date.now() - began) / 1000).toFixed(0)} s: ${figures.join(", ")}, ${receivedAt.length} masked`);
    }
    const errors = demo.nodeRedLog.split("\n").filter((line) => line.includes("[error]"));
    assert.deepEqual(errors, []);
    const minutes = fullMinutes(began, Date.now());
    assert.ok(minutes.length > 0, "the run holds a full minute");
    const deadline = Date.now() + PATIENCE_MS;
    for (const minute of minutes) {
      const hasValue = () => receivedAt.some((at) => at >= minute && at < minute + MINUTE_MS);
      while (!hasValue() && Date.now() < Math.min(deadline, minute + MINUTE_MS)) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(hasValue(), `no masked value after ${new Date(minute).toISOString()}`);
    }
    const memory = tracks.map((track) => track.verdict());
    return `${plan.durationSec} s at ${plan.rateHz} Hz, ${memory.join(", ")}, ${receivedAt.length} masked values in ${minutes.length} full minutes, no error logged`;
  } finally {
    await client.endAsync(true);
  }
}

export const demoSoak: Drill = {
  name: "demo-soak",
  summary: `the demo for ${FULL.durationSec} s at ${FULL.rateHz} Hz (${REDUCED.durationSec} s at ${REDUCED.rateHz} Hz): no error, a masked value each minute, flat memory`,
  async run({ reduced, seed, progress }) {
    if (!existsSync("/proc/self/status")) throw new Error("it needs /proc (Linux)");
    const plan = reduced ? REDUCED : FULL;
    const demo = await RunningCommand.start("demo", { args: ["--rate", String(plan.rateHz), "--seed", String(seed)] });
    try {
      await demo.untilPrinted(/Ctrl-C ends everything/);
      const figures = await soak(demo, plan, progress);
      assert.equal(await demo.stop(), 0, demo.output);
      return figures;
    } catch (error) {
      // The home is removed: what the logs said is the only trace.
      const log = demo.nodeRedLog.split("\n").slice(-LOG_LINES).join("\n");
      throw new Error(`${(error as Error).message}\n${demo.output}\nNode-RED's log ends with:\n${log}`, {
        cause: error,
      });
    } finally {
      await demo.stop("SIGKILL");
      demo.removeHome();
    }
  },
};
