import type { NodeAPI } from "node-red";
import { Machine } from "../../lib/firewall/machine.js";

export const MACHINE_PATH = "/redoubt/block/machine";

/**
 * Lets the editor show who is never blocked here: GET, answered by `{addresses, gateways, resolvers}`, lists of
 * addresses, or by 503 {error} where they cannot be read. Needs the right to read flows.
 */
export function registerMachineEndpoint(RED: NodeAPI): void {
  RED.httpAdmin.get(MACHINE_PATH, RED.auth.needsPermission("flows.read"), (_request, response) => {
    try {
      const { addresses, gateways, resolvers } = new Machine().facts();
      response.json({ addresses: [...addresses], gateways: [...gateways], resolvers: [...resolvers] });
    } catch (error) {
      response.status(503).json({ error: (error as Error).message });
    }
  });
}
