import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withFileLock } from "../common/file-lock.js";
import { writeFileAtomic } from "../common/files.js";
import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, type JsonObject, parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { type EpochEntry, readEpochs } from "./epochs.js";
import { type LimitsEntry, readLimits } from "./limits.js";
import { RegistryProblem, refuseOthers } from "./problem.js";
import { DEVICE_PROFILES, type DeviceProfile, isDeviceProfile } from "./profiles.js";
import { isDeviceTopic, topicOf } from "./topics.js";

/** One device as it is in the file. */
export interface DeviceEntry extends EpochEntry {
  id: string;
  profile: DeviceProfile;
  /** Exact topics, without wildcards; `iot/devices/<id>/data` unless given. */
  topics?: string[];
  /** What is believable of its quantities; wins over the defaults. */
  limits?: LimitsEntry;
}

/** A registry file: no keys, only who there is. */
export interface RegistryDocument {
  version: 1;
  defaults?: { limits?: LimitsEntry };
  devices: DeviceEntry[];
}

export const MAX_DEVICES = 10_000;
export const MAX_REGISTRY_BYTES = 4_194_304;
const MAX_TOPICS = 16;
/** With colon and epoch, 32 bytes: the largest key identifier of the envelope. */
const MAX_COSE_ID = 26;
const VERSION = 1;

/** Where the registry of a home is. */
export function registryFileIn(home: string): string {
  return join(home, "devices.json");
}

/** Topics on which a device publishes. */
export function topicsOf({ id, topics }: DeviceEntry): string[] {
  return topics ?? [topicOf(id)];
}

function readTopics(value: unknown, where: string): string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_TOPICS) {
    throw new RegistryProblem(`${where}: topics is not a list of 1 to ${MAX_TOPICS} topics`);
  }
  if (!value.every(isDeviceTopic)) {
    throw new RegistryProblem(`${where}: a topic is text of 1 to 256 bytes without + # and control characters`);
  }
  if (new Set(value).size < value.length) throw new RegistryProblem(`${where}: a topic is listed twice`);
  return value;
}

function readDevice(value: unknown, index: number): DeviceEntry {
  if (!isJsonObject(value)) throw new RegistryProblem(`devices[${index}] is not an object`);
  const { id, profile, topics, limits } = value;
  if (!isIdentifier(id)) throw new RegistryProblem(`devices[${index}]: id is not 1 to 64 of A-Z a-z 0-9 . _ -`);
  const where = `devices[${index}] "${id}"`;
  refuseOthers(value, ["id", "profile", "topics", "limits", "epoch", "previousEpoch"], where);
  if (!isDeviceProfile(profile)) {
    throw new RegistryProblem(`${where}: profile is not one of ${DEVICE_PROFILES.join(", ")}`);
  }
  const device = {
    id,
    profile,
    ...(topics !== undefined && { topics: readTopics(topics, where) }),
    ...(limits !== undefined && { limits: readLimits(limits, `${where}.limits`) }),
    ...readEpochs(value, where),
  };
  if (profile === "cose-a128gcm") refuseUnnameable(device, where);
  return device;
}

/** What a COSE message says of itself must be able to name the device: its key identifier, and its topic's end. */
function refuseUnnameable(device: DeviceEntry, where: string): void {
  const { id, profile } = device;
  if (id.length > MAX_COSE_ID) {
    throw new RegistryProblem(`${where}: the id of a ${profile} device has at most ${MAX_COSE_ID} characters`);
  }
  if (!topicsOf(device).every((topic) => topic.split("/").at(-2) === id)) {
    throw new RegistryProblem(`${where}: the topics of a ${profile} device end in ${id}/ and one more level`);
  }
}

function readDefaults(value: unknown): { limits?: LimitsEntry } {
  if (!isJsonObject(value)) throw new RegistryProblem("defaults is not an object");
  refuseOthers(value, ["limits"], "defaults");
  return value.limits === undefined ? {} : { limits: readLimits(value.limits, "defaults.limits") };
}

/** A name, and a topic, belongs to one device. */
function refuseShared(devices: readonly DeviceEntry[]): void {
  const owners = new Map<string, string>();
  const ids = new Set<string>();
  for (const device of devices) {
    if (ids.has(device.id)) throw new RegistryProblem(`device "${device.id}" is listed twice`);
    ids.add(device.id);
    for (const topic of topicsOf(device)) {
      const owner = owners.get(topic);
      if (owner !== undefined) {
        throw new RegistryProblem(`devices "${owner}" and "${device.id}" have the same topic ${JSON.stringify(topic)}`);
      }
      owners.set(topic, device.id);
    }
  }
}

/**
 * Checks a registry, whoever wrote it.
 *
 * @param value the parsed JSON.
 * @returns a copy that holds nothing else.
 * @throws {RegistryProblem} naming the entry that is wrong.
 */
export function checkRegistry(value: unknown): RegistryDocument {
  if (!isJsonObject(value)) throw new RegistryProblem("the registry is not a JSON object");
  refuseOthers(value, ["version", "defaults", "devices"], "the registry");
  if (value.version !== VERSION) throw new RegistryProblem(`the registry's version is not ${VERSION}`);
  if (!Array.isArray(value.devices)) throw new RegistryProblem("the registry has no list of devices");
  if (value.devices.length > MAX_DEVICES) throw new RegistryProblem(`there are more than ${MAX_DEVICES} devices`);
  const devices = value.devices.map(readDevice);
  refuseShared(devices);
  return {
    version: VERSION,
    ...(value.defaults !== undefined && { defaults: readDefaults(value.defaults) }),
    devices,
  };
}

/** Like {@link checkRegistry}, for text. */
export function parseRegistry(text: string | Buffer): RegistryDocument {
  let value: JsonObject;
  try {
    value = parseJsonObject(text, { maxBytes: MAX_REGISTRY_BYTES, maxDepth: 8 });
  } catch (error) {
    if (error instanceof Rejection) throw new RegistryProblem(`the registry cannot be read: ${error.reason}`);
    throw error;
  }
  return checkRegistry(value);
}

/**
 * Reads a registry file; none yet is an empty registry.
 *
 * @throws {RegistryProblem} naming the file and the entry.
 */
export function readRegistry(path: string): RegistryDocument {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { version: VERSION, devices: [] };
    throw new RegistryProblem(`${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return parseRegistry(bytes);
  } catch (error) {
    if (error instanceof RegistryProblem) throw new RegistryProblem(`${path}: ${error.message}`);
    throw error;
  }
}

/** The text of a registry file. */
export function formatRegistry(registry: RegistryDocument): string {
  return `${JSON.stringify(registry, undefined, 2)}\n`;
}

/**
 * Replaces a registry file (mode 0600), so that a reader sees the old or the new one.
 *
 * @throws {RegistryProblem} for one that could not be read back.
 */
export function writeRegistry(path: string, registry: RegistryDocument): void {
  const text = formatRegistry(checkRegistry(registry));
  if (Buffer.byteLength(text) > MAX_REGISTRY_BYTES) {
    throw new RegistryProblem(`the registry would have more than ${MAX_REGISTRY_BYTES} bytes`);
  }
  writeFileAtomic(path, text);
}

/**
 * Changes a registry file while no other process does.
 *
 * @param change returns the registry to be, or undefined to leave the file as it is.
 * @throws {RegistryProblem} see {@link readRegistry} and {@link writeRegistry}, and what `change` throws.
 */
export function changeRegistry(
  path: string,
  change: (registry: RegistryDocument) => RegistryDocument | undefined,
): void {
  withFileLock(path, () => {
    const changed = change(readRegistry(path));
    if (changed) writeRegistry(path, changed);
  });
}
