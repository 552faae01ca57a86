import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import type { IncidentDetail, NetworkSnapshot, PublicNetworkSnapshot } from "../../lib/common/network-snapshot.js";
import { readNetworkAlert } from "../../lib/monitor/network/read-network.js";
import networkStatsNode from "../../nodes/network-stats/network-stats.js";
import { actOf, alertOf, countersOf, flowOf, listOf } from "../support/network-messages.js";

helper.init(require.resolve("node-red"));

const OUTPUTS = ["snapshot", "rejected", "detail", "public"] as const;
type Output = (typeof OUTPUTS)[number];
type Sent = NodeMessage & { audience?: string; select?: unknown; _client?: unknown; rejected?: { code: string } };

const KEY = readNetworkAlert(alertOf()).key;
const LIVE = { kind: "live", name: "eth0" };

describe("network-stats node", () => {
  let home: string;
  let savedHome: string | undefined;
  let received: Record<Output, Sent[]>;
  const statePath = () => join(home, "state", "network-stats-stats1.json");

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-network-stats-"));
    savedHome = process.env.REDOUBT_HOME;
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    if (savedHome === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = savedHome;
    rmSync(home, { recursive: true, force: true });
  });

  async function load(settings: Record<string, unknown> = {}): Promise<void> {
    await helper.load(networkStatsNode, [
      { id: "stats1", type: "redoubt-network-stats", every: 0.5, ...settings, wires: OUTPUTS.map((name) => [name]) },
      ...OUTPUTS.map((id) => ({ id, type: "helper" })),
    ]);
    received = { snapshot: [], rejected: [], detail: [], public: [] };
    for (const name of OUTPUTS) helper.getNode(name).on("input", (msg) => received[name].push(msg as Sent));
  }

  function send(...messages: Record<string, unknown>[]): void {
    for (const message of messages) helper.getNode("stats1").receive(message as NodeMessage);
  }

  /** Waits for a message that fits; how long it takes does not matter. */
  async function until<Payload>(
    output: Output,
    fits: (payload: Payload) => boolean,
  ): Promise<Sent & { payload: Payload }> {
    for (let i = 0; i < 1000; i++) {
      const found = received[output].find((msg) => fits(msg.payload as Payload));
      if (found) return found as Sent & { payload: Payload };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`nothing fits: ${JSON.stringify(received[output].at(-1))}`);
  }

  it("sums up what flow-meter and block send, for operators, and tells everybody numbers", async () => {
    await load();
    send(
      { network: countersOf(), capture: LIVE },
      { alert: alertOf(), capture: LIVE },
      { flow: flowOf(), ids: { label: "NMAP_TCP_scan", isAttack: true, confidence: 1, source: "m", reasons: [] } },
      { payload: listOf(["10.77.0.66"]) },
      // As block passes it on: the alert that led to it is still there.
      { topic: "blocked", payload: actOf(), alert: alertOf() },
    );
    const { payload, audience } = await until<NetworkSnapshot>("snapshot", ({ packets }) => packets === 100);
    assert.equal(audience, "operator");
    assert.deepEqual([payload.flows, payload.incidents, payload.sources[0]?.flows], [10, 1, 1]);
    assert.deepEqual(
      [payload.alerts[0]?.named?.label, payload.alerts[0]?.decision?.action],
      ["NMAP_TCP_scan", "blocked"],
    );
    assert.deepEqual([payload.firewall?.total, payload.capture?.name], [1, "eth0"]);
    const told = await until<PublicNetworkSnapshot>("public", ({ packets }) => packets === 100);
    assert.equal(told.audience, undefined);
    assert.doesNotMatch(JSON.stringify(told), /10\.77\.\d|eth0/);
    assert.equal(received.rejected.length + received.detail.length, 0);
  });

  it("answers a selection at once, to the one who asked", async () => {
    await load({ every: 60 });
    const client = { socketId: "abc" };
    send({ alert: alertOf() }, { select: KEY, payload: "of the page", _client: client }, { select: "gone" });
    const { payload, select, audience, _client } = await until<IncidentDetail>("detail", (detail) => detail !== null);
    assert.deepEqual([select, audience, _client], [KEY, "operator", client]);
    assert.deepEqual([payload.incident.kind, payload.history.length], ["syn-scan", 1]);
    assert.equal((await until("detail", (detail) => detail === null)).select, "gone");
  });

  it("notes why nobody was blocked, and takes an acknowledgement", async () => {
    await load({ every: 60 });
    send(
      { alert: alertOf() },
      { alert: alertOf(), rejected: { code: "STALE" }, refusal: { reason: "stale", target: "10.77.0.66" } },
      { acknowledge: KEY },
    );
    const { payload } = await until<NetworkSnapshot>("snapshot", () => true);
    assert.deepEqual(
      payload.alerts.map(({ acknowledged, decision }) => [acknowledged, decision?.refusal]),
      [[true, "stale"]],
    );
  });

  it("refuses what it cannot read, and requests that came by the network", async () => {
    await load();
    const messages = [
      { payload: "hello" },
      { alert: {} },
      { flow: { ...flowOf(), features: [] } },
      { network: { ...countersOf(), packets: -1 } },
      { alert: alertOf(), refusal: { reason: "no such reason" } },
      { payload: { firewall: "none" } },
      { reset: true, qos: 0 },
      { acknowledge: KEY, req: {} },
    ];
    send(...messages);
    for (let i = 0; i < 200 && received.rejected.length < messages.length; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual(
      received.rejected.map(({ rejected }) => rejected?.code),
      [...Array(6).fill("SCHEMA"), "AUTH", "AUTH"],
    );
  });

  it("keeps its counts over a restart, privately, and forgets them at a reset", async () => {
    await load();
    send({ network: countersOf(), capture: LIVE }, { alert: alertOf() });
    await until<NetworkSnapshot>("snapshot", ({ incidents }) => incidents === 1);
    await helper.unload();
    assert.equal(statSync(statePath()).mode & 0o777, 0o600);
    await load();
    const { payload } = await until<NetworkSnapshot>("snapshot", () => true);
    assert.deepEqual([payload.packets, payload.alerts[0]?.key, payload.capture], [100, KEY, null]);
    send({ reset: true });
    await until<NetworkSnapshot>("snapshot", ({ incidents }) => incidents === 0);
    assert.equal(JSON.parse(readFileSync(statePath(), "utf8")).begun, 0);
  });

  it("starts at zero where its file is broken, and keeps it aside", async () => {
    mkdirSync(join(home, "state"));
    writeFileSync(statePath(), '{"version": 1}');
    await load();
    assert.equal((await until<NetworkSnapshot>("snapshot", () => true)).payload.incidents, 0);
    assert.equal(readFileSync(`${statePath()}.broken`, "utf8"), '{"version": 1}');
  });

  it("says at deploy that a period is none", async () => {
    await load({ every: 0.1 });
    send({ alert: alertOf() });
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(received.snapshot.length + received.public.length, 0);
  });
});
