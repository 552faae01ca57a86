import type { NodeAPI, NodeDef } from "node-red";
import { resolveIn } from "../../lib/common/home.js";
import { loadKeyFile, loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import type { KeyRing } from "../../lib/envelope/key-ring.js";
import { deviceKey, FLEET_KEY_FAMILY, FLEET_KEY_FILE } from "../../lib/registry/device-key.js";
import { DeviceRegistry } from "../../lib/registry/device-registry.js";
import { isDeviceProfile } from "../../lib/registry/profiles.js";
import type { DeviceRegistryNode } from "../common/device-registry.js";
import { nodeHome } from "../common/home.js";
import { serveRegistries } from "./registry-endpoint.js";

interface DeviceRegistryConfig extends NodeDef {
  path: string;
  fleetKey: string;
  createIfMissing: boolean;
}

const DEFAULT_PATH = "devices.json";

function loadFleetKey(RED: NodeAPI, config: DeviceRegistryConfig): KeyRing {
  const path = resolveIn(nodeHome(RED).keys, config.fleetKey || FLEET_KEY_FILE);
  return config.createIfMissing ? loadOrCreateKeyFile(path, FLEET_KEY_FAMILY) : loadKeyFile(path, [FLEET_KEY_FAMILY]);
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
      keysOf: (profile, id) => {
        if (!ring) throw new Error(keyProblem);
        if (!isDeviceProfile(profile)) throw new Error(`devices have no profile "${profile}"`);
        return ring.all.map((key) => deviceKey(key, profile, id));
      },
    } satisfies Partial<DeviceRegistryNode>);
  });
};
