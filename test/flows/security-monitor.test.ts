import assert from "node:assert/strict";
import { BROKER_NODES } from "../../cli/launch/flow-store.js";
import { FLOWS } from "../../cli/launch/shipped-flows.js";
import { SECURITY_ACCOUNTS } from "../../lib/broker/accounts.js";
import { ShippedFlow } from "../support/shipped-flow.js";

const shipped = new ShippedFlow("security-monitor.json");
const { nodes: flow, wiresOf, nodeOf } = shipped;

describe("flows/security-monitor.json", () => {
  it("is complete alone, and every other shipped flow is", () => {
    shipped.assertComplete();
    for (const name of FLOWS) new ShippedFlow(name).assertComplete();
  });

  it("goes together with the other shipped flows: what they share is the same in each", () => {
    shipped.assertSharedAlike();
  });

  it("holds no function node, no secret and nothing from the network", () => {
    shipped.assertHarmless();
    for (const node of flow) {
      if (node.type === "mqtt-broker") assert.ok(SECURITY_ACCOUNTS[BROKER_NODES[node.id] ?? ""], node.id);
    }
  });

  it("judges what was refused as well as what was accepted, and publishes every verdict", () => {
    const [verify, features, score, verdict] = [
      nodeOf("redoubt-verify").id,
      nodeOf("redoubt-traffic-features").id,
      nodeOf("redoubt-anomaly-score").id,
      nodeOf("redoubt-security-verdict").id,
    ] as const;
    assert.deepEqual(wiresOf(verify), [[features], [features]]);
    assert.deepEqual(wiresOf(features), [[score], [verdict]]);
    assert.deepEqual(wiresOf(score), [[verdict], [verdict]]);
    const published = flow.find(({ id }) => id === wiresOf(verdict)[2]?.[0]);
    assert.deepEqual([published?.type, published?.topic], ["mqtt out", "security/alert"]);
  });

  it("sends no names or readings to pages of viewers", () => {
    const stats = nodeOf("redoubt-security-stats");
    assert.equal(stats.operatorsOnly, true);
    assert.ok(Number(stats.every) >= 0.5, "at most twice a second");
    assert.equal(nodeOf("redoubt-notify").d, true, "nobody is notified before somebody has said how");
  });
});
