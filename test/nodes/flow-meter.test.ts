import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Node, NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import { FLOW_FEATURES, type FlowRecord, NETWORK_ALERT_KINDS, type NetworkCounters } from "../../lib/common/network.js";
import flowMeterNode from "../../nodes/flow-meter/flow-meter.js";
import { mixedCapture } from "../support/made-capture.js";
import { projectRoot } from "../support/node-red.js";
import { type PlayedCapture, playCapture } from "../support/played-capture.js";

helper.init(require.resolve("node-red"));

type Message = NodeMessage & {
  flow?: FlowRecord;
  network?: NetworkCounters;
  capture?: { kind: string; name: string };
  rejected?: { code: string; reason: string };
};

interface Collected {
  flows: Message[];
  rejected: Message[];
  counters: Message[];
}

const bytes = mixedCapture(60);

describe("flow-meter node", function () {
  this.timeout(120_000);
  let home: string;
  let homeBefore: string | undefined;
  let played: PlayedCapture | undefined;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-flow-meter-"));
    mkdirSync(join(home, "captures"));
    writeFileSync(join(home, "captures", "mixed.pcap"), bytes);
    writeFileSync(join(home, "captures", "text.pcap"), "this is no capture");
    writeFileSync(join(home, "elsewhere.pcap"), bytes);
    homeBefore = process.env.REDOUBT_HOME;
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    played?.remove();
    played = undefined;
    if (homeBefore === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = homeBefore;
    rmSync(home, { recursive: true, force: true });
  });

  async function load(config: Record<string, unknown> = {}): Promise<{ node: Node; collected: Collected }> {
    await helper.load(flowMeterNode, [
      {
        id: "meter",
        type: "redoubt-flow-meter",
        flowsPerSecond: 100000,
        ...config,
        wires: [["flows"], ["rejected"], [], ["counters"]],
      },
      { id: "flows", type: "helper" },
      { id: "rejected", type: "helper" },
      { id: "counters", type: "helper" },
    ]);
    const collected: Collected = { flows: [], rejected: [], counters: [] };
    for (const name of ["flows", "rejected", "counters"] as const) {
      helper.getNode(name).on("input", (msg: NodeMessage) => collected[name].push(msg as Message));
    }
    return { node: helper.getNode("meter"), collected };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Waits for the last counters of a file, which follow its flows. */
  async function metered(collected: Collected): Promise<Message[]> {
    await until(() => collected.counters.some(({ network }) => network?.activeFlows === 0 && network.flows > 0));
    return collected.flows;
  }

  it("meters a file of its folder and the bytes of one to the same flows", async () => {
    const { node, collected } = await load();
    node.receive({ payload: "mixed.pcap" });
    const fromFile = [...(await metered(collected))];
    assert.ok(fromFile.length >= 120);
    assert.deepEqual(fromFile[0]?.capture, { kind: "file", name: "mixed.pcap" });
    assert.equal(fromFile[0]?.flow?.features.length, FLOW_FEATURES.length);
    const [first] = fromFile;
    if (first?.capture) first.capture.name = "changed by a node behind";
    assert.equal(fromFile[1]?.capture?.name, "mixed.pcap");

    collected.flows.length = 0;
    collected.counters.length = 0;
    node.receive({ payload: bytes, topic: "upload" } as NodeMessage);
    const fromBytes = await metered(collected);
    assert.deepEqual(
      fromBytes.map(({ flow }) => flow),
      fromFile.map(({ flow }) => flow),
    );
    assert.deepEqual(fromBytes[0]?.capture, { kind: "bytes", name: "upload" });
    assert.deepEqual(collected.rejected, []);
  });

  it("meters files that appear in its folder, each once, and refuses what is no capture", async () => {
    const { collected } = await load({ watch: true });
    writeFileSync(join(home, "captures", ".hidden.pcap"), bytes);
    writeFileSync(join(home, "captures", "note.txt"), bytes);
    writeFileSync(join(home, "captures", "new.pcap"), bytes);
    writeFileSync(join(home, "captures", "wrong.pcapng"), "this is no capture");
    await metered(collected);
    await until(() => collected.rejected.length > 0);
    // As long again: nothing else comes.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.deepEqual([...new Set(collected.flows.map(({ capture }) => capture?.name))], ["new.pcap"]);
    assert.equal(new Set(collected.flows.map(({ flow }) => flow?.id)).size, collected.flows.length);
    assert.deepEqual(
      collected.rejected.map(({ payload, rejected }) => [payload, rejected?.code]),
      [["wrong.pcapng", "FORMAT"]],
    );
  });

  it("meters an interface live to the same flows, shows drops, and is switched by messages", async () => {
    played = playCapture(join(home, "captures", "mixed.pcap"));
    const { node, collected } = await load({ interface: "lab0", autostart: false });
    const statuses: string[] = [];
    const show = node.status.bind(node);
    node.status = (status) => {
      if (typeof status === "object") statuses.push(`${status.fill} ${status.text}`);
      show(status);
    };
    node.receive({ payload: "mixed.pcap" });
    const file = (await metered(collected)).map(({ flow }) => flow);
    collected.flows.length = 0;
    const total = collected.counters.at(-1)?.network?.packets;

    node.receive({ live: "start" } as NodeMessage);
    node.receive({ live: "start" } as NodeMessage);
    const isThrough = ({ capture, network }: Message) =>
      capture?.kind === "live" && network?.packets === total && network?.dropped === 3;
    await until(() => collected.counters.some(isThrough));
    node.receive({ live: "stop" } as NodeMessage);
    await until(() => statuses.some((status) => status.includes("stopped")));
    const key = (flow: FlowRecord | undefined) => `${flow?.originator.address} ${flow?.responder.port} ${flow?.last}`;
    const ordered = (flows: (FlowRecord | undefined)[]) =>
      flows.map((flow) => [key(flow), flow?.features]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    assert.deepEqual(ordered(collected.flows.map(({ flow }) => flow)), ordered(file));
    assert.deepEqual(collected.flows[0]?.capture, { kind: "live", name: "lab0" });
    assert.ok(
      statuses.some((status) => /lab0: \d+ packets\/s, 3 dropped/.test(status) || status.includes("rateAndDrops")),
      statuses.join("\n"),
    );
  });

  it("turns red when the live capture dies, and begins it again", async () => {
    played = playCapture(join(home, "captures", "mixed.pcap"), 1);
    const { node, collected } = await load({ interface: "lab0" });
    const statuses: string[] = [];
    node.status = (status) => {
      if (typeof status === "object") statuses.push(`${status.fill}`);
    };
    const errors: string[] = [];
    node.error = (error: unknown) => void errors.push(String(error));
    await until(() => statuses.includes("red"));
    const lost = statuses.indexOf("red");
    await until(() => statuses.slice(lost).some((fill) => fill === "green" || fill === "yellow"));
    assert.equal(errors.length, 1, "told once");
    assert.ok(collected.counters.length > 0);
  });

  it("refuses what it cannot meter", async () => {
    const { node, collected } = await load();
    const messages = [
      { payload: "../elsewhere.pcap" },
      { payload: join(home, "elsewhere.pcap") },
      { payload: "none.pcap" },
      { payload: "text.pcap" },
      { payload: 7 },
      { payload: {} },
      { live: "start" },
      {},
    ];
    for (const message of messages) node.receive(message as NodeMessage);
    await until(() => collected.rejected.length === messages.length);
    assert.deepEqual(
      collected.rejected.map(({ rejected }) => rejected?.code),
      messages.map(() => "FORMAT"),
    );
    assert.deepEqual(collected.flows, []);
  });

  it("lets ten captures wait and no more", async () => {
    const { node, collected } = await load({ flowsPerSecond: 1 });
    for (let index = 0; index < 12; index++) node.receive({ payload: "mixed.pcap" });
    await until(() => collected.rejected.length > 0);
    assert.ok(collected.rejected.every(({ rejected }) => rejected?.code === "RATE"));
    assert.ok(collected.rejected.length <= 2);
  });

  for (const [what, config] of Object.entries({
    interface: { interface: "eth0; rm -rf /" },
    "snap length": { interface: "lab0", snapLength: 10 },
    user: { interface: "lab0", user: "-x" },
    "most flows": { maxFlows: 5 },
    "TCP idle": { tcpIdle: "soon" },
    "flows per second": { flowsPerSecond: 0 },
    thresholds: { thresholds: [{ kind: "no-scan", count: "3" }] },
    exemptions: { exemptions: [{ address: "10.0.0" }] },
  })) {
    it(`says at deploy that it cannot work with this: ${what}`, async () => {
      const { node, collected } = await load(config);
      node.receive({ payload: "mixed.pcap" });
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(collected.flows.length + collected.rejected.length, 0);
      const errors = helper
        .log()
        .args.map(([entry]: { level?: number; type?: string; msg?: unknown }[]) => entry)
        .filter((entry) => entry?.type === "redoubt-flow-meter" && entry.level === 20);
      assert.ok(errors.length >= 1);
    });
  }

  it("offers every kind that the detectors find", () => {
    const html = readFileSync(join(projectRoot, "nodes", "flow-meter", "flow-meter.html"), "utf8");
    const list = /const KINDS = \[([^\]]*)\]/.exec(html)?.[1] ?? "";
    const kinds = [...list.matchAll(/"([a-z-]+)"/g)].map(([, kind]) => kind);
    const detected = NETWORK_ALERT_KINDS.filter((kind) => kind !== "unusual-flow" && kind !== "unexpected-peer");
    assert.deepEqual(kinds, detected);
  });
});
