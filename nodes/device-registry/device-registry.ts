import { existsSync } from "node:fs";
import { join } from "node:path";
import type { NodeAPI, NodeDef } from "node-red";
import { resolveIn } from "../../lib/common/home.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { loadKeyFile, loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import type { KeyRing } from "../../lib/envelope/key-ring.js";
import { deviceKey, FLEET_KEY_FAMILY, FLEET_KEY_FILE } from "../../lib/registry/device-key.js";
import { DeviceRegistry } from "../../lib/registry/device-registry.js";
import { type DeviceProfile, isDeviceProfile } from "../../lib/registry/profiles.js";
import type { DeviceRegistryNode } from "../common/device-registry.js";
import { nodeHome } from "../common/home.js";
import { serveRegistries } from "./registry-endpoint.js";

interface DeviceRegistryConfig extends NodeDef {
  path: string;
  fleetKey: string;
  createIfMissing: boolean;
  allowUnauthenticated?: boolean;
}

const DEFAULT_PATH = "devices.json";

function loadFleetKey(RED: NodeAPI, config: DeviceRegistryConfig): KeyRing {
  const path = resolveIn(nodeHome(RED).keys, config.fleetKey || FLEET_KEY_FILE);
  return config.createIfMissing ? loadOrCreateKeyFile(path, FLEET_KEY_FAMILY) : loadKeyFile(path, [FLEET_KEY_FAMILY]);
}

/** The key of a device that nobody can flash any more is not derived: it is in the device's key file. */
function ownKeys(RED: NodeAPI, profile: DeviceProfile, id: string): Buffer[] | undefined {
  if (profile !== "aes-ecb-crc" || !isIdentifier(id)) return undefined;
  const path = join(nodeHome(RED).keys, "devices", `${id}.key`);
  return existsSync(path) ? [...loadKeyFile(path, ["aes-128"]).all] : undefined;
}

export = (RED: NodeAPI): void => {
  serveRegistries(RED);

  RED.nodes.registerType("redoubt-device-registry", function (this: DeviceRegistryNode, config: DeviceRegistryConfig) {
    RED.nodes.createNode(this, config);
    const path = resolveIn(nodeHome(RED).root, config.path || DEFAULT_PATH);
    const report = (problem: string | undefined) => {
      if (problem) this.error(RED._("redoubt-device-registry.errors.registry", { problem }));
    };
    const devices = new DeviceRegistry(path, { onProblem: report });

    let ring: KeyRing | undefined;
    let keyProblem: string | undefined;
    try {
      ring = loadFleetKey(RED, config);
    } catch (error) {
      keyProblem = (error as Error).message;
      this.error(RED._("redoubt-device-registry.errors.key", { problem: keyProblem }));
    }

    Object.assign(this, {
      devices,
      keyProblem,
      limitsOf: (id) => devices.limitsOf(id),
      allowUnauthenticated: config.allowUnauthenticated === true,
      keysOf: (profile, id, epoch = devices.get(id)?.epoch) => {
        if (!ring) throw new Error(keyProblem);
        if (!isDeviceProfile(profile)) throw new Error(`devices have no profile "${profile}"`);
        return ownKeys(RED, profile, id) ?? ring.all.map((key) => deviceKey(key, profile, id, epoch));
      },
    } satisfies Partial<DeviceRegistryNode>);
  });
};
