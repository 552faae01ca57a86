// Devices with a counter, and a verifier for them that keeps its windows in a file.
import { countedAs } from "../../../lib/envelope/device.js";
import { DeviceReceivers } from "../../../lib/envelope/device-receivers.js";
import { DeviceReplays } from "../../../lib/envelope/device-replays.js";
import type { EnvelopeProfile } from "../../../lib/envelope/profile.js";
import { envelopeProfile } from "../../../lib/envelope/registry.js";
import { ReplayFile } from "../../../lib/envelope/replay-file.js";
import { deviceKey } from "../../../lib/registry/device-key.js";
import type { DeviceProfile } from "../../../lib/registry/profiles.js";
import { topicOf } from "../../../lib/registry/topics.js";
import { timeOf } from "../../../lib/verify/reading.js";
import { type KnownDevice, MessageVerifier, type VerifierOptions } from "../../../lib/verify/verifier.js";
import { sealRaw } from "../../support/raw-envelope.js";
import { FLEET_KEY, NOW } from "./fleet.js";

export { NOW, topicOf };

export const COUNTED_FLEET: ReadonlyMap<string, DeviceProfile> = new Map([
  ["cose-1", "cose-a128gcm"],
  ["cose-2", "cose-a128gcm"],
  ["hmac-1", "hmac-json"],
  ["hmac-2", "hmac-json"],
  ["ecb-1", "aes-ecb-crc"],
  ["gcm-1", "aes-gcm-json"],
]);

function known(id: string): KnownDevice | undefined {
  const profile = COUNTED_FLEET.get(id);
  return profile && { id, profile };
}

const DEVICES: VerifierOptions["devices"] = {
  deviceOfTopic: (topic) => {
    const id = topic.split("/").at(-2) ?? "";
    return topic === topicOf(id) ? known(id) : undefined;
  },
  get: known,
};

/** The sender's side of a device and epoch, made once: tests seal tens of thousands of messages. */
const sides = new Map<string, { key: Buffer; envelope: EnvelopeProfile }>();

function sideOf(profile: DeviceProfile, id: string, epoch: number): { key: Buffer; envelope: EnvelopeProfile } {
  const name = `${profile}/${id}/${epoch}`;
  let side = sides.get(name);
  if (!side) {
    const key = deviceKey(FLEET_KEY, profile, id, epoch);
    side = { key, envelope: envelopeProfile(profile).create([key]) };
    sides.set(name, side);
  }
  return side;
}

const BOOT_ID = Buffer.from("9f3b27c5e081d46a", "hex");

export interface CountedOptions extends Partial<VerifierOptions> {
  /** Of every device; present one first. */
  epochs?: () => number[];
  allowUnauthenticated?: boolean;
}

export function countedVerifier(path: string, options: CountedOptions = {}): MessageVerifier & { file: ReplayFile } {
  const { epochs = () => [1], allowUnauthenticated = false, ...verifier } = options;
  const file = new ReplayFile(path);
  const receivers = new DeviceReceivers({
    keysOf: (profile, id, epoch) => [deviceKey(FLEET_KEY, profile as DeviceProfile, id, epoch)],
    epochsOf: epochs,
    allowUnauthenticated,
    replays: new DeviceReplays({}),
    windows: file,
    timeOf,
  });
  const made = new MessageVerifier({
    devices: DEVICES,
    open: ({ profile, id }, message, context) => {
      const { payload, authenticated, sender } = receivers.receive(profile, id, message, context);
      return { payload, authenticated, ...(sender && { counted: countedAs(sender) }) };
    },
    ...verifier,
  });
  return Object.assign(made, { file });
}

export interface Sent {
  counter?: number | bigint;
  epoch?: number;
  topic?: string;
  now?: number;
  bootId?: Buffer;
}

/** A message of a device; its number is in the envelope or, for `hmac-json`, in the payload. */
export function sealed(
  id: string,
  payload: object,
  { counter = 1, epoch = 1, topic, now = NOW, bootId = BOOT_ID }: Sent = {},
): Buffer {
  const profile = COUNTED_FLEET.get(id) as DeviceProfile;
  const { key, envelope } = sideOf(profile, id, epoch);
  const content = profile === "hmac-json" ? { sequence_number: Number(counter), ...payload } : payload;
  const context = { now, topic: topic ?? topicOf(id), epoch, counter: BigInt(counter), bootId };
  const plaintext = Buffer.from(JSON.stringify(content));
  const description = envelopeProfile(profile);
  if (description.name === "cose-a128gcm") return envelope.seal(plaintext, context) as Buffer;
  return sealRaw(description, key, plaintext, context);
}
