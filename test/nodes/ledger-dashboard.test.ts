import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import type { LedgerEvent } from "../../lib/common/ledger-event.js";
import type { LogView } from "../../lib/ledger/log-view.js";
import type { ShownProof } from "../../lib/ledger/shown-proof.js";
import type { LedgerNode } from "../../nodes/common/ledger.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import ledgerNode from "../../nodes/ledger/ledger.js";
import type { LogCounters } from "../../nodes/ledger/log-feed.js";
import ledgerConfigNode from "../../nodes/ledger-config/ledger-config.js";

helper.init(require.resolve("node-red"));

const OUTPUTS = ["recorded", "refused", "proof", "log", "counters"] as const;
type Output = (typeof OUTPUTS)[number];
type Received = StageMessage & { audience?: string; prove?: unknown; _client?: unknown };

const alert: LedgerEvent = {
  kind: "alert",
  at: Date.UTC(2026, 10, 21),
  evidence: [{ device: "sensor-1", event: "SECURITY_ALERT", authenticated: true }],
};

describe("ledger node, for a dashboard", () => {
  let home: string;
  let received: Record<Output, Received[]>;
  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-ledger-dashboard-"));
    process.env.REDOUBT_HOME = home;
    received = { recorded: [], refused: [], proof: [], log: [], counters: [] };
  });
  afterEach(async () => {
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true, force: true });
  });

  const load = async (settings: Record<string, unknown> = {}) => {
    await helper.load(
      [ledgerConfigNode, ledgerNode],
      [
        { id: "flow", type: "tab" },
        { id: "config", type: "redoubt-ledger-config", origin: "redoubt.test/log", groupMs: 1 },
        {
          ...{ id: "ledger", z: "flow", type: "redoubt-ledger", ledger: "config", dashboard: true },
          wires: OUTPUTS.map((name) => [name]),
          ...settings,
        },
        ...OUTPUTS.map((id) => ({ id, z: "flow", type: "helper" })),
      ],
    );
    for (const name of OUTPUTS) {
      helper.getNode(name).on("input", (message) => received[name].push(message as Received));
    }
  };
  const config = () => helper.getNode("config") as LedgerNode;
  const send = (message: Record<string, unknown>) => helper.getNode("ledger").receive(message);
  const until = async (output: Output, count: number) => {
    while (received[output].length < count) await new Promise((resolve) => setTimeout(resolve, 10));
    return received[output].at(-1) as Received;
  };
  const payload = <T>(message: Received) => message.payload as unknown as T;

  it("answers a question for a proof to whoever asked, and records nothing", async () => {
    await load();
    await config().append([alert]);
    send({ prove: 0, _client: { socketId: "abc" }, payload: "ignored" });
    const answer = await until("proof", 1);
    const { index, problem, text } = payload<ShownProof>(answer);
    assert.deepEqual([index, problem], [0, null]);
    assert.match(text ?? "", /sensor-1/);
    assert.deepEqual([answer._client, answer.audience, answer.prove], [{ socketId: "abc" }, "operator", 0]);
    send({ prove: 7, _client: { socketId: "abc" } });
    send({ prove: "0" });
    await until("refused", 2);
    assert.deepEqual(
      received.refused.map(({ rejected }) => rejected?.code),
      ["RANGE", "SCHEMA"],
    );
    assert.equal(config().ledger?.size, 1);
  });

  it("tells what the log looks like after anybody wrote, and not otherwise", async () => {
    await load();
    assert.deepEqual(payload<LogView>(await until("log", 1)).entries, []);
    await config().append([alert]);
    const log = await until("log", 2);
    const { entries, checkpoint } = payload<LogView>(log);
    assert.deepEqual([entries.length, entries[0]?.devices, checkpoint.size], [1, ["sensor-1"], 1]);
    assert.equal(log.audience, "operator");
    const counters = await until("counters", 2);
    const { at, ...rest } = payload<LogCounters>(counters);
    assert.ok(at > 0);
    assert.deepEqual(rest, { size: 1, rootHash: checkpoint.rootHash, anchoredSize: null });
    assert.equal(counters.audience, undefined, "everybody may see this");
    const rootHash = checkpoint.rootHash;
    const [contract, lane, transaction] = ["0xc0", "0x1a", "0xdd"];
    config().ledger?.recordAnchor({ size: 1, rootHash, chainId: 1337, contract, lane, transaction, blockNumber: 3 });
    assert.equal(payload<LogCounters>(await until("counters", 3)).anchoredSize, 1);
    assert.equal(payload<LogView>(received.log.at(-1) as Received).entries[0]?.anchor?.transaction, "0xdd");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(received.log.length, 3, "nothing new, nothing said");
  });

  it("says nothing unless asked to, and to everybody where operatorsOnly is off", async () => {
    await load({ dashboard: undefined });
    await config().append([alert]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(received.log.length + received.counters.length, 0);
    await helper.unload();
    await load({ operatorsOnly: false });
    assert.equal((await until("log", 1)).audience, undefined);
  });
});
