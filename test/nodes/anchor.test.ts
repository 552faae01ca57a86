import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeStatus } from "node-red";
import helper from "node-red-node-test-helper";
import { deviceIdOf, laneOf } from "../../lib/anchor/identity.js";
import { createKeystore } from "../../lib/anchor/keystore.js";
import { AnchorOwner } from "../../lib/anchor/owner.js";
import type { LedgerEvent } from "../../lib/common/ledger-event.js";
import { DEFAULT_TRUST_RULES } from "../../lib/trust/rules.js";
import anchorNode from "../../nodes/anchor/anchor.js";
import { readAnchorSettings } from "../../nodes/anchor/settings.js";
import type { LedgerNode } from "../../nodes/common/ledger.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import ledgerConfigNode from "../../nodes/ledger-config/ledger-config.js";
import { requireOnMachine } from "../setup.js";
import { ANVIL_ACCOUNT, Anvil, anvilBinary } from "../support/anvil.js";

helper.init(require.resolve("node-red"));

const ORIGIN = "redoubt.test/log";
const LANE = laneOf(ORIGIN);
const PASSPHRASE = "a passphrase of tests";
const ADDRESS = `0x${"12".repeat(20)}`;

const alert = (device: string): LedgerEvent => ({
  kind: "alert",
  at: Date.now(),
  evidence: [{ device, event: "SECURITY_ALERT", authenticated: true }],
});

describe("anchor node", function () {
  this.timeout(300_000);
  let home: string;
  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-anchor-node-"));
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true, force: true });
  });

  const received: Record<"anchored" | "refused", StageMessage[]> = { anchored: [], refused: [] };
  let states: NodeStatus[] = [];
  let said: string[] = [];
  const load = async (config: Record<string, unknown> = {}, credentials: object = { passphrase: PASSPHRASE }) => {
    for (const name of ["anchored", "refused"] as const) received[name] = [];
    states = [];
    said = [];
    const node = {
      ...{ id: "anchor", z: "flow", type: "redoubt-anchor", ledger: "config", wires: [["anchored"], ["refused"]] },
      ...{ rpcUrl: "http://127.0.0.1:9", contract: ADDRESS, signer: "keystore", keystore: "writer.json", ...config },
    };
    await helper.load(
      [ledgerConfigNode, anchorNode],
      [
        { id: "flow", type: "tab" },
        { id: "config", type: "redoubt-ledger-config", origin: ORIGIN, groupMs: 5 },
        node,
        { id: "anchored", z: "flow", type: "helper" },
        { id: "refused", z: "flow", type: "helper" },
      ],
      { anchor: credentials },
    );
    for (const name of ["anchored", "refused"] as const) {
      helper.getNode(name).on("input", (message) => received[name].push(message as StageMessage));
    }
    // The test helper turns each call into an event.
    const anchor = helper.getNode("anchor") as unknown as EventEmitter;
    anchor.on("call:status", (call: { firstArg: NodeStatus }) => states.push(call.firstArg));
    for (const level of ["error", "warn"]) {
      anchor.on(`call:${level}`, (call: { firstArg: unknown }) => said.push(String(call.firstArg)));
    }
  };
  const config = () => helper.getNode("config") as LedgerNode;
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const logged = () =>
    (helper.log().args as unknown as [{ id?: string; msg: unknown }][])
      .filter(([entry]) => entry.id === "anchor")
      .map(([entry]) => String(entry.msg));

  it("says which setting is wrong, and anchors nothing", async () => {
    const config = {
      ...{ id: "", type: "", z: "", name: "", ledger: "config", rpcUrl: "http://127.0.0.1:8545", contract: ADDRESS },
      ...{ firstBlock: "", signer: "keystore", keystore: "writer.json", signerUrl: "", account: "" },
      ...{ intervalSec: "", confirmAt: "" },
    };
    const read = (change: object, passphrase = PASSPHRASE) =>
      readAnchorSettings({ ...config, ...change }, { passphrase }, "/keys");
    assert.deepEqual(read({}), {
      ...{ rpcUrl: "http://127.0.0.1:8545", contract: ADDRESS, confirmAt: "latest", firstBlock: 0, intervalMs: 60_000 },
      signer: { kind: "keystore", path: "/keys/writer.json", passphrase: PASSPHRASE },
    });
    assert.throws(() => read({ rpcUrl: "localhost" }), /node's URL must be/);
    assert.throws(() => read({ contract: "0x12" }), /contract must be an address/);
    assert.throws(() => read({}, ""), /passphrase is neither entered nor in REDOUBT_ANCHOR_PASSPHRASE/);
    assert.throws(() => read({ signer: "remote", signerUrl: "", account: ADDRESS }), /signer's URL must be/);
    assert.throws(() => read({ signer: "remote", signerUrl: "http://a", account: "" }), /account must be an address/);
    assert.throws(() => read({ intervalSec: "often" }), /Anchor every must be/);
    assert.throws(() => read({ confirmAt: "soon" }), /"soon" is no block/);

    await load({ ledger: "" });
    assert.equal(logged().length, 1);
    helper.getNode("anchor").receive({});
    await until(() => logged().length > 1);
  });

  it("goes on trying while the chain cannot be reached, and says so once", async () => {
    await createKeystore(join(home, "keys", "writer.json"), PASSPHRASE);
    await load();
    helper.getNode("anchor").receive({});
    await until(() => states.filter(({ fill }) => fill === "yellow").length > 1);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /ECONNREFUSED|problem/);
  });

  it("anchors what is recorded, shows how far it is, and hands over what the chain refuses", async function () {
    const binary = anvilBinary();
    requireOnMachine(this, binary !== undefined, "anvil (npm fetches it for linux/x64; needs the registry)");
    const anvil = await Anvil.on(binary as string);
    const writer = await createKeystore(join(home, "keys", "writer.json"), PASSPHRASE);
    try {
      await anvil.start();
      await anvil.rpc("anvil_setBalance", writer, "0x3635c9adc5dea00000");
      const owner = await AnchorOwner.connect(anvil.url, { kind: "remote", url: anvil.url, address: ANVIL_ACCOUNT });
      const { contract } = await owner.deploy({ creditInterval: 50, creditBurst: 20 });
      await owner.setWriter(contract, LANE, writer, true);
      await owner.setDevice(contract, deviceIdOf(LANE, "sensor-1"), LANE, 100, "registered");
      owner.close();

      await load({ rpcUrl: anvil.url, contract, intervalSec: 3600 });
      await config().useTrustRules(DEFAULT_TRUST_RULES);
      await config().append([alert("sensor-1"), alert("sensor-2")]);
      helper.getNode("anchor").receive({});
      await until(() => received.anchored.some(({ payload }) => (payload as { size: number }).size === 4));
      const last = received.anchored.at(-1)?.payload as { size: number; rootHash: string; transaction: string };
      assert.equal(last.rootHash, config().ledger?.rootAt(4).toString("hex"));
      assert.match(last.transaction, /^0x[0-9a-f]{64}$/);
      const [refused, ...more] = received.refused;
      assert.deepEqual(more, []);
      assert.deepEqual(refused?.payload, { device: "sensor-2", wanted: 80, given: null });
      assert.equal(refused?.rejected?.code, "UNKNOWN_DEVICE");
      await until(() => states.some(({ fill }) => fill === "green"));
      assert.deepEqual(config().ledger?.anchors().at(-1)?.size, 4);
    } finally {
      await helper.unload();
      await anvil.end("SIGKILL");
    }
  });
});
