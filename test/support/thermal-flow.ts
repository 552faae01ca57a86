import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BROKER_NODES } from "../../cli/launch/flow-store.js";
import type { FlowCredentials } from "../../cli/launch/node-red-credentials.js";
import type { TestBroker } from "./brokers.js";
import { projectRoot } from "./node-red.js";

export interface FlowNode {
  id: string;
  type: string;
  z?: string;
  wires?: string[][];
  [property: string]: unknown;
}

export interface PreparedFlow {
  flows: FlowNode[];
  credentials: FlowCredentials;
}

/**
 * A shipped flow pointed at a test broker, with the snapshots of its stats nodes also written to a file, a line
 * each, so that a test reads the counters that a person sees on the dashboard.
 */
export function flowForBroker(
  name: string,
  broker: Pick<TestBroker, "port" | "accounts">,
  options: { snapshotFile?: string; properties?: Record<string, Record<string, unknown>> } = {},
): PreparedFlow {
  const flows = JSON.parse(readFileSync(join(projectRoot, "flows", name), "utf8")) as FlowNode[];
  const credentials: FlowCredentials = {};
  for (const node of [...flows]) {
    Object.assign(node, options.properties?.[node.type], options.properties?.[node.id]);
    if (node.type === "mqtt-broker") {
      node.broker = "127.0.0.1";
      node.port = String(broker.port);
      const account = broker.accounts[BROKER_NODES[node.id] ?? ""];
      if (account) credentials[node.id] = { user: account.username, password: account.password };
    }
    if (node.type === "redoubt-stats" && options.snapshotFile && node.z) {
      const [json, file] = [`${node.id}-json`, `${node.id}-file`];
      node.wires?.[1]?.push(json);
      flows.push(
        { id: json, type: "change", z: node.z, rules: stampRules(node.id), x: 0, y: 0, wires: [[file]] },
        {
          id: file,
          type: "file",
          z: node.z,
          filename: options.snapshotFile,
          filenameType: "str",
          appendNewline: true,
          overwriteFile: "false",
          encoding: "utf8",
          x: 0,
          y: 0,
          wires: [[]],
        },
      );
    }
  }
  return { flows, credentials };
}

function stampRules(id: string): unknown[] {
  return [
    { t: "set", p: "payload.node", pt: "msg", to: id, tot: "str" },
    { t: "set", p: "payload", pt: "msg", to: "$string(payload)", tot: "jsonata" },
  ];
}

export interface Counters {
  acceptedTotal: number;
  rejectedTotal: number;
  rejectedByCode: Record<string, number>;
}

/** The newest snapshot of one stats node; zero before the first. */
export function countersOf(snapshotFile: string, node: string): Counters {
  const lines = readFileSync(snapshotFile, { encoding: "utf8", flag: "a+" }).split("\n");
  // What follows the last line feed is being written.
  for (const line of lines.slice(0, -1).reverse()) {
    const snapshot = JSON.parse(line) as Counters & { node: string };
    if (snapshot.node === node) return snapshot;
  }
  return { acceptedTotal: 0, rejectedTotal: 0, rejectedByCode: {} };
}
