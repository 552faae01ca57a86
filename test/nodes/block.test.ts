import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import type { FirewallAct, FirewallSnapshot } from "../../lib/common/firewall.js";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import type { NetworkAlert } from "../../lib/common/network.js";
import blockNode from "../../nodes/block/block.js";
import type { LedgerNode } from "../../nodes/common/ledger.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import ledgerConfigNode from "../../nodes/ledger-config/ledger-config.js";
import { FirewallLab, LAB, requireFirewall } from "../support/firewall-lab.js";
import { lastStatus, loggedErrors } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

type BlockMessage = StageMessage & {
  receipt?: LedgerReceipt;
  refusal?: { reason: string; target: string };
  audience?: string;
};
type Output = "acts" | "rejected" | "list";
const OUTPUTS: Output[] = ["acts", "rejected", "list"];

function alertOf(more: Partial<NetworkAlert> = {}): NetworkAlert {
  const seen = Date.now() / 1000;
  return {
    ...{ id: "a1", kind: "syn-scan", phase: "began", source: { address: LAB.attacker }, severity: "critical" },
    ...{ value: 312, threshold: 60, unit: "ports", reasons: ["312 ports in 4 s"], packets: 400, proof: "handshake" },
    ...{ firstSeen: seen - 4, crossedAt: seen, lastSeen: seen },
    ...more,
  } as NetworkAlert;
}

describe("block node", function () {
  this.timeout(120_000);
  let home: string;
  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    isOver = false;
    home = mkdtempSync(join(tmpdir(), "redoubt-block-"));
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    isOver = true;
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    delete process.env.REDOUBT_FIREWALL_NETNS;
    rmSync(home, { recursive: true, force: true });
  });

  const received: Record<Output, BlockMessage[]> = { acts: [], rejected: [], list: [] };
  const load = async (...configs: Record<string, unknown>[]) => {
    for (const name of OUTPUTS) received[name] = [];
    await helper.load(
      [ledgerConfigNode, blockNode],
      [
        { id: "flow", type: "tab" },
        { id: "ledger", type: "redoubt-ledger-config", origin: "redoubt.test/log", groupMs: 2 },
        ...(configs.length > 0 ? configs : [{}]).map((config, i) => ({
          ...{ id: i === 0 ? "block" : `block-${i}`, z: "flow", type: "redoubt-block", ledger: "ledger" },
          ...{ wires: OUTPUTS.map((name) => [name]) },
          ...config,
        })),
        ...OUTPUTS.map((id) => ({ id, z: "flow", type: "helper" })),
      ],
    );
    for (const name of OUTPUTS) helper.getNode(name).on("input", (msg) => received[name].push(msg as BlockMessage));
  };
  let isOver = false;
  // A test that ran out of time must not keep the process alive.
  const until = async (condition: () => boolean) => {
    while (!condition() && !isOver) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const send = (message: Record<string, unknown>) => helper.getNode("block").receive(message);
  const acts = () => received.acts.map(({ payload }) => payload as FirewallAct);
  const lastList = () => received.list.at(-1)?.payload as FirewallSnapshot | undefined;
  const recorded = () =>
    ((helper.getNode("ledger") as LedgerNode).ledger?.entries(0, 1000) ?? [])
      .filter(({ data }) => data?.kind === "firewall")
      .map(({ data }) => data?.detail);

  it("is a dry run by default: decides, records and shows, and drops nothing", async () => {
    await load();
    send({ alert: alertOf(), topic: "keep" });
    await until(() => received.acts.length === 1 && lastList()?.total === 1);
    const [act] = acts();
    assert.deepEqual([act?.action, act?.target, act?.seconds, act?.dryRun], ["blocked", LAB.attacker, 60, true]);
    assert.equal(received.acts[0]?.topic, "blocked");
    assert.match(received.acts[0]?.receipt?.leafHash ?? "", /^[0-9a-f]{64}$/);
    const [entry] = recorded();
    assert.deepEqual([entry?.action, entry?.target, entry?.dry_run], ["blocked", LAB.attacker, true]);
    assert.deepEqual(
      [lastList()?.dryRun, lastList()?.firewall, received.list[0]?.audience],
      [true, "dry-run", "operator"],
    );
    assert.deepEqual(
      [lastStatus(helper.getNode("block"))?.shape, lastStatus(helper.getNode("block"))?.fill],
      ["ring", "grey"],
    );
    assert.deepEqual(
      readdirSync(join(home, "state")).filter((name) => name.startsWith("firewall-")),
      ["firewall-block.json"],
    );
  });

  it("refuses with a code and the reason of the closed list, and blocks nobody", async () => {
    await load({ allow: [{ address: "10.79.0.0/28", mac: "" }] });
    const messages = [
      { alert: alertOf({ source: { address: "10.0.0.5; rm -rf" } }) },
      { alert: alertOf({ source: { address: LAB.sensor } }) },
      { alert: alertOf({ proof: "none" }) },
      { alert: alertOf({ source: { address: "224.0.0.251" } }) },
      { alert: alertOf(), qos: 0 },
      { payload: "10.0.0.5" },
      { topic: "unblock", payload: { target: LAB.attacker, reason: "x" }, req: {} },
    ];
    for (const [i, message] of messages.entries()) {
      send(message);
      await until(() => received.rejected.length === i + 1);
    }
    assert.deepEqual(
      received.rejected.map(({ rejected, refusal }) => [rejected?.code, refusal?.reason]),
      [
        ["FORMAT", undefined],
        ["RANGE", "allow-listed"],
        ["AUTH", "no-proof"],
        ["RANGE", "multicast"],
        ["AUTH", undefined],
        ["SCHEMA", undefined],
        ["AUTH", undefined],
      ],
    );
    assert.deepEqual([received.acts.length, recorded().length], [0, 0]);
  });

  it("opens for an operator, and tells who and why", async () => {
    await load();
    send({ alert: alertOf() });
    await until(() => received.acts.length === 1);
    send({
      topic: "unblock",
      payload: { target: LAB.attacker, reason: "ours" },
      _client: { user: { username: "ada" } },
    });
    await until(() => received.acts.length === 2 && lastList()?.total === 0);
    const act = acts()[1];
    assert.deepEqual([act?.action, act?.by, act?.because], ["unblocked", "ada", "ours"]);
    assert.deepEqual(
      recorded().map((detail) => detail?.action),
      ["blocked", "unblocked"],
    );
  });

  it("ends a block by itself and says so", async () => {
    await load({ steps: "1" });
    send({ alert: alertOf() });
    await until(() => received.acts.length === 2);
    assert.deepEqual(
      acts().map(({ action }) => action),
      ["blocked", "expired"],
    );
  });

  it("sends its list at most once a second, whatever comes in", async () => {
    await load();
    const start = performance.now();
    for (let i = 0; i < 300; i++) send({ alert: alertOf({ proof: "none" }) });
    await until(() => received.rejected.length === 300 && (lastList()?.refused["no-proof"] ?? 0) === 300);
    assert.ok(received.list.length <= 2 + (performance.now() - start) / 1000, `${received.list.length} lists`);
  });

  it("blocks nobody where the ledger cannot be written, and says so", async () => {
    await load();
    const ledger = helper.getNode("ledger") as LedgerNode;
    ledger.ledger?.close();
    send({ alert: alertOf() });
    await until(() => loggedErrors().length > 0);
    await until(() => lastList()?.problem != null);
    assert.deepEqual([received.acts.length, lastList()?.total], [0, 0]);
    assert.match(lastList()?.problem ?? "", /ledger/);
    assert.equal(lastStatus(helper.getNode("block"))?.fill, "yellow");
  });

  for (const [name, config, message] of [
    ["no ledger", { ledger: "" }, /no ledger/],
    ["a wrong row", { allow: [{ address: "10.0.0.5; rm -rf" }] }, /row 1/],
    ["falling steps", { steps: "600, 60" }, /rise/],
    ["an unknown firewall", { firewall: "sh -c" }, /nft or iptables/],
    ["a number out of range", { perMinute: 0 }, /New blocks/],
  ] as const) {
    it(`says at deploy what is wrong: ${name}`, async () => {
      await load(config);
      assert.match(loggedErrors().join("\n"), message);
      assert.deepEqual(
        [lastStatus(helper.getNode("block"))?.fill, lastStatus(helper.getNode("block"))?.shape],
        ["red", "ring"],
      );
    });
  }

  describe("live", () => {
    let lab: FirewallLab;
    before(async function () {
      requireFirewall(this, { nft: "nftables", ss: "iproute2", conntrack: "conntrack" });
      lab = await FirewallLab.build();
    });
    after(() => lab?.remove());
    const rules = () => lab.call("gw", ["nft", "list", "ruleset"]);
    const allow = [{ address: LAB.sensor, mac: LAB.sensorMac }];

    it("keeps an attacker out over a deploy, spares the sensor, and opens when it is deleted", async () => {
      process.env.REDOUBT_FIREWALL_NETNS = lab.namespace("gw");
      await load({ live: true, allow });
      assert.equal(await lab.connects("att", LAB.gateway, 10), true);
      send({ alert: alertOf() });
      await until(() => received.acts.length === 1);
      assert.deepEqual([acts()[0]?.dryRun, acts()[0]?.firewall, acts()[0]?.sessions?.problems], [false, "nft", []]);
      assert.deepEqual([await lab.connects("att"), await lab.connects("sen", LAB.gateway, 10)], [false, true]);
      await helper.unload();
      assert.equal(await lab.connects("att"), false);
      await load({ live: true, allow });
      await until(() => lastList()?.total === 1);
      assert.equal(await lab.connects("att"), false);
      assert.deepEqual(
        [lastStatus(helper.getNode("block"))?.fill, lastStatus(helper.getNode("block"))?.shape],
        ["green", "dot"],
      );
      await helper.getNode("block").close(true);
      assert.equal(rules(), "");
      assert.equal(await lab.connects("att", LAB.gateway, 10), true);
    });

    it("opens everything when it is switched back to a dry run", async () => {
      process.env.REDOUBT_FIREWALL_NETNS = lab.namespace("gw");
      await load({ live: true, allow });
      send({ alert: alertOf() });
      await until(() => received.acts.length === 1);
      await helper.unload();
      await load({ live: false, allow });
      await until(() => received.acts.length === 1);
      assert.equal(acts()[0]?.action, "switched-off");
      assert.equal(rules(), "");
    });

    it("lets one node have the firewall, and the other says so", async () => {
      process.env.REDOUBT_FIREWALL_NETNS = lab.namespace("gw");
      await load({ live: true, allow }, { live: true });
      await until(() => loggedErrors().length === 1 && lastList() !== undefined);
      assert.deepEqual(loggedErrors(), ["redoubt-block.errors.unusable"]);
      for (const id of ["block", "block-1"]) helper.getNode(id).receive({ alert: alertOf() });
      await until(() => loggedErrors().length === 2 && received.acts.length === 1);
      assert.equal(readdirSync(join(home, "state")).filter((name) => name.startsWith("firewall-")).length, 1);
      for (const id of ["block", "block-1"]) await helper.getNode(id).close(true);
      assert.equal(rules(), "");
    });

    it("is a dry run that says why where the firewall cannot be used", async () => {
      process.env.REDOUBT_FIREWALL_NETNS = "fw-no-such-namespace";
      await load({ live: true, allow });
      await until(() => lastList() !== undefined);
      assert.equal(lastList()?.dryRun, true);
      assert.match(lastList()?.problem ?? "", /^dry run: /);
      assert.deepEqual(loggedErrors(), ["redoubt-block.errors.notice"]);
      assert.deepEqual(
        [lastStatus(helper.getNode("block"))?.fill, lastStatus(helper.getNode("block"))?.shape],
        ["yellow", "ring"],
      );
    });
  });
});
