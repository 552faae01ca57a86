import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BROKER_NODES } from "../../cli/launch/flow-store.js";
import { FLOWS, type FlowNode, mergeFlows, shippedFlows } from "../../cli/launch/shipped-flows.js";
import { SECURITY_ACCOUNTS } from "../../lib/broker/accounts.js";
import { projectRoot } from "../support/node-red.js";

const folder = join(projectRoot, "flows");
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as FlowNode[];
const flow = read("security-monitor.json");
const ids = new Set(flow.map(({ id }) => id));

/** Properties by which a node names another one. */
const REFERENCES = ["z", "broker", "registry", "model", "secondModel", "group", "page", "ui", "theme", "tls"];

function danglingIn(nodes: readonly FlowNode[]): string[] {
  const known = new Set(nodes.map(({ id }) => id));
  return nodes.flatMap((node) => {
    const named = [
      ...REFERENCES.map((property) => node[property]),
      ...((node.wires as string[][] | undefined) ?? []).flat(),
      ...((node.links as string[] | undefined) ?? []),
      ...((node.scope as string[] | undefined) ?? []),
    ];
    // What an mqtt-broker calls broker is its host.
    const targets = named.filter((value) => typeof value === "string" && value !== "" && node.type !== "mqtt-broker");
    return targets.filter((target) => !known.has(String(target))).map((target) => `${node.id} -> ${String(target)}`);
  });
}

describe("flows/security-monitor.json", () => {
  it("is complete alone, and every other shipped flow is", () => {
    for (const name of FLOWS) assert.deepEqual(danglingIn(read(name)), [], name);
  });

  it("goes together with the other shipped flows: what they share is the same in each", () => {
    const merged = shippedFlows(folder);
    assert.equal(new Set(merged.map(({ id }) => id)).size, merged.length);
    assert.ok(merged.length < FLOWS.flatMap(read).length, "something is shared");
    assert.deepEqual(danglingIn(merged), []);
    assert.equal(merged.filter(({ type }) => type === "ui-base").length, 1);
    const changed = flow.map((node) => (node.type === "ui-base" ? { ...node, path: "/other" } : node));
    assert.throws(() => mergeFlows([read("thermal-privacy.json"), changed]), /two flows define the node rdbt-ui-base/);
  });

  it("holds no function node, no secret and nothing from the network", () => {
    assert.deepEqual(
      flow.filter(({ type, credentials }) => type === "function" || credentials !== undefined).map(({ id }) => id),
      [],
    );
    const text = JSON.stringify(flow);
    assert.doesNotMatch(text, /https?:|discord|v-html|innerHTML|password":/i);
    for (const node of flow) {
      if (node.type === "mqtt-broker") assert.ok(SECURITY_ACCOUNTS[BROKER_NODES[node.id] ?? ""], node.id);
    }
  });

  it("judges what was refused as well as what was accepted, and publishes every verdict", () => {
    const wiresOf = (id: string) => flow.find((node) => node.id === id)?.wires as string[][];
    const byType = (type: string) => flow.find((node) => node.type === type)?.id as string;
    const [verify, features, score, verdict] = [
      byType("redoubt-verify"),
      byType("redoubt-traffic-features"),
      byType("redoubt-anomaly-score"),
      byType("redoubt-security-verdict"),
    ] as const;
    assert.deepEqual(wiresOf(verify), [[features], [features]]);
    assert.deepEqual(wiresOf(features), [[score], [verdict]]);
    assert.deepEqual(wiresOf(score), [[verdict], [verdict]]);
    const published = flow.find(({ id }) => id === wiresOf(verdict)[2]?.[0]);
    assert.deepEqual([published?.type, published?.topic], ["mqtt out", "security/alert"]);
  });

  it("sends no names or readings to pages of viewers", () => {
    const stats = flow.find(({ type }) => type === "redoubt-security-stats");
    assert.equal(stats?.operatorsOnly, true);
    assert.ok(Number(stats?.every) >= 0.5, "at most twice a second");
    const notify = flow.find(({ type }) => type === "redoubt-notify");
    assert.equal(notify?.d, true, "nobody is notified before somebody has said how");
  });

  it("names its nodes so that they stay apart from a user's", () => {
    for (const id of ids) assert.match(id, /^rdbt-/);
  });
});
