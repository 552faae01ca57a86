import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import type { FlowJudgement } from "../../lib/anomaly/baseline/judge.js";
import type { RejectionInfo } from "../../lib/common/message.js";
import type { FlowRecord, NetworkAlert } from "../../lib/common/network.js";
import baseline from "../../nodes/baseline/baseline.js";
import { HOUSE, houseSegments, houseTime, pcapOf, session } from "../support/house-capture.js";
import { meterBytes } from "../support/metered.js";
import { alertOf } from "../support/network-messages.js";

helper.init(require.resolve("node-red"));

type Message = NodeMessage & {
  flow?: FlowRecord;
  unusual?: FlowJudgement;
  alert?: NetworkAlert;
  rejected?: RejectionInfo;
};

const house = meterBytes(pcapOf(houseSegments(40, 11))).flows;
const [shell, again] = [100, 200].map(
  (after) =>
    meterBytes(
      pcapOf(
        session({
          time: houseTime(9000 + after),
          from: HOUSE.camera,
          to: "203.0.113.9",
          fromPort: 40_000,
          port: 4444,
          up: 900,
          down: 90,
        }),
      ),
    ).flows[0] as FlowRecord,
) as [FlowRecord, FlowRecord];

describe("baseline node", () => {
  let home: string;
  let earlierHome: string | undefined;
  let outputs: Message[][];

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-baseline-"));
    earlierHome = process.env.REDOUBT_HOME;
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    if (earlierHome === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = earlierHome;
    rmSync(home, { recursive: true });
  });

  async function load(settings: Record<string, unknown> = {}): Promise<void> {
    const names = ["flows", "rejected", "alerts"];
    await helper.load(baseline, [
      {
        id: "baseline",
        type: "redoubt-baseline",
        file: "home.json",
        learnHours: 0.5,
        by: "address",
        local: "",
        oneIn: 10_000,
        wires: names.map((name) => [name]),
        ...settings,
      },
      ...names.map((id) => ({ id, type: "helper" })),
    ]);
    outputs = names.map((name) => {
      const got: Message[] = [];
      helper.getNode(name).on("input", (msg: Message) => got.push(msg));
      return got;
    });
  }

  /** Sends messages; resolves when all have been worked on. */
  async function send(...messages: object[]): Promise<void> {
    for (const msg of messages) helper.getNode("baseline").receive(msg as NodeMessage);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  const asFlows = (flows: readonly FlowRecord[]) => flows.map((flow) => ({ flow }));
  const [flows, rejected, alerts] = [() => outputs[0] ?? [], () => outputs[1] ?? [], () => outputs[2] ?? []];
  const path = () => join(home, "models", "home.json");

  it("learns for its time, writes what it learnt, and judges from then on", async () => {
    await load();
    await send(...asFlows(house));
    assert.equal(flows().length, house.length);
    assert.equal(flows()[0]?.unusual, undefined);
    assert.equal(statSync(path()).mode & 0o777, 0o600);
    assert.equal(flows().at(-1)?.unusual?.isUnexpected, false);
    assert.deepEqual(alerts(), []);
    await send({ flow: shell });
    assert.equal(flows().at(-1)?.unusual?.isUnexpected, true);
    assert.deepEqual(
      alerts().map(({ alert }) => [alert?.kind, alert?.phase, alert?.source.address, alert?.reasons]),
      [["unexpected-peer", "began", HOUSE.camera, ["never seen: tcp to 203.0.113.9 port 4444"]]],
    );
  });

  it("knows what it learnt after a restart, and takes as normal what an operator accepts", async () => {
    await load();
    await send(...asFlows(house));
    await helper.unload();
    await load();
    await send({ flow: shell });
    const id = alerts()[0]?.alert?.id as string;
    await send({ accept: "nothing" }, { accept: id, req: {} }, { accept: 7 });
    assert.deepEqual(
      rejected().map((msg) => msg.rejected?.code),
      ["FORMAT", "AUTH", "FORMAT"],
    );
    await send({ accept: id });
    await helper.unload();
    await load();
    await send({ flow: again });
    assert.equal(flows()[0]?.unusual?.isUnexpected, false);
    assert.deepEqual(alerts(), []);
  });

  it("neither learns from nor tells of the source of an alert", async () => {
    await load();
    const source = { address: HOUSE.camera };
    const running = alertOf({ source, phase: "began", firstSeen: house[0]?.start ?? 0, lastSeen: house[0]?.last ?? 0 });
    await send({ alert: running }, ...asFlows(house), { learn: "finish" });
    assert.ok(!readFileSync(path(), "utf8").includes(`"${HOUSE.camera}"`));
    await send({ flow: shell });
    assert.equal(flows().at(-1)?.unusual?.isKnownDevice, false);
    assert.deepEqual(alerts(), []);
  });

  it("learns anew on request, and keeps the file until that is over", async () => {
    await load({ learnHours: 700 });
    await send({ learn: "finish" }, { learn: "never" });
    assert.deepEqual(
      rejected().map((msg) => msg.rejected?.code),
      ["SCHEMA", "FORMAT"],
    );
    await send(...asFlows(house), { learn: "finish" });
    const first = readFileSync(path(), "utf8");
    await send({ learn: "start" }, { flow: shell });
    assert.equal(flows().at(-1)?.unusual, undefined);
    assert.equal(readFileSync(path(), "utf8"), first);
  });

  it("refuses what is no flow and no alert", async () => {
    await load();
    const wrong = [
      {},
      { flow: null },
      { flow: { ...shell, features: [1, 2] } },
      { flow: { ...shell, last: Number.NaN } },
      { flow: { ...shell, originator: { address: "<script>", port: 1 } } },
      { alert: { id: "x" } },
    ];
    await send(...wrong);
    assert.deepEqual(
      rejected().map((msg) => msg.rejected?.code),
      ["SCHEMA", "SCHEMA", "SCHEMA", "RANGE", "SCHEMA", "SCHEMA"],
    );
    assert.deepEqual(flows(), []);
  });

  it("drops a judgement that came with the message", async () => {
    await load();
    await send({ flow: shell, unusual: { isUnusual: true } });
    assert.equal(flows()[0]?.unusual, undefined);
  });

  it("says at deploy what is wrong, and lets nothing pass", async () => {
    mkdirSync(join(home, "models"), { recursive: true });
    writeFileSync(path(), "{}");
    for (const settings of [
      {},
      { file: "" },
      { file: "other.json", local: "10.0.0.0/99" },
      { file: "other.json", learnHours: -1 },
    ]) {
      await load(settings);
      await send({ flow: shell });
      assert.deepEqual(flows(), []);
      await helper.unload();
    }
    assert.equal(readFileSync(path(), "utf8"), "{}");
    assert.ok(!existsSync(join(home, "models", "other.json")));
  });
});
