import type { Node } from "node-red";
import type { QuantityLimits } from "../../lib/common/quantity-limits.js";
import type { DeviceRegistry } from "../../lib/registry/device-registry.js";

/** The `redoubt-device-registry` config node as its users see it. */
export interface DeviceRegistryNode extends Node {
  /** The devices; a file that broke meanwhile leaves the last good ones, see `devices.problem`. */
  readonly devices: DeviceRegistry;
  /** Why no device's key can be had, for people. */
  readonly keyProblem: string | undefined;
  /** Limits of a device's quantities, or the registry's defaults for one that is not listed. */
  limitsOf(id: string): QuantityLimits;
  /** Whether devices may have a profile that proves nothing though it encrypts (`aes-ecb-crc`). */
  readonly allowUnauthenticated: boolean;
  /**
   * A device's keys, one for each fleet key; the first one is the current one. Never to be shown or logged.
   *
   * @param epoch key epoch; the device's present one unless given.
   * @throws {Error} where there is no fleet key, or for a profile without keys.
   */
  keysOf(profile: string, id: string, epoch?: number): Buffer[];
}
