import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BROKER_NODES } from "../../cli/launch/flow-store.js";
import { FLOWS, type FlowNode, mergeFlows, shippedFlows } from "../../cli/launch/shipped-flows.js";
import { GATEWAY_ACCOUNTS } from "../../lib/broker/accounts.js";
import { EvidenceMap } from "../../lib/trust/evidence-map.js";
import { DEFAULT_TRUST_RULES } from "../../lib/trust/rules.js";
import { projectRoot } from "../support/node-red.js";

const folder = join(projectRoot, "flows");
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as FlowNode[];
const gateway = read("device-gateway.json");
const server = read("central-server.json");

/** Properties by which a node names another one. */
const REFERENCES = ["z", "broker", "registry", "model", "ledger", "group", "page", "ui", "theme", "tls"];

function danglingIn(nodes: readonly FlowNode[]): string[] {
  const known = new Set(nodes.map(({ id }) => id));
  return nodes.flatMap((node) => {
    const named = [
      ...REFERENCES.map((property) => node[property]),
      ...((node.wires as string[][] | undefined) ?? []).flat(),
      ...((node.links as string[] | undefined) ?? []),
    ];
    // What an mqtt-broker calls broker is its host.
    const targets = named.filter((value) => typeof value === "string" && value !== "" && node.type !== "mqtt-broker");
    return targets.filter((target) => !known.has(String(target))).map((target) => `${node.id} -> ${String(target)}`);
  });
}

const wiresOf = (flow: readonly FlowNode[], id: string) => flow.find((node) => node.id === id)?.wires as string[][];
const nodeOf = (flow: readonly FlowNode[], type: string) => flow.find((node) => node.type === type) as FlowNode;

/** Whether something can go from one node to another, along wires and links. */
function reaches(flow: readonly FlowNode[], from: string, to: string, seen = new Set<string>()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  const node = flow.find(({ id }) => id === from);
  // What a widget sends is a person's doing.
  if (node?.type === "ui-template" && node.passthru === false) return false;
  const links = node?.type === "link out" ? (node.links as string[]) : [];
  return [...((node?.wires as string[][] | undefined) ?? []).flat(), ...links].some((next) =>
    reaches(flow, next, to, seen),
  );
}

describe("flows/device-gateway.json and flows/central-server.json", () => {
  it("are complete alone, and go together with the other shipped flows", () => {
    assert.deepEqual([danglingIn(gateway), danglingIn(server)], [[], []]);
    for (const name of ["device-gateway.json", "central-server.json"]) assert.ok(FLOWS.includes(name), name);
    const merged = shippedFlows(folder);
    assert.deepEqual(danglingIn(merged), []);
    assert.equal(merged.filter(({ type }) => type === "ui-base").length, 1);
    assert.ok(merged.length < FLOWS.flatMap(read).length, "something is shared");
    const changed = gateway.map((node) => (node.type === "ui-base" ? { ...node, path: "/other" } : node));
    assert.throws(() => mergeFlows([read("thermal-privacy.json"), changed]), /two flows define the node rdbt-ui-base/);
  });

  it("hold no function node, no secret and nothing from elsewhere in the network", () => {
    for (const flow of [gateway, server]) {
      assert.deepEqual(
        flow.filter(({ type, credentials }) => type === "function" || credentials !== undefined).map(({ id }) => id),
        [],
      );
      assert.doesNotMatch(JSON.stringify(flow), /https?:\/\/(?!127\.0\.0\.1)|v-html|innerHTML|password":|token":/i);
      for (const { id } of flow) assert.match(id, /^rdbt-/);
    }
    const broker = nodeOf(gateway, "mqtt-broker");
    assert.ok(GATEWAY_ACCOUNTS[BROKER_NODES[broker.id] ?? ""], broker.id);
  });

  it("takes a message from the broker to the server by verification, score, trust and ledger", () => {
    const order = [
      ...["redoubt-gateway-in", "redoubt-verify", "redoubt-traffic-features", "redoubt-anomaly-score"],
      ...["redoubt-security-verdict", "redoubt-trust-update", "redoubt-ledger", "redoubt-spool-out"],
    ].map((type) => nodeOf(gateway, type).id);
    // With no other node between them: a core switch passes one message in each turn of the event loop.
    for (const [i, id] of order.slice(1).entries()) {
      assert.deepEqual(wiresOf(gateway, order[i] as string)[0], [id], `${order[i]} -> ${id}`);
    }
    assert.equal(nodeOf(gateway, "redoubt-ledger").whileTrusted, true, "an attacker cannot fill the log");
    const input = nodeOf(gateway, "redoubt-gateway-in");
    assert.equal(input.topics, "iot/devices/+/data");
    assert.equal(nodeOf(gateway, "redoubt-verify").unlisted, "reject");
    // A reading that no model can score is no refusal: it must not get lost on the way.
    const [, unscored] = wiresOf(gateway, nodeOf(gateway, "redoubt-anomaly-score").id);
    const cleaner = gateway.find(({ id }) => id === unscored?.[0]);
    assert.deepEqual(cleaner?.rules, [{ t: "delete", p: "rejected", pt: "msg" }]);
    assert.ok(reaches(gateway, unscored?.[0] as string, nodeOf(gateway, "redoubt-spool-out").id));
  });

  it("lets nothing reach a device but what the gate approved", () => {
    const gate = nodeOf(gateway, "redoubt-command-gate");
    const out = nodeOf(gateway, "mqtt out");
    const into = gateway.filter(({ wires }) => (wires as string[][] | undefined)?.flat().includes(out.id));
    assert.deepEqual(
      into.map(({ id }) => id),
      [gate.id],
    );
    assert.ok(wiresOf(gateway, gate.id)[0]?.includes(out.id), "the first output");
    assert.deepEqual([gate.fromNetwork, gate.allowReadable, gate.minScore], [false, false, 30]);
    // Readings come from the network: no wire leads from them to where a person's decisions are taken.
    assert.equal(reaches(gateway, nodeOf(gateway, "redoubt-gateway-in").id, gate.id), false);
  });

  it("has the trust rules of the palette, and evidence that it understands", () => {
    const trust = nodeOf(gateway, "redoubt-trust-update");
    assert.deepEqual(trust.points, DEFAULT_TRUST_RULES.points);
    const map = EvidenceMap.read(trust.evidence);
    assert.equal(map.eventOf("verdict", "tamper"), "SECURITY_ALERT");
    assert.equal(map.eventOf("verdict", "high-temperature"), "ANOMALY");
    assert.equal(map.eventOf("rejected", "SCHEMA"), "ANOMALY");
    assert.equal(map.eventOf("rejected", "RATE"), undefined);
    assert.equal(trust.operatorsOnly, true);
  });

  it("sends viewers two counters of the trust and the size of the log, nothing else", () => {
    const templates = gateway.filter(({ type, group }) => type === "ui-template" && group !== "");
    const cleared = gateway.filter(({ rules }) =>
      (rules as { t: string; p: string }[] | undefined)?.some(({ t, p }) => t === "delete" && p === "audience"),
    );
    assert.deepEqual(
      cleared.map(({ id, wires }) => [id, wires]),
      [["rdbt-gw-onlycounts", [["rdbt-gw-counts"]]]],
    );
    const rule = (cleared[0]?.rules as { p: string; to: string }[] | undefined)?.[0];
    assert.equal(rule?.p, "payload");
    assert.deepEqual([...(rule?.to ?? "").matchAll(/"(\w+)":/g)].map(([, name]) => name).sort(), [
      "at",
      "known",
      "quarantined",
    ]);
    const ledgers = gateway.filter(({ dashboard }) => dashboard === true);
    assert.equal(ledgers.length, 1);
    assert.equal(ledgers[0]?.operatorsOnly, true);
    const [counters] = wiresOf(gateway, ledgers[0]?.id as string)[4] as [string];
    const fed = templates.filter(({ id }) => reaches(gateway, counters, id)).map(({ id }) => id);
    assert.deepEqual(fed, ["rdbt-gw-logcounts"]);
  });

  it("stores at the server before it scores, and records each batch once", () => {
    const input = nodeOf(server, "redoubt-batch-in");
    assert.deepEqual([input.path, input.split], ["/api/batches", false]);
    const batches = server.find(({ id }) => id === "rdbt-srv-batches");
    assert.equal(batches?.type, "redoubt-ledger");
    const direct = wiresOf(server, wiresOf(server, input.id)[0]?.[0] as string)[0];
    assert.deepEqual(direct, ["rdbt-srv-batches", "rdbt-srv-split"]);
    // A ledger node would take msg.batch for what is to be recorded.
    const reading = server.find(({ id }) => id === "rdbt-srv-reading")?.rules as { t: string; p: string }[];
    assert.ok(reading.some(({ t, p }) => t === "delete" && p === "batch"));
    assert.ok(reaches(server, "rdbt-srv-reading", "rdbt-srv-incidents"));
    const names = [gateway, server].map((flow) => nodeOf(flow, "redoubt-ledger-config"));
    assert.notEqual(names[0]?.path, names[1]?.path);
    assert.notEqual(names[0]?.origin, names[1]?.origin);
  });

  it("leaves the chain to whoever wants one", () => {
    assert.equal(nodeOf(gateway, "redoubt-anchor").d, true);
  });
});
