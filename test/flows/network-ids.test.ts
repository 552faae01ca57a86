import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BROKER_NODES } from "../../cli/launch/flow-store.js";
import type { FlowNode } from "../../cli/launch/shipped-flows.js";
import { NETWORK_ACCOUNTS } from "../../lib/broker/accounts.js";
import { projectRoot } from "../support/node-red.js";
import { ShippedFlow } from "../support/shipped-flow.js";

const shipped = new ShippedFlow("network-ids.json");
const { nodes: flow, byId, wiresOf, nodeOf, reaches } = shipped;
const tabOf = (label: RegExp) => flow.find((node) => node.type === "tab" && label.test(String(node.label))) as FlowNode;

describe("flows/network-ids.json", () => {
  it("is complete alone and goes together with the other shipped flows", () => {
    shipped.assertComplete();
  });

  it("holds no function node, no secret and nothing from elsewhere", () => {
    shipped.assertHarmless();
    assert.ok(NETWORK_ACCOUNTS[BROKER_NODES["rdbt-broker-net"] ?? ""]);
  });

  it("starts without rights: no interface is set, and nothing is blocked before somebody says so", () => {
    const meter = nodeOf("redoubt-flow-meter");
    assert.deepEqual([meter.interface, meter.watch, meter.folder], ["", true, "captures"]);
    assert.equal(nodeOf("redoubt-block").live, false);
    assert.equal(nodeOf("redoubt-notify").d, true);
    const classifier = nodeOf("redoubt-ids-classify");
    assert.ok(existsSync(join(projectRoot, "models", String(classifier.file))), "the model is shipped");
  });

  it("lets only alerts reach the firewall, by way of the one who names, and shows what became of them", () => {
    const [meter, classify] = [nodeOf("redoubt-flow-meter").id, nodeOf("redoubt-ids-classify").id];
    const [block, stats] = [nodeOf("redoubt-block").id, nodeOf("redoubt-network-stats").id];
    const [flows, , alerts, counters] = wiresOf(meter);
    const baseline = nodeOf("redoubt-baseline").id;
    assert.deepEqual([flows, alerts, counters], [[baseline], [classify, baseline], [stats]]);
    // What is unusual is shown and told; whether it blocks is a setting of the firewall, which is off.
    assert.deepEqual(wiresOf(baseline), [[classify], [], [stats, block, "rdbt-net-tell", "rdbt-net-isnew"]]);
    assert.deepEqual(wiresOf(classify), [[stats], [stats], [stats, block, "rdbt-net-tell", "rdbt-net-isnew"]]);
    assert.equal(nodeOf("redoubt-block").unusual, false);
    const into = flow.filter(({ id }) => wiresOf(id).flat().includes(block)).map(({ id, type }) => [id, type]);
    assert.deepEqual(into, [
      [baseline, "redoubt-baseline"],
      [classify, "redoubt-ids-classify"],
      ["rdbt-net-fromunblock", "link in"],
    ]);
    for (const output of [0, 1, 2])
      assert.ok(
        wiresOf(block)[output]?.some((id) => reaches(id, stats)),
        `${output}`,
      );
  });

  it("tells alerts on security/network and, when somebody has said how, to people", () => {
    const out = nodeOf("mqtt out");
    assert.deepEqual([out.topic, out.retain], ["security/network", "false"]);
    const classify = nodeOf("redoubt-ids-classify").id;
    assert.ok(reaches(classify, out.id));
    assert.ok(reaches(classify, nodeOf("redoubt-notify").id));
    const [, network] = Object.entries(NETWORK_ACCOUNTS)[0] ?? [];
    assert.deepEqual(network?.publish, ["security/network"]);
  });

  it("sends viewers counters and nothing else", () => {
    const stats = nodeOf("redoubt-network-stats");
    assert.equal(stats.operatorsOnly, true);
    assert.ok(Number(stats.every) >= 0.5, "at most twice a second");
    assert.equal(nodeOf("redoubt-block").operatorsOnly, true);
    const [counters] = wiresOf(stats.id)[3] as [string];
    const widgets = flow.filter(({ type, group }) => type === "ui-template" && group !== "").map(({ id }) => id);
    assert.deepEqual(
      widgets.filter((id) => reaches(counters, id)),
      ["rdbt-net-figures", "rdbt-net-chart", "rdbt-net-types"],
    );
    for (const { rules } of flow) {
      for (const { t, p, to } of (rules ?? []) as { t: string; p: string; to?: string }[]) {
        assert.ok(p !== "audience" || (t === "set" && to === "operator"));
      }
    }
  });

  it("leaves seed 002's sensor alone until somebody enables its tab, and calls it not authenticated", () => {
    const tab = tabOf(/seed 002/);
    assert.equal(tab.disabled, true);
    const own = flow.filter(({ z }) => z === tab.id);
    const input = own.find(({ type }) => type === "mqtt in");
    assert.equal(input?.topic, "home/sensor/data");
    assert.deepEqual(NETWORK_ACCOUNTS["network-monitor"]?.subscribe, [input?.topic]);
    const decrypt = own.find(({ type }) => type === "redoubt-decrypt");
    assert.deepEqual([decrypt?.profile, decrypt?.allowUnauthenticated], ["aes-ecb-crc", true]);
    const keyring = byId.get(String(decrypt?.keyring));
    assert.deepEqual([keyring?.z, keyring?.createIfMissing], [tab.id, false], "a key that exists or none");
    const group = own.find(({ type }) => type === "ui-group");
    assert.match(String(group?.name), /not authenticated/);
    const chart = own.find(({ type }) => type === "ui-chart");
    assert.deepEqual([chart?.group, /not authenticated/.test(String(chart?.label))], [group?.id, true]);
    // What it says is shown and judged by nothing.
    assert.equal(reaches(String(input?.id), nodeOf("redoubt-network-stats").id), false);
  });
});
