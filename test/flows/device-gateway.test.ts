import assert from "node:assert/strict";
import { BROKER_NODES } from "../../cli/launch/flow-store.js";
import { GATEWAY_ACCOUNTS } from "../../lib/broker/accounts.js";
import { EvidenceMap } from "../../lib/trust/evidence-map.js";
import { DEFAULT_TRUST_RULES } from "../../lib/trust/rules.js";
import { ShippedFlow } from "../support/shipped-flow.js";

const gateway = new ShippedFlow("device-gateway.json");
const server = new ShippedFlow("central-server.json");

describe("flows/device-gateway.json and flows/central-server.json", () => {
  it("are complete alone, and go together with the other shipped flows", () => {
    for (const flow of [gateway, server]) flow.assertComplete();
    gateway.assertSharedAlike();
  });

  it("hold no function node, no secret and nothing from elsewhere in the network", () => {
    for (const flow of [gateway, server]) flow.assertHarmless(["http://127.0.0.1", "https://127.0.0.1"]);
    const broker = gateway.nodeOf("mqtt-broker");
    assert.ok(GATEWAY_ACCOUNTS[BROKER_NODES[broker.id] ?? ""], broker.id);
  });

  it("takes a message from the broker to the server by verification, score, trust and ledger", () => {
    const order = [
      ...["redoubt-gateway-in", "redoubt-verify", "redoubt-traffic-features", "redoubt-anomaly-score"],
      ...["redoubt-security-verdict", "redoubt-trust-update", "redoubt-ledger", "redoubt-spool-out"],
    ].map((type) => gateway.nodeOf(type).id);
    // With no other node between them: a core switch passes one message in each turn of the event loop.
    for (const [i, id] of order.slice(1).entries()) {
      assert.deepEqual(gateway.wiresOf(order[i] as string)[0], [id], `${order[i]} -> ${id}`);
    }
    assert.equal(gateway.nodeOf("redoubt-ledger").whileTrusted, true, "an attacker cannot fill the log");
    const input = gateway.nodeOf("redoubt-gateway-in");
    assert.equal(input.topics, "iot/devices/+/data");
    assert.equal(gateway.nodeOf("redoubt-verify").unlisted, "reject");
    // A reading that no model can score is no refusal: it must not get lost on the way.
    const [, unscored] = gateway.wiresOf(gateway.nodeOf("redoubt-anomaly-score").id);
    const cleaner = gateway.nodes.find(({ id }) => id === unscored?.[0]);
    assert.deepEqual(cleaner?.rules, [{ t: "delete", p: "rejected", pt: "msg" }]);
    assert.ok(gateway.reaches(unscored?.[0] as string, gateway.nodeOf("redoubt-spool-out").id));
  });

  it("lets nothing reach a device but what the gate approved", () => {
    const gate = gateway.nodeOf("redoubt-command-gate");
    const out = gateway.nodeOf("mqtt out");
    const into = gateway.nodes.filter(({ wires }) => (wires as string[][] | undefined)?.flat().includes(out.id));
    assert.deepEqual(
      into.map(({ id }) => id),
      [gate.id],
    );
    assert.ok(gateway.wiresOf(gate.id)[0]?.includes(out.id), "the first output");
    assert.deepEqual([gate.fromNetwork, gate.allowReadable, gate.minScore], [false, false, 30]);
    // Readings come from the network: no wire leads from them to where a person's decisions are taken.
    assert.equal(gateway.reaches(gateway.nodeOf("redoubt-gateway-in").id, gate.id), false);
  });

  it("has the trust rules of the palette, and evidence that it understands", () => {
    const trust = gateway.nodeOf("redoubt-trust-update");
    assert.deepEqual(trust.points, DEFAULT_TRUST_RULES.points);
    const map = EvidenceMap.read(trust.evidence);
    assert.equal(map.eventOf("verdict", "tamper"), "SECURITY_ALERT");
    assert.equal(map.eventOf("verdict", "high-temperature"), "ANOMALY");
    assert.equal(map.eventOf("rejected", "SCHEMA"), "ANOMALY");
    assert.equal(map.eventOf("rejected", "RATE"), undefined);
    assert.equal(trust.operatorsOnly, true);
  });

  it("sends viewers two counters of the trust and the size of the log, nothing else", () => {
    const templates = gateway.nodes.filter(({ type, group }) => type === "ui-template" && group !== "");
    const cleared = gateway.nodes.filter(({ rules }) =>
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
    const ledgers = gateway.nodes.filter(({ dashboard }) => dashboard === true);
    assert.equal(ledgers.length, 1);
    assert.equal(ledgers[0]?.operatorsOnly, true);
    const [counters] = gateway.wiresOf(ledgers[0]?.id as string)[4] as [string];
    const fed = templates.filter(({ id }) => gateway.reaches(counters, id)).map(({ id }) => id);
    assert.deepEqual(fed, ["rdbt-gw-logcounts"]);
  });

  it("stores at the server before it scores, and records each batch once", () => {
    const input = server.nodeOf("redoubt-batch-in");
    assert.deepEqual([input.path, input.split], ["/api/batches", false]);
    const batches = server.nodes.find(({ id }) => id === "rdbt-srv-batches");
    assert.equal(batches?.type, "redoubt-ledger");
    const direct = server.wiresOf(server.wiresOf(input.id)[0]?.[0] as string)[0];
    assert.deepEqual(direct, ["rdbt-srv-batches", "rdbt-srv-split"]);
    // A ledger node would take msg.batch for what is to be recorded.
    const reading = server.nodes.find(({ id }) => id === "rdbt-srv-reading")?.rules as { t: string; p: string }[];
    assert.ok(reading.some(({ t, p }) => t === "delete" && p === "batch"));
    assert.ok(server.reaches("rdbt-srv-reading", "rdbt-srv-incidents"));
    const names = [gateway, server].map((flow) => flow.nodeOf("redoubt-ledger-config"));
    assert.notEqual(names[0]?.path, names[1]?.path);
    assert.notEqual(names[0]?.origin, names[1]?.origin);
  });

  it("leaves the chain to whoever wants one", () => {
    assert.equal(gateway.nodeOf("redoubt-anchor").d, true);
  });
});
