import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../lib/common/files.js";
import type { Home } from "../../lib/common/home.js";
import type { KeyFamily } from "../../lib/envelope/key-family.js";
import { loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { formatKeyList } from "../../lib/envelope/key-list.js";
import { deviceKey, FLEET_KEY_FAMILY, FLEET_KEY_FILE } from "../../lib/registry/device-key.js";
import type { DeviceProfile } from "../../lib/registry/profiles.js";

const FAMILIES: Readonly<Record<Exclude<DeviceProfile, "plain-json">, KeyFamily>> = {
  "cose-a128gcm": "aes-256",
  "hmac-json": "hmac-sha256",
  "aes-gcm-json": "aes-256",
  fernet: "fernet",
  "aes-ecb-crc": "aes-128",
};

function deviceKeyFile(home: Home, id: string): string {
  return join(home.keys, "devices", `${id}.key`);
}

/**
 * Writes the key of one device and epoch, derived from the newest fleet key (which is made where there is none), to
 * `keys/devices/<id>.key` of the home, mode 0600. The same key each time, until the fleet key is rotated.
 *
 * @returns its path; undefined for a profile without key.
 * @throws {KeyFailure} when the fleet key cannot be used.
 */
export function writeDeviceKey(home: Home, profile: DeviceProfile, id: string, epoch = 1): string | undefined {
  if (profile === "plain-json") return undefined;
  const fleet = loadOrCreateKeyFile(join(home.keys, FLEET_KEY_FILE), FLEET_KEY_FAMILY);
  const path = deviceKeyFile(home, id);
  writeFileAtomic(path, formatKeyList(FAMILIES[profile], [{ key: deviceKey(fleet.primary, profile, id, epoch) }]));
  return path;
}

/** @returns whether there was one. */
export function removeDeviceKey(home: Home, id: string): boolean {
  const path = deviceKeyFile(home, id);
  const exists = existsSync(path);
  rmSync(path, { force: true });
  return exists;
}
