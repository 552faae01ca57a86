import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import { writeRegistry } from "../../lib/registry/registry-file.js";
import { DEFAULT_TRUST_RULES } from "../../lib/trust/rules.js";
import type { TrustSnapshot } from "../../lib/trust/snapshot.js";
import type { CommittedChange, MessageTrust } from "../../lib/trust/updater.js";
import type { LedgerNode } from "../../nodes/common/ledger.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import registryNode from "../../nodes/device-registry/device-registry.js";
import ledgerConfigNode from "../../nodes/ledger-config/ledger-config.js";
import trustUpdateNode from "../../nodes/trust-update/trust-update.js";
import { lastStatus, loggedErrors } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

type TrustMessage = StageMessage & { trust?: MessageTrust };
type Output = "passed" | "refused" | "changed" | "shown";
const OUTPUTS: Output[] = ["passed", "refused", "changed", "shown"];

const device = { id: "pump", epoch: 1, authenticated: true, profile: "cose-a128gcm", receivedAt: 1 };
let counter = 0;
const alert = () => ({
  device: { ...device, counter: ++counter },
  payload: { temperature: 99 },
  verdict: {
    id: "0123456789ab",
    status: "anomaly",
    attackType: "tamper",
    source: "pump",
    authenticated: true,
    origin: "redoubt",
  },
});

describe("trust-update node", () => {
  let home: string;
  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-trust-node-"));
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true, force: true });
  });

  const received: Record<Output, TrustMessage[]> = { passed: [], refused: [], changed: [], shown: [] };
  const load = async (
    config: Record<string, unknown> = {},
    ...more: { id: string; type: string; [property: string]: unknown }[]
  ) => {
    for (const name of OUTPUTS) received[name] = [];
    await helper.load(
      [ledgerConfigNode, registryNode, trustUpdateNode],
      [
        { id: "flow", type: "tab" },
        { id: "ledger", type: "redoubt-ledger-config", origin: "redoubt.test/log", groupMs: 2 },
        {
          id: "trust",
          z: "flow",
          type: "redoubt-trust-update",
          ledger: "ledger",
          ...config,
          wires: OUTPUTS.map((name) => [name]),
        },
        ...OUTPUTS.map((id) => ({ id, z: "flow", type: "helper" })),
        ...more,
      ],
    );
    for (const name of OUTPUTS) helper.getNode(name).on("input", (msg) => received[name].push(msg as TrustMessage));
  };
  const ledger = () => helper.getNode("ledger") as LedgerNode;
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const send = (...messages: Record<string, unknown>[]) => {
    for (const message of messages) helper.getNode("trust").receive(message);
  };
  const changes = () => received.changed.map(({ payload }) => payload as CommittedChange);

  it("adds the trust that is on the ledger, twelve alerts down to zero and no further", async () => {
    const begin = performance.now();
    await load();
    send({ device: { ...device, counter: 0 }, payload: { temperature: 20 } });
    await until(() => received.passed.length === 1);
    assert.deepEqual(received.passed[0]?.trust, { score: 100, previous: null, state: "trusted", rule: "HEARTBEAT" });
    for (let i = 0; i < 12; i++) {
      send(alert());
      await until(() => received.passed.length === 2 + i);
    }
    assert.deepEqual(
      received.passed.slice(1).map(({ trust }) => trust?.score),
      [80, 60, 40, 20, 0, 0, 0, 0, 0, 0, 0, 0],
    );
    assert.deepEqual(received.passed[1]?.payload, { temperature: 99 });
    assert.equal(ledger().trust("pump")?.score, 0);
    assert.deepEqual(ledger().ledger?.rules, DEFAULT_TRUST_RULES);
    assert.deepEqual(
      changes().map(({ previous, score, state }) => [previous, score, state]),
      [
        [null, 100, "trusted"],
        [100, 80, "trusted"],
        [80, 60, "trusted"],
        [60, 40, "quarantined"],
        [40, 20, "quarantined"],
        [20, 0, "quarantined"],
      ],
    );
    await until(() => (received.shown.at(-1)?.payload as TrustSnapshot | undefined)?.devices[0]?.score === 0);
    const shown = received.shown.at(-1) as TrustMessage & { audience?: string };
    const snapshot = shown.payload as TrustSnapshot;
    assert.deepEqual([snapshot.quarantine, snapshot.devices[0]?.history.length], [["pump"], 6]);
    assert.equal(shown.audience, "operator");
    const most = 2 + (performance.now() - begin) / 500;
    assert.ok(received.shown.length <= most, "two snapshots a second, not one for each change");
  });

  it("shows devices that are registered and never spoke as unknown", async () => {
    writeRegistry(join(home, "devices.json"), { version: 1, devices: [{ id: "well", profile: "fernet" }] });
    await load({ registry: "fleet" }, { id: "fleet", type: "redoubt-device-registry", createIfMissing: true });
    send(alert());
    const shown = () => (received.shown.at(-1)?.payload as TrustSnapshot | undefined)?.devices ?? [];
    await until(() => shown().length === 2);
    assert.deepEqual(
      shown().map(({ device: id, score, state }) => [id, score, state]),
      [
        ["pump", 80, "trusted"],
        ["well", null, "unknown"],
      ],
    );
  });

  it("lets an operator act with a reason, and nobody by the network", async () => {
    await load();
    send(...Array.from({ length: 6 }, alert));
    await until(() => received.passed.length === 6);
    const release = { action: "release", device: "pump" };
    send(
      { operator: release },
      { operator: { ...release, reason: "new board" }, qos: 1, topic: "iot/devices/pump/data" },
      { operator: { ...release, reason: "new board" }, _client: { user: { username: "ada" } } },
    );
    await until(() => received.refused.length === 2 && ledger().trust("pump")?.score === 60);
    assert.deepEqual(received.refused.map(({ rejected }) => rejected?.code).sort(), ["AUTH", "SCHEMA"]);
    await until(() => changes().at(-1)?.rule === "release");
    const last = ledger().ledger!.entry(ledger().ledger!.size - 1)!.data!;
    assert.deepEqual([last.operator?.by, last.operator?.reason], ["ada", "new board"]);
    assert.equal(received.passed.length, 6, "a request goes nowhere else");
    send({ operator: { action: "register", device: "new", reason: "bought", score: 70 } });
    await until(() => ledger().trust("new")?.score === 70);
  });

  it("hands on what was refused before, and ends batches and events here", async () => {
    await load();
    send(
      { rejected: { code: "AUTH", reason: "x" } },
      { evidence: [{ device: "pump", event: "BATCH_RECEIPT", authenticated: true, attacks: 0 }] },
      { payload: 1 },
    );
    send({ event: { event: "ANOMALY", device: "fan", authenticated: true } });
    await until(() => received.refused.length === 2 && changes().length === 1);
    assert.deepEqual(received.refused.map(({ rejected }) => rejected?.code).sort(), ["AUTH", "SCHEMA"]);
    assert.equal(received.passed.length, 0);
    assert.equal(ledger().trust("fan")?.score, 90);
  });

  it("collects signs of life and records them once per period", async () => {
    await load({ creditSec: 1, recoverySec: 1 });
    send(alert());
    await until(() => received.passed.length === 1);
    const [size, begin] = [ledger().ledger!.size, performance.now()];
    for (let i = 0; i < 2000; i++) send({ device: { ...device, counter: 1e6 + i } });
    await until(() => received.passed.length === 2001);
    const most = size + 1 + (performance.now() - begin) / 1000;
    assert.ok(ledger().ledger!.size <= most, "one entry a second");
    await until(() => {
      send({ device: { ...device, counter: ++counter } });
      return changes().some(({ rule }) => rule === "HEARTBEAT");
    });
    const { previous, score } = changes().find(({ rule }) => rule === "HEARTBEAT") as CommittedChange;
    assert.deepEqual([previous, score], [80, 81]);
  });

  it("notices devices that fall silent", async () => {
    await load({ heartbeatTimeoutSec: 1 });
    send({ device: { ...device, counter: 1 } });
    await until(() => changes().at(-1)?.rule === "HEARTBEAT_LOST");
    assert.equal(ledger().trust("pump")?.score, 95, "told once");
  });

  it("is refused at deploy with an event that has no rule, and lets nothing pass", async () => {
    const { HEARTBEAT: _, ...points } = DEFAULT_TRUST_RULES.points;
    for (const [config, problem] of [
      [{ points }, /the event HEARTBEAT has no rule/],
      [{ points: { ...points, HEARTBEAT: "" } }, /the event HEARTBEAT has no rule/],
      [
        { evidence: [{ observed: "event", is: "x", event: "CRYPTO_MINING" }] },
        /row 1: no trust rule knows the event "CRYPTO_MINING"/,
      ],
      [{ evidence: [{ observed: "rejected", is: "REPLAY", event: "ANOMALY" }] }, /REPLAY cannot be evidence/],
      [{ points: { ...points, HEARTBEAT: -1 } }, /HEARTBEAT must be a whole number from 0 to 100/],
      [{ releaseAt: 50 }, /releaseAt must be above/],
      [{ ledger: "" }, /no ledger is chosen/],
    ] as const) {
      await load(config);
      assert.match(loggedErrors().join("\n"), problem);
      assert.deepEqual(lastStatus(helper.getNode("trust"))?.fill, "red");
      send(alert());
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(received.passed.length, 0);
      await helper.unload();
    }
  });

  it("keeps the message back when its evidence cannot be recorded", async () => {
    await load();
    send(alert());
    await until(() => received.passed.length === 1);
    ledger().ledger?.close();
    send(alert());
    await until(() => loggedErrors().length > 0);
    assert.equal(received.passed.length, 1);
  });

  it("says its rules once and takes them up again after a deploy", async () => {
    await load();
    send(alert());
    await until(() => received.passed.length === 1);
    await helper.unload();
    await load({ points: { ...DEFAULT_TRUST_RULES.points, SECURITY_ALERT: -30 } });
    send(alert());
    await until(() => received.passed.length === 1);
    assert.deepEqual(received.passed[0]?.trust, { score: 50, previous: 80, state: "trusted", rule: "SECURITY_ALERT" });
  });

  it("has an example that loads with it", async () => {
    const path = join(__dirname, "..", "..", "examples", "trust-update", "lose-trust.json");
    const flow = JSON.parse(readFileSync(path, "utf8")) as { id: string; type: string; wires?: string[][] }[];
    const own = flow
      .filter(({ type }) => type.startsWith("redoubt-"))
      .map((node) => ({ ...node, wires: [[], [], [], []] }));
    await helper.load([ledgerConfigNode, trustUpdateNode], [{ id: "trust-example-tab", type: "tab" }, ...own]);
    assert.deepEqual(loggedErrors(), []);
  });
});
