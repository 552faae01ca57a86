import { withFileLock } from "../common/file-lock.js";
import { nextEpoch } from "./epochs.js";
import { RegistryProblem } from "./problem.js";
import { changeRegistry, type DeviceEntry, readRegistry, writeRegistry } from "./registry-file.js";

/**
 * Lists a device in a registry file; one that is listed the same way is left alone.
 *
 * @throws {RegistryProblem} when it is listed otherwise, or the registry would not be valid with it.
 */
export function listDevice(path: string, entry: DeviceEntry): "added" | "known" {
  let outcome: "added" | "known" = "added";
  changeRegistry(path, (registry) => {
    const known = registry.devices.find(({ id }) => id === entry.id);
    if (!known) return { ...registry, devices: [...registry.devices, entry] };
    const isSame = known.profile === entry.profile && (!entry.topics || `${entry.topics}` === `${known.topics}`);
    if (!isSame)
      throw new RegistryProblem(`"${entry.id}" is listed with another profile or other topics; remove it first`);
    outcome = "known";
    return undefined;
  });
  return outcome;
}

/** @throws {RegistryProblem} when the device is not listed. */
export function unlistDevice(path: string, id: string): void {
  changeRegistry(path, (registry) => {
    const devices = registry.devices.filter((device) => device.id !== id);
    if (devices.length === registry.devices.length) throw new RegistryProblem(`"${id}" is not listed in ${path}`);
    return { ...registry, devices };
  });
}

/**
 * Gives a listed device its next key epoch.
 *
 * @param now milliseconds since the Unix epoch.
 * @param overlap see {@link nextEpoch}.
 * @returns the device as it is listed now.
 * @throws {RegistryProblem} when it is not listed, or has no key.
 */
export function rotateDevice(path: string, id: string, now: number, overlap: number): DeviceEntry {
  return withFileLock(path, () => {
    const registry = readRegistry(path);
    const device = registry.devices.find((entry) => entry.id === id);
    if (!device) throw new RegistryProblem(`"${id}" is not listed in ${path}`);
    if (device.profile === "plain-json") throw new RegistryProblem(`"${id}" has no key: its profile is plain-json`);
    const { previousEpoch: _, ...lasting } = device;
    const rotated = { ...lasting, ...nextEpoch(device, now, overlap) };
    const devices = registry.devices.map((entry) => (entry === device ? rotated : entry));
    writeRegistry(path, { ...registry, devices });
    return rotated;
  });
}
