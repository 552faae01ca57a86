import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../lib/common/json.js";
import { parseJsonObject } from "../../lib/common/json.js";
import { BOOT_ID_BYTES } from "../../lib/envelope/cose-message.js";
import type { EnvelopeProfile } from "../../lib/envelope/profile.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { commandKeys } from "../../lib/envelope/seal-command.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import type { GatewayDevice, SimulatedProfile } from "./gateway-device.js";

/** Seals and opens as a device with a key of its own does. */
export class DeviceCrypto {
  private readonly bootId = randomBytes(BOOT_ID_BYTES);
  private readonly readings: EnvelopeProfile;
  private readonly commands: EnvelopeProfile;

  /** @param key 32 bytes, which the device keeps. @param epoch number of that key. */
  constructor(
    profile: SimulatedProfile,
    key: Buffer,
    private readonly epoch: number,
  ) {
    const description = envelopeProfile(profile);
    this.readings = description.create([key]);
    this.commands = description.create(commandKeys(description, [key]));
  }

  /** The crypto of a device with the key that the fleet's gives it. */
  static of({ profile, id }: GatewayDevice, fleetKey: Buffer, epoch: number): DeviceCrypto {
    return new DeviceCrypto(profile, deviceKey(fleetKey, profile, id, epoch), epoch);
  }

  /** @param counter never twice with one device. */
  seal(payload: JsonObject, topic: string, counter: number, now: number): Buffer {
    const { bootId, epoch } = this;
    const context = { now, topic, epoch, bootId, counter: BigInt(counter) };
    return Buffer.from(this.readings.seal(Buffer.from(JSON.stringify(payload)), context) as Buffer);
  }

  /** @throws {Rejection} for what the gateway did not seal for this device and topic. */
  openCommand(bytes: Buffer, topic: string, now: number): JsonObject {
    return parseJsonObject(this.commands.open(bytes, { now, topic }).plaintext);
  }
}
