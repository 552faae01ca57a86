// The security monitor's chain, for a run with very many client ids.
import type { FlowNode } from "./thermal-flow.js";

/** Messages below it are taken without proof, those below the other are refused as unknown devices. */
export const ACCEPTED_TOPICS = "iot/accepted";
export const REFUSED_TOPICS = "iot/refused";
export const COUNTERS_TOPIC = "drill/counters";
export const STATS_NODE = "drill-stats";
export const BROKER_NODE = "drill-broker";

const TAB = "drill-tab";

function node(id: string, type: string, properties: Record<string, unknown>, ...wires: string[][]): FlowNode {
  return { id, type, z: TAB, x: 0, y: 0, ...properties, wires };
}

function mqttIn(id: string, topic: string, next: string): FlowNode {
  return node(id, "mqtt in", { topic: `${topic}/#`, qos: "1", datatype: "buffer", broker: BROKER_NODE }, [next]);
}

function verify(id: string, unlisted: "accept" | "reject"): FlowNode {
  return node(id, "redoubt-verify", { registry: "drill-registry", unlisted }, ["drill-features"], ["drill-features"]);
}

/**
 * @param snapshotFile where the last full snapshot is written, as JSON.
 * @returns nodes; {@link BROKER_NODE} needs the credentials of an account that may subscribe to `iot/#` and publish
 *   {@link COUNTERS_TOPIC}.
 */
export function manyClientsFlow(port: number, snapshotFile: string): FlowNode[] {
  return [
    { id: TAB, type: "tab", label: "Many clients" },
    {
      id: "drill-registry",
      type: "redoubt-device-registry",
      path: "devices.json",
      fleetKey: "fleet.key",
      createIfMissing: true,
    },
    {
      id: BROKER_NODE,
      type: "mqtt-broker",
      broker: "127.0.0.1",
      port: String(port),
      autoConnect: true,
      protocolVersion: "4",
      keepalive: "60",
      cleansession: true,
    },
    mqttIn("drill-in-accepted", ACCEPTED_TOPICS, "drill-verify-accepting"),
    mqttIn("drill-in-refused", REFUSED_TOPICS, "drill-verify-refusing"),
    verify("drill-verify-accepting", "accept"),
    verify("drill-verify-refusing", "reject"),
    node("drill-features", "redoubt-traffic-features", { registry: "" }, ["drill-verdict"], ["drill-verdict"]),
    node("drill-verdict", "redoubt-security-verdict", { publish: "anomalies" }, ["drill-audit"], [], []),
    node(
      "drill-audit",
      "redoubt-audit-trail",
      { file: "security", format: "both", maxSize: 4, maxFiles: 3 },
      [STATS_NODE],
      [],
    ),
    node(
      STATS_NODE,
      "redoubt-security-stats",
      { every: 0.5, operatorsOnly: true },
      ["drill-json"],
      [],
      [],
      ["drill-counters"],
    ),
    node("drill-json", "json", { property: "payload", action: "str" }, ["drill-file"]),
    node(
      "drill-file",
      "file",
      { filename: snapshotFile, filenameType: "str", overwriteFile: "true", encoding: "utf8" },
      [],
    ),
    node("drill-counters", "mqtt out", { topic: COUNTERS_TOPIC, qos: "0", retain: "false", broker: BROKER_NODE }),
  ];
}
