import type { FlowRecord } from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";
import { SeededRandom } from "../../common/seeded-random.js";
import { growForest } from "../grow-forest.js";
import { AlertedSources } from "./alerted-sources.js";
import type { Baseline, Calibration, DeviceProfile } from "./baseline.js";
import { conformalThreshold } from "./calibrate.js";
import { DeviceLearner } from "./device-learner.js";
import { ShapeScorer } from "./forest-score.js";
import { LocalNetworks } from "./local-networks.js";
import type { AlertInBrief } from "./read-flow.js";
import { covers, type Deed, deedOf, portRange } from "./service.js";
import { type Context, contextKeys, contextOf, DIMENSION, deviations, LEAST_ROWS, shapeOf } from "./shape.js";

export interface LearnOptions {
  /** What devices are known by; default their address. */
  by?: "address" | "mac";
  /** The user's networks beside the private ones. */
  local?: readonly string[];
  /** A flow is learnt so long after its end, in seconds, if no alert came by then; default 120. */
  holdSeconds?: number;
  /** Seed of what is drawn; default 1. */
  seed?: number;
}

export interface FinishOptions {
  name: string;
  /** Share of ordinary flows that may be called unusual; default 1 in 10,000. */
  rate?: number;
  /** Clock of `createdAt`, milliseconds since the Unix epoch. */
  now: number;
}

export const BASELINE_DEFAULTS = { rate: 1e-4, holdSeconds: 120, seed: 1 } as const;
/** With fewer flows nothing can be said about what is usual. */
export const LEAST_FLOWS = 100;
const MAX_DEVICES = 1024;
const MAX_ROWS = 20_000;
const MAX_HELD = 20_000;
const MAX_CONTEXTS = 4096;
const TREES = 100;
const SAMPLE = 256;
/** Flows are parted into so many spans of time; every third is held out, so that days and nights are in both parts. */
const SPANS = 30;
const HELD_OUT_EVERY = 3;

interface Row extends Deed {
  shape: Float64Array;
  time: number;
  source: string;
}

/** Learns what is normal in a network from its flows; memory is bounded. */
export class BaselineLearner {
  readonly local: LocalNetworks;
  private readonly by: "address" | "mac";
  private readonly holdSeconds: number;
  private readonly seed: number;
  private readonly random: SeededRandom;
  private readonly alerted = new AlertedSources();
  private readonly held: FlowRecord[] = [];
  private readonly devices = new Map<string, DeviceLearner>();
  /** A uniform sample of the flows (Vitter's algorithm R). */
  private rows: Row[] = [];
  private seen = 0;
  private from = Number.POSITIVE_INFINITY;
  private to = Number.NEGATIVE_INFINITY;
  private clock = Number.NEGATIVE_INFINITY;
  /** Flows that were left out because they belonged to alerts. */
  leftOut = 0;
  /** Devices that there was no room for. */
  devicesNotKept = 0;

  /** @throws {Rejection} SCHEMA for a network that is none. */
  constructor({ by = "address", local = [], ...rest }: LearnOptions = {}) {
    this.by = by;
    this.local = new LocalNetworks(local);
    this.holdSeconds = rest.holdSeconds ?? BASELINE_DEFAULTS.holdSeconds;
    this.seed = rest.seed ?? BASELINE_DEFAULTS.seed;
    this.random = new SeededRandom(this.seed);
  }

  /** Flows learnt so far, without those that wait. */
  get flows(): number {
    return this.seen;
  }

  get deviceCount(): number {
    return this.devices.size;
  }

  /** @param flow a record of a flow; interim ones are left out, as their end comes later. */
  flow(flow: FlowRecord): void {
    if (flow.end === "interim") return;
    if (this.alerted.covers(flow)) {
      this.leftOut++;
      return;
    }
    this.held.push(flow);
    this.clock = Math.max(this.clock, flow.last);
    this.release(this.clock - this.holdSeconds);
  }

  /** What is known of an alert's source since it began is forgotten, and nothing more is learnt of it while it lasts. */
  alert(alert: AlertInBrief): void {
    this.alerted.add(alert);
    const { source, firstSeen } = alert;
    if (alert.phase !== "began" || source.address === "") return;
    const before = this.rows.length;
    this.rows = this.rows.filter((row) => row.source !== source.address || row.time < firstSeen);
    this.leftOut += before - this.rows.length;
    const id = this.by === "mac" && source.mac ? source.mac : source.address;
    const device = this.devices.get(id);
    device?.forgetSince(firstSeen);
    if (device && device.flows <= 0) this.devices.delete(id);
  }

  /**
   * What was learnt.
   *
   * @throws {Rejection} SCHEMA where there were too few flows, RANGE for a rate that is none.
   */
  finish({ name, rate = BASELINE_DEFAULTS.rate, now }: FinishOptions): Baseline {
    if (!(rate > 0 && rate <= 0.1)) throw new Rejection("RANGE", "rate: above 0, up to 0.1");
    this.release(Number.POSITIVE_INFINITY);
    if (this.rows.length < LEAST_FLOWS) {
      const why = `${this.rows.length} flows of normal traffic are too few to learn from: at least ${LEAST_FLOWS} are needed`;
      throw new Rejection("SCHEMA", why);
    }
    const rows = [...this.rows].sort((a, b) => a.time - b.time);
    const isHeldOut = (i: number) => Math.floor((i * SPANS) / rows.length) % HELD_OUT_EVERY === HELD_OUT_EVERY - 1;
    const fit = rows.filter((_, i) => !isHeldOut(i));
    const heldOut = rows.filter((_, i) => isHeldOut(i));

    const fitContexts = contextsOf(fit);
    const z = new Float64Array(fit.length * DIMENSION);
    for (const [i, row] of fit.entries()) z.set(deviations(row.shape, contextFor(fitContexts, row)), i * DIMENSION);
    const random = new SeededRandom(this.seed);
    const forest = growForest(z, DIMENSION, { trees: TREES, sampleSize: SAMPLE }, random);
    const scorer = new ShapeScorer(forest);
    const scores = Float64Array.from(heldOut, (row) => scorer.score(row.shape, contextFor(fitContexts, row)));
    const { threshold, promised } = conformalThreshold(scores, rate);
    const calibration: Calibration = {
      rate,
      promised,
      heldOut: heldOut.length,
      unusual: scores.filter((score) => score > threshold).length,
      unexpected: this.unexpectedAmong(fit, heldOut),
    };
    return {
      name,
      createdAt: new Date(now).toISOString(),
      by: this.by,
      local: [...this.local.own],
      from: this.from,
      to: this.to,
      flows: this.seen,
      leftOut: this.leftOut,
      devices: Array.from(this.devices.values(), profileOf),
      // What is largest may only grow by the flows held out: no score gets worse than when the threshold was set.
      contexts: widened(fitContexts, heldOut),
      forest,
      seed: this.seed,
      threshold,
      calibration,
    };
  }

  private release(until: number): void {
    let count = 0;
    for (const flow of this.held) {
      if (flow.last > until && this.held.length - count <= MAX_HELD) break;
      count++;
      if (this.alerted.covers(flow)) this.leftOut++;
      else this.learn(flow);
    }
    if (count > 0) this.held.splice(0, count);
  }

  private learn(flow: FlowRecord): void {
    const deed = deedOf(flow, this.by, this.local);
    const shape = shapeOf(flow);
    let device = this.devices.get(deed.device);
    if (device === undefined) {
      if (this.devices.size >= MAX_DEVICES) {
        this.devicesNotKept++;
        return;
      }
      device = new DeviceLearner(deed.device, this.local);
      this.devices.set(deed.device, device);
    }
    device.add(deed, shape, flow.start);
    this.from = Math.min(this.from, flow.start);
    this.to = Math.max(this.to, flow.last);
    this.seen++;
    const row = { ...deed, shape, time: flow.start, source: flow.originator.address };
    if (this.rows.length < MAX_ROWS) {
      this.rows.push(row);
      return;
    }
    const place = this.random.integer(this.seen);
    if (place < MAX_ROWS) this.rows[place] = row;
  }

  /** How many of some flows have a peer or port that the others had not: what would have been told as unexpected. */
  private unexpectedAmong(fit: readonly Row[], heldOut: readonly Row[]): number {
    const learnt = new Map<string, DeviceLearner>();
    for (const row of fit) {
      const device = learnt.get(row.device) ?? new DeviceLearner(row.device, this.local);
      learnt.set(row.device, device);
      device.add(row, row.shape, row.time);
    }
    const profiles = new Map([...learnt].map(([id, device]) => [id, device.profile()]));
    return heldOut.filter((row) => !profiles.get(row.device)?.some((service) => covers(service, row, this.local)))
      .length;
  }
}

function profileOf(device: DeviceLearner): DeviceProfile {
  return { id: device.id, flows: device.flows, services: device.profile() };
}

function keysOf(row: Deed): string[] {
  return contextKeys(row, portRange(row.protocol, row.port, false)[0]);
}

/** All contexts with enough flows; the whole of all flows is the last resort. */
function contextsOf(rows: readonly Row[]): Map<string, Context> {
  const groups = new Map<string, Float64Array[]>();
  for (const row of rows) {
    for (const key of [...keysOf(row), ""]) {
      const group = groups.get(key);
      if (group) group.push(row.shape);
      else groups.set(key, [row.shape]);
    }
  }
  const known = [...groups].filter(([key, shapes]) => key === "" || shapes.length >= LEAST_ROWS);
  known.sort((a, b) => b[1].length - a[1].length);
  return new Map(known.slice(0, MAX_CONTEXTS).map(([key, shapes]) => [key, contextOf(shapes)]));
}

/** The narrowest context that is known for a deed. */
export function contextFor(contexts: ReadonlyMap<string, Context>, deed: Deed): Context {
  for (const key of keysOf(deed)) {
    const context = contexts.get(key);
    if (context) return context;
  }
  return contexts.get("") as Context;
}

function widened(contexts: Map<string, Context>, rows: readonly Row[]): Map<string, Context> {
  for (const row of rows) {
    for (const key of [...keysOf(row), ""]) {
      const context = contexts.get(key);
      if (!context) continue;
      context.rows++;
      for (let f = 0; f < DIMENSION; f++) {
        context.largest[f] = Math.max(context.largest[f] as number, row.shape[f] as number);
      }
    }
  }
  return contexts;
}
