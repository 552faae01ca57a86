import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import { openCheckpoint } from "../../lib/ledger/checkpoint.js";
import { verifyInclusion } from "../../lib/ledger/merkle/proof.js";
import { parseVkey } from "../../lib/ledger/note.js";
import { DEFAULT_TRUST_RULES } from "../../lib/trust/rules.js";
import type { LedgerNode } from "../../nodes/common/ledger.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import ledgerNode from "../../nodes/ledger/ledger.js";
import ledgerConfigNode from "../../nodes/ledger-config/ledger-config.js";
import { lastStatus } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

type Recorded = StageMessage & { receipt?: LedgerReceipt; receipts?: LedgerReceipt[] };

const alert = {
  kind: "alert",
  evidence: [{ device: "sensor-1", event: "SECURITY_ALERT", authenticated: true }],
};
const verdict = {
  id: "0123456789ab",
  at: 1_763_000_000_000,
  status: "anomaly",
  attackType: "replay",
  severity: "warning",
  source: "sensor-1",
  authenticated: true,
  topic: "iot/devices/sensor-1/data",
  temperature: 21.5,
  humidity: 40,
  rate: 1,
  reportedRate: null,
  size: 120,
  digest: "0123456789abcdef",
  score: 0.7,
  reasons: [],
  origin: "redoubt",
};

describe("ledger node", () => {
  let home: string;
  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-ledger-node-"));
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true, force: true });
  });

  const received: Record<"recorded" | "refused", Recorded[]> = { recorded: [], refused: [] };
  let errors = 0;
  const load = async (config: Record<string, unknown> = {}, own: Record<string, unknown> = {}) => {
    await helper.unload();
    for (const name of ["recorded", "refused"] as const) received[name] = [];
    errors = 0;
    await helper.load(
      [ledgerConfigNode, ledgerNode],
      [
        { id: "flow", type: "tab" },
        { id: "config", type: "redoubt-ledger-config", origin: "redoubt.test/log", groupMs: 5, ...config },
        {
          id: "ledger",
          z: "flow",
          type: "redoubt-ledger",
          ledger: "config",
          ...own,
          wires: [["recorded"], ["refused"]],
        },
        { id: "recorded", z: "flow", type: "helper" },
        { id: "refused", z: "flow", type: "helper" },
      ],
    );
    for (const name of ["recorded", "refused"] as const) {
      helper.getNode(name).on("input", (message) => received[name].push(message as Recorded));
    }
    // What done(error) turns into, and a Catch node sees.
    helper.getNode("ledger").on("call:error" as "input", () => errors++);
  };
  const config = () => helper.getNode("config") as LedgerNode;
  /** Sends messages and waits until each has left by one of the ways. */
  const send = async (...messages: Record<string, unknown>[]) => {
    const arrived = () => received.recorded.length + received.refused.length + errors;
    const expected = arrived() + messages.length;
    for (const message of messages) helper.getNode("ledger").receive(message);
    while (arrived() < expected) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it("passes a message on with a receipt that proves the record", async () => {
    await load();
    await config().useTrustRules(DEFAULT_TRUST_RULES);
    await send({ payload: "kept", ledger: alert });
    const [message] = received.recorded;
    assert.equal(message?.payload, "kept");
    const { index, leafHash, checkpoint, trust } = message!.receipt!;
    const { ledger } = config();
    const { size, rootHash } = openCheckpoint(checkpoint.note, parseVkey(ledger!.vkey));
    const proof = ledger!.inclusionProof(index, size);
    assert.ok(verifyInclusion(index, size, Buffer.from(leafHash, "hex"), proof, Buffer.from(rootHash, "hex")));
    assert.deepEqual(trust, [
      { device: "sensor-1", rule: "SECURITY_ALERT", previous: null, score: 80, state: "trusted" },
    ]);
    assert.equal(config().trust("sensor-1")?.score, 80);
    assert.equal(config().trust("sensor-2"), undefined);
    assert.equal(config().trustRecords().length, 1);
    for (const path of ["state/ledger.db", "keys/ledger.pem"]) {
      assert.equal(statSync(join(home, path)).mode & 0o777, 0o600, path);
    }
  });

  it("records lists, batches and anomalous verdicts, and lets ordinary ones pass without a receipt", async () => {
    await load();
    await send({ ledger: [alert, alert, { ...alert, at: 5 }] });
    assert.deepEqual(
      received.recorded[0]?.receipts?.map(({ index }) => index),
      [0, 1, 2],
    );
    assert.equal(config().ledger?.entry(2)?.data?.at, 5);
    await send({ batch: { batch_id: "1-50", batch_hash: "ab", batch_size: 50, logs: [{ secret: 1 }] } });
    assert.deepEqual(config().ledger?.entry(3)?.data?.detail, { batch_id: "1-50", batch_hash: "ab", batch_size: 50 });
    await send({ verdict, receipt: "forged" }, { verdict: { ...verdict, status: "normal" }, receipt: "forged" });
    // The ordinary one does not wait for the disk.
    const [ordinary, incident] = received.recorded.slice(2);
    assert.equal(incident?.receipt?.index, 4);
    assert.equal(ordinary && "receipt" in ordinary, false);
    const { kind, detail } = config().ledger!.entry(4)!.data!;
    assert.deepEqual([kind, detail?.attackType, detail?.temperature], ["incident", "replay", undefined]);
  });

  it("records some incidents of a device in a minute, and passes the others on without a receipt", async () => {
    await load({}, { incidentsPerMinute: 2 });
    const of = (source: string) => ({ verdict: { ...verdict, source, authenticated: true } });
    await send(...Array.from({ length: 5 }, () => of("pump")), of("fan"), { ledger: alert });
    assert.equal(config().ledger?.size, 4);
    assert.equal(received.recorded.filter(({ receipt }) => receipt).length, 4);
    await load({}, { incidentsPerMinute: -1 });
    assert.equal(config().ledger?.size, 5, "what was withheld is summed up at the latest at the next deploy");
    assert.equal(config().ledger?.entry(4)?.data?.detail?.withheld, 3);
    assert.match(lastStatus(helper.getNode("ledger"))?.text ?? "", /settings/);
  });

  it("leaves out incidents of devices that have no trust left, where that is asked for", async () => {
    await load({}, { whileTrusted: true });
    const withTrust = (trust?: object) => ({ verdict, ...(trust && { trust }) });
    await send(withTrust({ previous: 0 }), withTrust({ previous: null }), withTrust(), withTrust({ previous: "9" }), {
      ledger: alert,
    });
    assert.equal(config().ledger?.size, 1, "what is recorded for another reason is recorded");
    assert.equal(received.recorded.length, 5);
    await send(withTrust({ previous: 1, score: 0 }));
    assert.equal(config().ledger?.entry(1)?.data?.kind, "incident");
    await load();
    await send(withTrust());
    assert.equal(config().ledger?.size, 3, "not asked for");
  });

  it("refuses what cannot be recorded, and records nothing of it", async () => {
    await load();
    await send(
      { payload: 1 },
      { ledger: [] },
      { ledger: { kind: "gossip" } },
      { ledger: [alert, null] },
      { ledger: { kind: "erase" } },
      { batch: {} },
      { ledger: { kind: "batch", detail: { big: "x".repeat(70_000) } } },
    );
    assert.deepEqual(
      received.refused.map(({ rejected }) => rejected?.code),
      ["SCHEMA", "SCHEMA", "SCHEMA", "SCHEMA", "SCHEMA", "SCHEMA", "SIZE"],
    );
    assert.equal(config().ledger?.size, 0);
  });

  it("goes on with the same log after a deploy", async () => {
    await load();
    await send({ ledger: alert });
    const vkey = config().ledger?.vkey;
    await helper.unload();
    await load();
    await send({ ledger: alert });
    assert.equal(received.recorded[0]?.receipt?.index, 1);
    assert.equal(config().ledger?.vkey, vkey);
    await config().useTrustRules(DEFAULT_TRUST_RULES);
    await config().useTrustRules(structuredClone(DEFAULT_TRUST_RULES));
    assert.equal(config().ledger?.size, 3, "the same rules are written once");
  });

  it("writes what waits when it is closed", async () => {
    await load({ groupMs: 1000 });
    const appended = config().append([{ kind: "drop", at: 1 }]);
    await helper.unload();
    assert.equal((await appended)[0]?.index, 0);
  });

  it("lets nothing pass while the ledger cannot be opened", async () => {
    const state = join(home, "state");
    writeFileSync(join(home, "bad.db"), "no database ".repeat(1000));
    await load({ path: join(home, "bad.db") });
    assert.match(config().problem ?? "", /not a database/);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const atDeploy = errors;
    assert.ok(atDeploy > 0, "said so at deploy");
    await send({ ledger: alert });
    assert.equal(errors, atDeploy + 1);
    assert.equal(received.recorded.length, 0);
    await assert.rejects(config().append([]), /not a database/);
    assert.throws(() => config().trust("sensor-1"), /not a database/);
    await helper.unload();
    await load({ origin: "" });
    assert.match(config().problem ?? "", /log has no name/);
    await helper.unload();
    await load({ path: join(state, "new.db"), groupMs: "often" });
    assert.match(config().problem ?? "", /Group for must be/);
  });

  it("leaves to the journal what comes while the ledger closes", async () => {
    await load();
    await helper.getNode("config").close(false);
    const intake = { journal: "0123456789abcdef", n: 1, at: 1 };
    helper.getNode("ledger").receive({ ledger: alert, intake } as Record<string, unknown>);
    await send({ ledger: alert });
    assert.deepEqual([errors, received.recorded.length], [1, 0]);
  });

  it("reports an error when the record cannot be written", async () => {
    await load();
    config().ledger?.close();
    await send({ ledger: alert });
    assert.equal(errors, 1);
    assert.equal(received.recorded.length, 0);
  });
});
