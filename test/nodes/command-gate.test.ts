import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import { openDatabase } from "../../lib/common/sqlite.js";
import { createKeyFile } from "../../lib/envelope/key-file.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { commandKeys } from "../../lib/envelope/seal-command.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import { writeRegistry } from "../../lib/registry/registry-file.js";
import { DEFAULT_TRUST_RULES } from "../../lib/trust/rules.js";
import commandGateNode from "../../nodes/command-gate/command-gate.js";
import type { LedgerNode } from "../../nodes/common/ledger.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import registryNode from "../../nodes/device-registry/device-registry.js";
import ledgerConfigNode from "../../nodes/ledger-config/ledger-config.js";
import { lastStatus, loggedErrors } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

type GateMessage = StageMessage & {
  qos?: number;
  retain?: boolean;
  command?: { counter: number; trust: number };
  receipt?: LedgerReceipt;
};
interface Refused {
  device: string;
  reason: string;
  trust: number | null;
  receipt: LedgerReceipt | null;
}
type Output = "approved" | "rejected" | "refused";
const OUTPUTS: Output[] = ["approved", "rejected", "refused"];
const PROFILES = ["cose-a128gcm", "aes-gcm-json", "fernet"] as const;

describe("command-gate node", () => {
  let home: string;
  let fleetKey: Buffer;
  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-gate-"));
    process.env.REDOUBT_HOME = home;
    fleetKey = createKeyFile(join(home, "keys", "fleet.key"), "aes-256").primary;
    writeRegistry(join(home, "devices.json"), {
      version: 1,
      devices: [
        ...PROFILES.map((profile) => ({ id: profile, profile })),
        { id: "rotated", profile: "cose-a128gcm", epoch: 3 },
        { id: "plain", profile: "plain-json" },
        { id: "silent", profile: "cose-a128gcm" },
        { id: "thief", profile: "aes-gcm-json", topics: ["iot/devices/victim/cmd"] },
        { id: "victim", profile: "cose-a128gcm" },
      ],
    });
  });
  afterEach(async () => {
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true, force: true });
  });

  const received: Record<Output, GateMessage[]> = { approved: [], rejected: [], refused: [] };
  const load = async (config: Record<string, unknown> = {}, ledgerConfig: Record<string, unknown> = {}) => {
    for (const name of OUTPUTS) received[name] = [];
    await helper.load(
      [ledgerConfigNode, registryNode, commandGateNode],
      [
        { id: "flow", type: "tab" },
        { id: "ledger", type: "redoubt-ledger-config", origin: "redoubt.test/log", groupMs: 2, ...ledgerConfig },
        { id: "fleet", type: "redoubt-device-registry", path: "devices.json", fleetKey: "fleet.key" },
        {
          id: "gate",
          z: "flow",
          type: "redoubt-command-gate",
          ledger: "ledger",
          registry: "fleet",
          ...config,
          wires: OUTPUTS.map((name) => [name]),
        },
        ...OUTPUTS.map((id) => ({ id, z: "flow", type: "helper" })),
      ],
    );
    for (const name of OUTPUTS) helper.getNode(name).on("input", (msg) => received[name].push(msg as GateMessage));
  };
  const ledger = () => helper.getNode("ledger") as LedgerNode;
  const know = async (device: string, score = 100) => {
    await ledger().useTrustRules(DEFAULT_TRUST_RULES);
    const operator = { action: "register" as const, device, by: "ada", reason: "bought", score };
    await ledger().append([{ kind: "operator", at: Date.now(), operator }]);
  };
  const send = async (...messages: Record<string, unknown>[]) => {
    const arrived = () => OUTPUTS.reduce((sum, name) => sum + received[name].length, 0);
    const expected = arrived() + messages.length;
    for (const message of messages) helper.getNode("gate").receive(message);
    while (arrived() < expected) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const command = (device: string, more: object = {}) => ({
    payload: { device_id: device, command: "fan_on", ...more },
  });
  const refusals = () => received.refused.map(({ payload }) => payload as Refused);
  const reasons = () => refusals().map(({ reason }) => reason);
  const decisions = () =>
    (ledger().ledger?.entries(0, 1000) ?? [])
      .filter(({ data }) => data?.kind === "control")
      .map(({ data }) => data?.detail);

  it("sends an approved command so that only the device can open it, and it is on the ledger", async () => {
    await load();
    for (const device of [...PROFILES, "rotated"]) {
      await know(device);
      await send(command(device, { arguments: { speed: 3 }, user: "bob" }));
      const msg = received.approved.at(-1);
      assert.deepEqual([msg?.topic, msg?.qos, msg?.retain], [`iot/devices/${device}/cmd`, 1, false]);
      const profile = device === "rotated" ? "cose-a128gcm" : (device as (typeof PROFILES)[number]);
      const description = envelopeProfile(profile);
      const keys = [deviceKey(fleetKey, profile, device, device === "rotated" ? 3 : 1)];
      const context = { now: Date.now(), topic: msg?.topic as string };
      const opened = description
        .create(commandKeys(description, keys))
        .open(Buffer.from(msg?.payload as string), context);
      const read = JSON.parse(opened.plaintext.toString()) as Record<string, unknown>;
      assert.deepEqual([read.device_id, read.command, read.arguments], [device, "fan_on", { speed: 3 }]);
      assert.equal(read.counter, msg?.command?.counter);
      if (opened.sender) assert.equal(opened.sender.epoch, device === "rotated" ? 3 : 1);
      assert.equal(msg?.receipt?.index, (ledger().ledger?.size ?? 0) - 1);
      const detail = ledger().ledger?.entry(msg?.receipt?.index ?? -1)?.data?.detail;
      assert.deepEqual(
        [detail?.decision, detail?.device, detail?.user, detail?.trust],
        ["approved", device, "bob", 100],
      );
      assert.equal(JSON.stringify(detail).includes("speed"), false);
    }
  });

  it("passes at 30, refuses below, at zero, under an operator's hand and what nobody knows", async () => {
    await load();
    for (const [device, score] of [
      ["cose-a128gcm", 30],
      ["fernet", 29],
      ["aes-gcm-json", 0],
      ["rotated", 90],
    ] as const) {
      await know(device, score);
    }
    const hold = { action: "hold" as const, device: "rotated", by: "ada", reason: "audit" };
    await ledger().append([{ kind: "operator", at: 1, operator: hold }]);
    for (const device of ["cose-a128gcm", "fernet", "aes-gcm-json", "rotated", "silent", "stranger"]) {
      await send(command(device));
    }
    assert.equal(received.approved.length, 1);
    assert.deepEqual(reasons(), ["trust-low", "trust-low", "held", "trust-unknown", "unknown-device"]);
    assert.deepEqual(
      refusals().map(({ trust }) => trust),
      [29, 0, 90, null, null],
    );
    assert.ok(refusals().every(({ receipt }) => receipt !== null));
    assert.equal(decisions().length, 6, "each decision is on the ledger");
  });

  it("can refuse quarantine as well, sends to other topics, and in clear only where allowed", async () => {
    await load({ refuseQuarantined: true, stream: "control" });
    await know("cose-a128gcm", 35);
    await know("fernet");
    await know("plain");
    await send(command("cose-a128gcm"), command("fernet"), command("plain"));
    assert.deepEqual(reasons(), ["quarantined", "no-encryption"]);
    assert.equal(received.approved[0]?.topic, "iot/devices/fernet/control");
    await helper.unload();
    await load({ allowReadable: true });
    await send(command("plain"));
    assert.equal((JSON.parse(received.approved[0]?.payload as string) as { command: string }).command, "fan_on");
  });

  it("does not seal a command onto a topic that readings come from", async () => {
    await load();
    await know("victim");
    await send(command("victim"));
    assert.deepEqual(reasons(), ["topic-taken"]);
  });

  it("takes commands of people, not of the network, and no more than it can record", async () => {
    await load();
    await know("fernet");
    await send({ ...command("fernet"), qos: 0 }, { ...command("fernet"), req: {} }, { payload: "fan_on" });
    assert.deepEqual(
      received.rejected.map(({ rejected }) => rejected?.code),
      ["AUTH", "AUTH", "SCHEMA"],
    );
    assert.equal(decisions().length, 0);
    const begin = performance.now();
    await send(...Array.from({ length: 130 }, () => command("fernet")));
    const refused = received.rejected.filter(({ rejected }) => rejected?.code === "RATE").length;
    const counters = received.approved.map((msg) => msg.command?.counter);
    assert.deepEqual([new Set(counters).size, counters.length], [130 - refused, 130 - refused]);
    // 120 a minute: what time passes earns more of them.
    assert.ok(refused <= 10 && refused >= 9 - (performance.now() - begin) / 500, `${refused} refused`);
    await helper.unload();
    await load({ fromNetwork: true });
    await send({ ...command("fernet"), qos: 0 });
    assert.equal(received.approved.length, 1);
    assert.ok((received.approved[0]?.command?.counter ?? 0) > 120, "a deploy does not begin again");
  });

  it("refuses everything while the ledger is closed", async () => {
    await load();
    await know("fernet");
    ledger().ledger?.close();
    await send(command("fernet"));
    assert.deepEqual([reasons(), refusals()[0]?.receipt], [["ledger-unavailable"], null]);
  });

  it("refuses everything while somebody else holds the ledger's lock", async () => {
    await load();
    await know("fernet");
    const other = openDatabase(join(home, "state", "ledger.db"));
    other.exec("BEGIN EXCLUSIVE");
    await send(command("fernet"));
    assert.deepEqual([reasons(), refusals()[0]?.receipt], [["ledger-unavailable"], null]);
    other.exec("ROLLBACK");
    other.close();
    await send(command("fernet"));
    assert.equal(received.approved.length, 1);
  });

  it("lets nothing pass with a ledger, registry or counters that cannot be used", async () => {
    writeFileSync(join(home, "bad.db"), "no database ".repeat(1000));
    const cases: [Record<string, unknown>, Record<string, unknown>, RegExp][] = [
      [{}, { path: join(home, "bad.db") }, /not a database/],
      [{ ledger: "" }, {}, /no ledger is chosen/],
      [{ registry: "" }, {}, /no device registry is chosen/],
      [{ minScore: 0 }, {}, /Commands from must be a number from 1 to 100/],
      [{ stream: "data" }, {}, /where readings are/],
      [{ rpcUrl: "http://127.0.0.1:1" }, {}, /contract must be an address/],
    ];
    const tryOne = async (config: Record<string, unknown>, ledgerConfig: Record<string, unknown>, problem: RegExp) => {
      await load(config, ledgerConfig);
      assert.match(loggedErrors().join("\n"), problem);
      assert.equal(lastStatus(helper.getNode("gate"))?.fill, "red");
      helper.getNode("gate").receive(command("fernet"));
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(received.approved.length, 0);
      await helper.unload();
    };
    for (const [config, ledgerConfig, problem] of cases) await tryOne(config, ledgerConfig, problem);
  });

  it("refuses where the chain that must be asked does not answer as it should", async () => {
    const server = createServer((_request, response) => response.end("no chain"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const rpcUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await load({ rpcUrl, contract: `0x${"11".repeat(20)}` });
    await know("fernet");
    await send(command("fernet"));
    assert.deepEqual(reasons(), ["chain-unavailable"]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("shows no key in what it sends, records or reports", async () => {
    await load();
    for (const device of PROFILES) {
      await know(device);
      await send(command(device));
    }
    const text =
      JSON.stringify([received, ledger().ledger?.entries(0, 1000)]) +
      readFileSync(join(home, "state", "command-counters.json"), "utf8");
    for (const device of PROFILES) {
      const key = deviceKey(fleetKey, device, device);
      for (const encoding of ["hex", "base64", "base64url"] as const)
        assert.equal(text.includes(key.toString(encoding)), false);
    }
  });
});
