import { hkdfSync } from "node:crypto";
import { isIdentifier } from "../common/identifier.js";
import { FIRST_EPOCH, isEpoch } from "./epochs.js";
import type { DeviceProfile } from "./profiles.js";

/** Name of the fleet key's file in the keys folder, and what kind of key it holds. */
export const FLEET_KEY_FILE = "fleet.key";
export const FLEET_KEY_FAMILY = "aes-256";

const FLEET_KEY_BYTES = 32;
/** Others have 32 bytes. */
const KEY_BYTES: Partial<Record<DeviceProfile, number>> = { "aes-ecb-crc": 16 };
const SALT = "redoubt";
const CONTEXT = "redoubt/device/v1";

/**
 * The key of one device, derived from the fleet's: HKDF-SHA256 (RFC 5869) with salt `redoubt`, info
 * `redoubt/device/v1/<profile>/<id>`, from the second key epoch on followed by `/<epoch>`, and 32 bytes of output (16
 * for `aes-ecb-crc`). Only the gateway holds the fleet key; a device holds
 * the result, which tells nothing of other keys. Two profiles, or two epochs, of one device never share a key.
 *
 * @param fleetKey 32 bytes.
 * @param id an identifier.
 * @param epoch key epoch of the device, see {@link isEpoch}.
 * @throws {TypeError} for another length, a name that is no identifier, no epoch or a profile without key.
 */
export function deviceKey(fleetKey: Uint8Array, profile: DeviceProfile, id: string, epoch = FIRST_EPOCH): Buffer {
  if (fleetKey.length !== FLEET_KEY_BYTES) {
    throw new TypeError(`a fleet key has ${FLEET_KEY_BYTES} bytes, not ${fleetKey.length}`);
  }
  if (!isIdentifier(id)) throw new TypeError("the device's name is not an identifier");
  if (profile === "plain-json") throw new TypeError("plain-json has no key");
  if (!isEpoch(epoch)) throw new TypeError("that is no key epoch");
  const info = `${CONTEXT}/${profile}/${id}${epoch === FIRST_EPOCH ? "" : `/${epoch}`}`;
  return Buffer.from(hkdfSync("sha256", fleetKey, SALT, info, KEY_BYTES[profile] ?? 32));
}
