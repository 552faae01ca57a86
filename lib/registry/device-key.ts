import { hkdfSync } from "node:crypto";
import { isIdentifier } from "../common/identifier.js";
import type { DeviceProfile } from "./profiles.js";

/** Name of the fleet key's file in the keys folder, and what kind of key it holds. */
export const FLEET_KEY_FILE = "fleet.key";
export const FLEET_KEY_FAMILY = "aes-256";

const KEY_BYTES = 32;
const SALT = "redoubt";
const CONTEXT = "redoubt/device/v1";

/**
 * The key of one device, derived from the fleet's: HKDF-SHA256 (RFC 5869) with salt `redoubt`, info
 * `redoubt/device/v1/<profile>/<id>` and 32 bytes of output. Only the gateway holds the fleet key; a device holds
 * the result, which tells nothing of other devices' keys. Two profiles of one device never share a key.
 *
 * @param fleetKey 32 bytes.
 * @param id an identifier.
 * @throws {TypeError} for another length, a name that is no identifier or a profile without key.
 */
export function deviceKey(fleetKey: Uint8Array, profile: DeviceProfile, id: string): Buffer {
  if (fleetKey.length !== KEY_BYTES) throw new TypeError(`a fleet key has ${KEY_BYTES} bytes, not ${fleetKey.length}`);
  if (!isIdentifier(id)) throw new TypeError("the device's name is not an identifier");
  if (profile === "plain-json") throw new TypeError("plain-json has no key");
  return Buffer.from(hkdfSync("sha256", fleetKey, SALT, `${CONTEXT}/${profile}/${id}`, KEY_BYTES));
}
