import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BootedNodeRed, projectRoot } from "./node-red.js";

interface NodeSet {
  id: string;
  types: string[];
  enabled: boolean;
  err?: string;
}

interface FlowNode {
  id: string;
  type: string;
  /** Its tab, where it is on one. */
  z?: string;
  /** Of a tab. */
  disabled?: boolean;
}

function jsonFilesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(folder, name));
}

/** Every flow and example of the package in one flow file; config nodes that several of them share appear once. */
export function loadAllFlows(): FlowNode[] {
  const files = [...jsonFilesUnder(join(projectRoot, "flows")), ...jsonFilesUnder(join(projectRoot, "examples"))];
  const byId = new Map<string, FlowNode>();
  for (const file of files) {
    for (const node of JSON.parse(readFileSync(file, "utf8")) as FlowNode[]) byId.set(node.id, node);
  }
  return [...byId.values()];
}

/**
 * The broker of the flows is not running here, nobody has entered a password, a token or a contract's address, or made the
 * occupancy flow's key (`redoubt start` does; a node that made one would hide that it is lost), and the example of
 * gateway-status meets the one of the flow; all else is a fault.
 */
const EXPECTED =
  /mqtt-broker|ECONNREFUSED|Connection failed|Encrypted credentials not found|enter a token for each gateway|contract must be an address|another gateway-status node|occupancy\.key does not exist; make it with/;

/** What is wrong with the palette in a running Node-RED: sets that failed to load, types of ours that are missing. */
export async function paletteProblems(nodeRed: BootedNodeRed): Promise<string[]> {
  const sets = (await nodeRed.getJson("/nodes")) as NodeSet[];
  const ours = sets.filter((set) => set.id.startsWith("@redoubt/node-red/"));
  const loaded = new Set(ours.flatMap((set) => set.types));
  const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
    "node-red": { nodes: Record<string, string> };
  };
  const expected = Object.keys(manifest["node-red"].nodes);
  return [
    ...ours.filter((set) => set.err || !set.enabled).map((set) => `${set.id}: ${set.err ?? "disabled"}`),
    ...expected.filter((type) => !loaded.has(type)).map((type) => `${type} did not load`),
    ...nodeRed.complaints.filter((line) => !EXPECTED.test(line)),
  ];
}
