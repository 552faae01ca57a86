import { SeededRandom } from "../../lib/common/seeded-random.js";
import { TrafficMeter } from "../../lib/traffic/traffic-meter.js";
import { TRAINING_COLUMNS, trainingCells } from "../../lib/traffic/training-row.js";
import type { Climate } from "./climate.js";
import { DeviceState, makeFleet } from "./device.js";
import { Reception } from "./reception.js";
import { Sealer } from "./sealer.js";

/** Virtual time starts here, so that equal seeds give equal files. */
const START_MS = Date.UTC(2026, 0, 5);
/** Only the size of the sealed message matters, and no key changes that. */
const ANY_KEY = Buffer.alloc(32, 1);

export interface TrainingRowsOptions {
  devices: number;
  /** Readings a second of each device. */
  rateHz: number;
  durationSec: number;
  seed: number;
  prefix?: string;
}

/** One message of a clean fleet, in virtual time. */
export interface CleanMessage {
  deviceId: string;
  /** Arrival, milliseconds since the Unix epoch. */
  atMs: number;
  climate: Climate;
  /** In the order of TRAINING_COLUMNS. */
  cells: string[];
}

/**
 * What the receiver measures of a clean fleet, in order of arrival, as fast as the machine can. Payloads are built and
 * sealed as in real time and measured by the monitor's own meter; they arrive with the delays, pauses and losses of a
 * real receiver, without which a model would take every hiccup of its own machine for an attack.
 */
export function* cleanMessages(options: TrainingRowsOptions): Generator<CleanMessage> {
  const { rateHz, durationSec } = options;
  const meter = new TrafficMeter();
  const members = makeFleet(options).map((device) => {
    const state = new DeviceState(device, rateHz);
    return { state, sealer: new Sealer(device.profile, ANY_KEY), due: START_MS + state.firstDelayMs() };
  });
  const reception = new Reception(START_MS, new SeededRandom(options.seed ^ 0x0ece_1e));
  const end = START_MS + durationSec * 1000;
  for (;;) {
    let next = members[0];
    for (const member of members) if (next && member.due < next.due) next = member;
    if (!next || next.due >= end) return;
    const { state, sealer } = next;
    const { id, topic } = state.device;
    const sentMs = Math.round(next.due);
    next.due += state.nextDelayMs();
    const climate = state.read(sentMs);
    const payload = state.payload(sentMs, climate);
    const atMs = reception.arrivalOf(sentMs);
    if (atMs === undefined) continue;
    const { length: size } = sealer.sealJson(payload, topic, sentMs);
    const traffic = meter.measure({ source: id, authenticated: true, at: atMs, topic, size, reading: payload });
    yield { deviceId: id, atMs, climate, cells: trainingCells(traffic) };
  }
}

/** Lines of a training file: a header, then one row per message. */
export function* trainingCsv(options: TrainingRowsOptions): Generator<string> {
  yield `timestamp,device_id,${TRAINING_COLUMNS.join(",")}\n`;
  for (const { deviceId, atMs, cells } of cleanMessages(options)) {
    yield `${new Date(atMs).toISOString()},${deviceId},${cells.join(",")}\n`;
  }
}

/** Mean and standard deviation of the temperatures that a model of this fleet is trained on, degrees Celsius. */
export interface TrainedTemperature {
  meanC: number;
  sdC: number;
}

const TRAINED_SEC = 6 * 3600;
/** A tenth of the readings tells the same mean and spread. */
const SPARSE_HZ = 0.1;

/** {@link TrainedTemperature} of a clean quarter of a day. */
export function trainedTemperature(devices: number, seed: number): TrainedTemperature {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const { climate } of cleanMessages({ devices, seed, rateHz: SPARSE_HZ, durationSec: TRAINED_SEC })) {
    count++;
    const difference = climate.temperature - mean;
    mean += difference / count;
    squares += difference * (climate.temperature - mean);
  }
  return { meanC: mean, sdC: Math.sqrt(squares / Math.max(1, count - 1)) };
}
