import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** Every flow that Redoubt starts with, in the order of the editor's tabs. */
export const FLOWS: readonly string[] = [
  "thermal-privacy.json",
  "security-monitor.json",
  "device-gateway.json",
  "central-server.json",
  "network-ids.json",
  "occupancy.json",
];

/**
 * Puts flows together. Each is complete alone, so several bring the same node along (the dashboard's base and theme):
 * it is taken once.
 *
 * @throws {Error} where two flows mean different things by one id.
 */
export function mergeFlows(flows: readonly FlowNode[][]): FlowNode[] {
  const byId = new Map<string, FlowNode>();
  for (const node of flows.flat()) {
    const known = byId.get(node.id);
    if (known && !isDeepStrictEqual(known, node)) throw new Error(`two flows define the node ${node.id} differently`);
    if (!known) byId.set(node.id, node);
  }
  return [...byId.values()];
}

/** Reads and merges the shipped flows from the package's `flows/`. */
export function shippedFlows(folder: string): FlowNode[] {
  return mergeFlows(FLOWS.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as FlowNode[]));
}
