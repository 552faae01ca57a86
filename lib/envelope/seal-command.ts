import { hkdfSync } from "node:crypto";
import type { ProfileDescription } from "./profile.js";
import { envelopeProfiles } from "./registry.js";

const KEY_BYTES = 32;
const SALT = "redoubt";
const COMMAND_CONTEXT = "redoubt/command/v1";
/** Signs, but whoever listens can read. */
const READABLE: ReadonlySet<string> = new Set(["hmac-json"]);

export interface CommandSealing {
  /** The device's keys; the first one is the current one. */
  keys: readonly Buffer[];
  /** Key epoch of the device, where it has one. */
  epoch?: number;
  /** MQTT topic that the command goes to; must not be one that readings come from. */
  topic: string;
  /** Never twice with one boot id. */
  counter: number;
  /** 8 bytes, of this start of the gateway. */
  bootId: Buffer;
  /** Gateway clock, milliseconds since the Unix epoch. */
  now: number;
}

/** What a profile can do for a command. */
export type CommandProtection = "encrypts" | "signs" | "none";

/** What of a device's profile protects a command to it; `none` also for names that are no profile. */
export function commandProtection(profile: string): CommandProtection {
  const description = envelopeProfiles.get(profile);
  if (!description || description.receiveOnly || description.authenticates === false) return "none";
  return READABLE.has(profile) ? "signs" : "encrypts";
}

/**
 * Keys for commands. Where the profile binds the topic a command cannot pass for a reading, and the device's own key
 * serves; where it does not, the same key both ways would let anybody send a device's command back to the gateway as if
 * it were a reading. Then it is HKDF-SHA256 (RFC 5869) of the device's key with salt `redoubt`, info
 * `redoubt/command/v1` and 32 bytes of output, which the device derives as well.
 */
export function commandKeys({ bindsTopic }: ProfileDescription, keys: readonly Buffer[]): Buffer[] {
  if (bindsTopic) return [...keys];
  return keys.map((key) => Buffer.from(hkdfSync("sha256", key, SALT, COMMAND_CONTEXT, KEY_BYTES)));
}

/**
 * Seals a command to a device with its profile.
 *
 * @returns bytes, or text for profiles that are text.
 * @throws {Rejection} SIZE; {Error} for a profile that cannot seal.
 */
export function sealCommand(profile: string, plaintext: Buffer, sealing: CommandSealing): Buffer | string {
  const description = envelopeProfiles.get(profile);
  if (!description || commandProtection(profile) === "none") throw new Error(`${profile} cannot seal a command`);
  const { keys, epoch, topic, counter, bootId, now } = sealing;
  return description.create(commandKeys(description, keys)).seal(plaintext, {
    now,
    topic,
    counter: BigInt(counter),
    bootId,
    ...(epoch === undefined ? {} : { epoch }),
  });
}
