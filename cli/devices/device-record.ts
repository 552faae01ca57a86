import { join } from "node:path";
import type { Home } from "../../lib/common/home.js";
import { loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { deviceKey, FLEET_KEY_FAMILY, FLEET_KEY_FILE } from "../../lib/registry/device-key.js";
import { provisioningRecord } from "../../lib/registry/provisioning-record.js";

/** The profile that the firmware speaks. */
export const FIRMWARE_PROFILE = "cose-a128gcm";

/**
 * The line that gives a device with Redoubt's firmware its name, key and password.
 *
 * @throws {KeyFailure} when the fleet key cannot be used; {TypeError} for a name or epoch that the firmware refuses.
 */
export function deviceRecord(home: Home, device: string, epoch: number, password: string): string {
  const { primary } = loadOrCreateKeyFile(join(home.keys, FLEET_KEY_FILE), FLEET_KEY_FAMILY);
  return provisioningRecord({ device, epoch, key: deviceKey(primary, FIRMWARE_PROFILE, device, epoch), password });
}
