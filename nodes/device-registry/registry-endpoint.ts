import { createHash } from "node:crypto";
import type { NodeAPI } from "node-red";
import { isJsonObject } from "../../lib/common/json.js";
import { RegistryProblem } from "../../lib/registry/problem.js";
import { checkRegistry, formatRegistry, type RegistryDocument } from "../../lib/registry/registry-file.js";
import type { DeviceRegistryNode } from "../common/device-registry.js";

export const REGISTRY_PATH = "/redoubt/device-registry/:id";

/** Equal for equal registries: whoever saves says which one was edited. */
function revisionOf(registry: RegistryDocument): string {
  return createHash("sha256").update(formatRegistry(registry)).digest("hex").slice(0, 16);
}

/** Config nodes are looked up by id: no path ever comes from a request. */
function registryNode(RED: NodeAPI, id: unknown): DeviceRegistryNode | undefined {
  const node = typeof id !== "string" ? null : (RED.nodes.getNode(id) as DeviceRegistryNode | null);
  return node?.type === "redoubt-device-registry" ? node : undefined;
}

/**
 * Lets the editor show and change the devices of a deployed registry. GET answers `{registry, revision}`; PUT takes
 * the same, refuses a revision that is not the file's (409) and a registry that the reader would refuse (400 {error}).
 * There is no key in it, and none comes near. Reading needs the right to read flows, writing the one to change them.
 */
export function serveRegistries(RED: NodeAPI): void {
  RED.httpAdmin.get(REGISTRY_PATH, RED.auth.needsPermission("flows.read"), (request, response) => {
    const node = registryNode(RED, request.params.id);
    if (!node) {
      response.status(404).json({ error: "deploy the registry first" });
      return;
    }
    try {
      const registry = node.devices.read();
      response.json({ registry, revision: revisionOf(registry) });
    } catch (error) {
      if (!(error instanceof RegistryProblem)) throw error;
      response.status(409).json({ error: error.message });
    }
  });

  RED.httpAdmin.put(REGISTRY_PATH, RED.auth.needsPermission("flows.write"), (request, response) => {
    const node = registryNode(RED, request.params.id);
    if (!node) {
      response.status(404).json({ error: "deploy the registry first" });
      return;
    }
    const body: unknown = request.body;
    try {
      const registry = checkRegistry(isJsonObject(body) ? body.registry : undefined);
      if (isJsonObject(body) && body.revision !== revisionOf(node.devices.read())) {
        response.status(409).json({ error: "the file changed meanwhile: load it again" });
        return;
      }
      node.devices.write(registry);
      response.json({ registry, revision: revisionOf(registry) });
    } catch (error) {
      if (!(error instanceof RegistryProblem)) throw error;
      response.status(400).json({ error: error.message });
    }
  });
}
