import type { EnvelopeProfile } from "../../lib/envelope/profile.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import type { FleetDevice, FleetProfile } from "./device.js";

/** Seals as a holder of one key does. */
export class Sealer {
  private readonly profile: EnvelopeProfile;

  /** @param key 32 bytes. */
  constructor(profile: FleetProfile, key: Buffer) {
    this.profile = envelopeProfile(profile).create([key]);
  }

  /** @param now the sender's clock, milliseconds since the Unix epoch. */
  seal(plaintext: Buffer, topic: string, now: number): Buffer {
    const sealed = this.profile.seal(plaintext, { now, topic });
    return typeof sealed === "string" ? Buffer.from(sealed) : sealed;
  }

  sealJson(payload: object, topic: string, now: number): Buffer {
    return this.seal(Buffer.from(JSON.stringify(payload)), topic, now);
  }
}

/** The sealer of a device that holds its own key. */
export function sealerOf(device: FleetDevice, fleetKey: Buffer): Sealer {
  return new Sealer(device.profile, deviceKey(fleetKey, device.profile, device.id));
}
