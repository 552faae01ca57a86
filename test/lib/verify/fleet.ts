// A small fleet with keys, its senders and a verifier for it.

import { DeviceReceivers } from "../../../lib/envelope/device-receivers.js";
import { DeviceReplays } from "../../../lib/envelope/device-replays.js";
import { envelopeProfile } from "../../../lib/envelope/registry.js";
import { deviceKey } from "../../../lib/registry/device-key.js";
import type { DeviceProfile } from "../../../lib/registry/profiles.js";
import { topicOf } from "../../../lib/registry/topics.js";
import { timeOf } from "../../../lib/verify/reading.js";
import { type KnownDevice, MessageVerifier, type VerifierOptions } from "../../../lib/verify/verifier.js";

export { topicOf };

export const NOW = Date.UTC(2026, 0, 1);
export const FLEET_KEY = Buffer.from("7d1e93b2c04f5a6688e1f20b3c9d4a57616f0c85d2b7e93a4118f6ad5c02be39", "hex");

export const FLEET: ReadonlyMap<string, DeviceProfile> = new Map([
  ["gcm-1", "aes-gcm-json"],
  ["gcm-2", "aes-gcm-json"],
  ["fernet-1", "fernet"],
  ["fernet-2", "fernet"],
  ["plain-1", "plain-json"],
  ["plain-2", "plain-json"],
]);

const SECOND_TOPIC = "iot/gcm-1/second";

function known(id: string | undefined): KnownDevice | undefined {
  const profile = id === undefined ? undefined : FLEET.get(id);
  return profile === undefined ? undefined : { id: id as string, profile };
}

const devices: VerifierOptions["devices"] = {
  deviceOfTopic: (topic) =>
    known(topic === SECOND_TOPIC ? "gcm-1" : [...FLEET.keys()].find((id) => topicOf(id) === topic)),
  get: known,
};

/** Receivers of the verifiers that were made here. */
const receiversOf = new WeakMap<MessageVerifier, DeviceReceivers>();

export function verifierOf(options: Partial<VerifierOptions> = {}): MessageVerifier {
  const receivers = new DeviceReceivers({
    keysOf: (profile, id) => [deviceKey(FLEET_KEY, profile as DeviceProfile, id)],
    replays: new DeviceReplays({}),
    timeOf,
  });
  const verifier = new MessageVerifier({
    devices,
    open: ({ profile, id }, message, context) => receivers.receive(profile, id, message, context),
    ...options,
  });
  receiversOf.set(verifier, receivers);
  return verifier;
}

/** The devices' side: seals with the device's own key. */
export class Senders {
  /** A message of a device, as bytes; for its first topic unless told otherwise. */
  seal(id: string, payload: object | string, topic = topicOf(id), now = NOW): Buffer {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const profile = FLEET.get(id) as DeviceProfile;
    if (profile === "plain-json") return Buffer.from(text);
    const sealed = envelopeProfile(profile)
      .create([deviceKey(FLEET_KEY, profile, id)])
      .seal(Buffer.from(text), { now, topic });
    return Buffer.from(sealed as string);
  }

  receiversOf(verifier: MessageVerifier): number {
    return receiversOf.get(verifier)?.size ?? -1;
  }
}
