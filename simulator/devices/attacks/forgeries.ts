import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../../lib/common/json.js";
import type { SeededRandom } from "../../../lib/common/seeded-random.js";
import { formatCoseMessage, parseCoseMessage } from "../../../lib/envelope/cose-message.js";
import { DeviceCrypto } from "../device-crypto.js";
import type { GatewayDevice } from "../gateway-device.js";

const KEY_BYTES = 32;
const SIGNATURE_DIGITS = 64;

/** A reading that no sensor has made: honest ones have no third decimal. */
export function inventedReading(id: string, sequence: number, random: SeededRandom): JsonObject {
  return {
    device_id: id,
    timestamp: new Date().toISOString(),
    sequence_no: sequence,
    temperature: 40 + random.integer(40) + 0.337,
    humidity: 20 + random.integer(40) + 0.337,
    cpu_usage: 90.337,
    battery_level: 5.337,
  };
}

/** Sealed in the victim's profile, name and topic, with a key that is not the victim's. */
export function sealedWithAnotherKey(victim: GatewayDevice, sequence: number, random: SeededRandom): Buffer {
  const crypto = new DeviceCrypto(victim.profile, randomBytes(KEY_BYTES), 1);
  return crypto.seal(inventedReading(victim.id, sequence, random), victim.topic, sequence, Date.now());
}

/** A recorded message whose number was changed; what protects it stays as it was. */
export function renumbered(victim: GatewayDevice, bytes: Buffer, counter: number): Buffer {
  if (victim.profile === "cose-a128gcm") {
    return formatCoseMessage({ ...parseCoseMessage(bytes), counter: BigInt(counter) });
  }
  return Buffer.from(bytes.toString().replace(/("sequence_n(?:o|umber)":)\d+/, `$1${counter}`));
}

/** JSON in clear with a signature that is made up. */
export function wronglySigned(reading: JsonObject): Buffer {
  const text = JSON.stringify(reading).slice(0, -1);
  return Buffer.from(`${text},"sig":"${randomBytes(SIGNATURE_DIGITS / 2).toString("hex")}"}`);
}
