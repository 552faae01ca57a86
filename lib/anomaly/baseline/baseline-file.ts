import { readFileSync, statSync } from "node:fs";
import { writeFileAtomic } from "../../common/files.js";
import { type JsonObject, parseJsonObject } from "../../common/json.js";
import { Rejection } from "../../common/rejection.js";
import { arrayAt, numberAt, objectAt, stringAt } from "../json-fields.js";
import { MODEL_NAME, numbersAt, POSITIVE_INTEGER } from "../model-fields.js";
import { isolationTreesAt, storeTree } from "../tree-fields.js";
import type { Baseline, Calibration, DeviceProfile } from "./baseline.js";
import { LocalNetworks } from "./local-networks.js";
import type { Protocol, Service } from "./service.js";
import { type Context, DIMENSION } from "./shape.js";

export const BASELINE_FORMAT = "redoubt-baseline";
export const BASELINE_VERSION = 1;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 8;
const MAX_DEVICES = 4096;
const MAX_SERVICES = 65_536;
const MAX_PEERS = 64;
const MAX_CONTEXTS = 8192;
const MAX_TREES = 1000;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
/** Addresses, networks, MACs and the words for many. */
const PEER = /^[0-9a-zA-Z.:/%_-]{1,64}$/;
const CONTEXT_KEY = /^$|^[0-9a-zA-Z.:/%_*-]{1,64} (tcp|udp|icmp) (\d{1,5}|\*)$/;
const PROTOCOL = /^(tcp|udp|icmp)$/;
const BY = /^(address|mac)$/;
const COUNT = { min: 0, integer: true };
const LOGARITHM = { min: 0, max: 1000 };
const KEYS = ["by", "local", "from", "to", "flows", "leftOut", "seed", "threshold", "calibration", "sampleSize"];
const LISTS = ["devices", "contexts", "trees"];

/** All digits: a value that equals a split's threshold must do so after reading, too. */
const numbers = (values: Float64Array) => Array.from(values);

/** The baseline as JSON text, one line per device, context and tree. */
export function formatBaseline(baseline: Baseline): string {
  const { name, createdAt, by, local, from, to, flows, leftOut, seed, threshold, calibration, forest } = baseline;
  const { devices, contexts } = baseline;
  const head = { format: BASELINE_FORMAT, version: BASELINE_VERSION, name, createdAt };
  const rest = { by, local, from, to, flows, leftOut, seed, threshold, calibration, sampleSize: forest.sampleSize };
  const stored = {
    devices: devices.map(({ services, ...device }) => ({ ...device, services: services.map(storeService) })),
    contexts: Array.from(contexts, ([key, { rows, middle, scale, largest }]) => {
      return { key, rows, middle: numbers(middle), scale: numbers(scale), largest: numbers(largest) };
    }),
    trees: forest.trees.map(storeTree),
  };
  const lists = Object.entries(stored).map(([list, entries]) => {
    const lines = (entries as unknown[]).map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
    return `  "${list}": [\n${lines}\n  ]`;
  });
  return `${JSON.stringify({ ...head, ...rest }, null, 2).slice(0, -2)},\n${lists.join(",\n")}\n}\n`;
}

function storeService({ largest, ...service }: Service): JsonObject {
  return { ...service, largest: numbers(largest) };
}

/**
 * Reads a baseline and checks all of it, so that what judges by it can trust it.
 *
 * @throws {Rejection} SIZE, FORMAT, SCHEMA or RANGE; the reason names the property that is wrong.
 */
export function parseBaseline(input: Buffer | string): Baseline {
  const json = parseJsonObject(input, { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH });
  if (json.format !== BASELINE_FORMAT) throw new Rejection("FORMAT", "the file is not a Redoubt baseline");
  if (json.version !== BASELINE_VERSION) {
    throw new Rejection("FORMAT", `the file has a format version that is not ${BASELINE_VERSION}`);
  }
  objectAt(json, "baseline", ["format", "version", "name", "createdAt", ...KEYS, ...LISTS]);
  const createdAt = stringAt(json.createdAt, "createdAt", ISO_TIME);
  if (Number.isNaN(Date.parse(createdAt))) throw new Rejection("RANGE", "createdAt is not a time");
  const from = numberAt(json.from, "from");
  const local = arrayAt(json.local, "local", 0, 64).map((entry, i) => stringAt(entry, `local[${i}]`, PEER));
  new LocalNetworks(local);
  return {
    name: stringAt(json.name, "name", MODEL_NAME),
    createdAt,
    by: stringAt(json.by, "by", BY) as Baseline["by"],
    local,
    from,
    to: numberAt(json.to, "to", { min: from }),
    flows: numberAt(json.flows, "flows", COUNT),
    leftOut: numberAt(json.leftOut, "leftOut", COUNT),
    devices: devicesAt(json.devices),
    contexts: contextsAt(json.contexts),
    forest: {
      dimension: DIMENSION,
      sampleSize: numberAt(json.sampleSize, "sampleSize", { min: 2, max: 65_536, integer: true }),
      trees: isolationTreesAt(arrayAt(json.trees, "trees", 1, MAX_TREES), "trees", DIMENSION, 1),
    },
    seed: numberAt(json.seed, "seed", COUNT),
    threshold: numberAt(json.threshold, "threshold", { above: 0, max: 100 }),
    calibration: calibrationAt(json.calibration),
  };
}

function calibrationAt(value: unknown): Calibration {
  const fields = objectAt(value, "calibration", ["rate", "promised", "heldOut", "unusual", "unexpected"]);
  const heldOut = numberAt(fields.heldOut, "calibration.heldOut", POSITIVE_INTEGER);
  const part = { ...COUNT, max: heldOut };
  return {
    rate: numberAt(fields.rate, "calibration.rate", { above: 0, max: 1 }),
    promised: numberAt(fields.promised, "calibration.promised", { above: 0, max: 1 }),
    heldOut,
    unusual: numberAt(fields.unusual, "calibration.unusual", part),
    unexpected: numberAt(fields.unexpected, "calibration.unexpected", part),
  };
}

function devicesAt(value: unknown): DeviceProfile[] {
  const seen = new Set<string>();
  return arrayAt(value, "devices", 1, MAX_DEVICES).map((entry, i) => {
    const at = `devices[${i}]`;
    const fields = objectAt(entry, at, ["id", "flows", "services"]);
    const id = stringAt(fields.id, `${at}.id`, PEER);
    if (seen.has(id)) throw new Rejection("SCHEMA", `${at}.id is there twice`);
    seen.add(id);
    const services = arrayAt(fields.services, `${at}.services`, 0, MAX_SERVICES);
    return {
      id,
      flows: numberAt(fields.flows, `${at}.flows`, COUNT),
      services: services.map((service, s) => serviceAt(service, `${at}.services[${s}]`)),
    };
  });
}

function serviceAt(value: unknown, at: string): Service {
  const fields = objectAt(value, at, ["protocol", "low", "high", "peers", "flows", "largest"]);
  const low = numberAt(fields.low, `${at}.low`, { min: 0, max: 65_535, integer: true });
  return {
    protocol: stringAt(fields.protocol, `${at}.protocol`, PROTOCOL) as Protocol,
    low,
    high: numberAt(fields.high, `${at}.high`, { min: low, max: 65_535, integer: true }),
    peers: arrayAt(fields.peers, `${at}.peers`, 1, MAX_PEERS).map((peer, i) =>
      stringAt(peer, `${at}.peers[${i}]`, PEER),
    ),
    flows: numberAt(fields.flows, `${at}.flows`, COUNT),
    largest: numbersAt(fields.largest, `${at}.largest`, DIMENSION, LOGARITHM),
  };
}

function contextsAt(value: unknown): Map<string, Context> {
  const contexts = new Map<string, Context>();
  for (const [i, entry] of arrayAt(value, "contexts", 1, MAX_CONTEXTS).entries()) {
    const at = `contexts[${i}]`;
    const fields = objectAt(entry, at, ["key", "rows", "middle", "scale", "largest"]);
    const key = stringAt(fields.key, `${at}.key`, CONTEXT_KEY);
    if (contexts.has(key)) throw new Rejection("SCHEMA", `${at}.key is there twice`);
    contexts.set(key, {
      rows: numberAt(fields.rows, `${at}.rows`, POSITIVE_INTEGER),
      middle: numbersAt(fields.middle, `${at}.middle`, DIMENSION, LOGARITHM),
      scale: numbersAt(fields.scale, `${at}.scale`, DIMENSION, { above: 0, max: 1000 }),
      largest: numbersAt(fields.largest, `${at}.largest`, DIMENSION, LOGARITHM),
    });
  }
  if (!contexts.has("")) throw new Rejection("SCHEMA", "contexts lack that of all flows");
  return contexts;
}

/** @throws {Rejection} as {@link parseBaseline}; other errors where the file cannot be read. */
export function readBaselineFile(path: string): Baseline {
  if (statSync(path).size > MAX_BYTES) throw new Rejection("SIZE", `the file is larger than ${MAX_BYTES} bytes`);
  return parseBaseline(readFileSync(path));
}

/** Replaces a baseline's file atomically, mode 0600: it tells who talks to whom. */
export function writeBaselineFile(path: string, baseline: Baseline): void {
  writeFileAtomic(path, formatBaseline(baseline));
}
