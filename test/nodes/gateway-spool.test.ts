import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Node, NodeAPI, NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import { makeBatch } from "../../lib/spool/batch.js";
import { outboundRecord } from "../../lib/spool/outbound-record.js";
import batchIn from "../../nodes/batch-in/batch-in.js";
import { finishIntake, intakeOf } from "../../nodes/common/intake.js";
import { readiness } from "../../nodes/common/readiness.js";
import gatewayIn from "../../nodes/gateway-in/gateway-in.js";
import spoolOut from "../../nodes/spool-out/spool-out.js";
import { type HostileServer, type Mood, startHostileServer } from "../support/hostile-server.js";
import { type RawBroker, startRawBroker } from "../support/raw-broker.js";
import { loggedErrors } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

const TOKEN = "0123456789abcdefgh";
const DEVICE = {
  id: "pump-1",
  epoch: 1,
  authenticated: true,
  profile: "cose-a128gcm",
  receivedAt: Date.UTC(2026, 0, 1),
};

interface Seen extends NodeMessage {
  payload: Record<string, unknown>;
  rejected?: { code: string; reason: string };
  evidence?: unknown[];
  batch?: Record<string, unknown>;
  device?: Record<string, unknown>;
  intake?: { journal: string; n: number; at: number };
}

/** Stands for verify: makes a reading of what gateway-in sent. */
const verifier = (RED: NodeAPI): void => {
  RED.nodes.registerType(
    "test-verify",
    function (this: Node, config: { id: string; type: string; name: string; z: string }) {
      RED.nodes.createNode(this, config);
      this.on("input", (message, send, done) => {
        const msg = message as NodeMessage & { device?: unknown };
        const payload = JSON.parse(String(msg.payload)) as { counter: number };
        send(Object.assign(msg, { payload, device: { ...DEVICE, counter: payload.counter } }));
        done();
      });
    },
  );
};

type Route = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Stands for Node-RED's web server, which the helper does not have: the editor's parser takes every JSON body first. */
const takesBody: Route = (request, _response, next) => void request.resume().once("end", next);
const stack: Route[] = [takesBody];
const root = { _router: { stack }, use: (route: Route) => stack.push(route) };
const httpNode = { parent: root, path: () => "/" };
const httpSide = createServer((request, response) => {
  const run = (index: number): void => {
    const route = stack[index];
    if (route) route(request, response, () => run(index + 1));
    else response.writeHead(404).end("{}");
  };
  run(0);
});
const batchInServed = (RED: NodeAPI): void => batchIn(Object.assign(Object.create(RED) as NodeAPI, { httpNode }));

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

describe("gateway-in, spool-out and batch-in", () => {
  let home: string;
  let broker: RawBroker;
  let server: HostileServer;
  let moods: Mood[];
  before(async () => {
    await helper.startServer();
    httpSide.listen(0, "127.0.0.1");
    await once(httpSide, "listening");
  });
  after(async () => {
    httpSide.closeAllConnections();
    httpSide.close();
    await helper.stopServer();
  });
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "redoubt-gateway-"));
    process.env.REDOUBT_HOME = home;
    moods = [];
    broker = await startRawBroker();
    server = await startHostileServer(home, "gw-1", () => moods.shift() ?? "good");
  });
  afterEach(async () => {
    await helper.unload();
    await broker.close();
    await server.close();
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true, force: true });
  });

  const gatewayFlow = (gateway = {}, spool = {}) => [
    {
      id: "gw",
      type: "redoubt-gateway-in",
      url: broker.url,
      topics: "iot/devices/+/data\n",
      wires: [["verify", "raw"], ["oversize"]],
      ...gateway,
    },
    { id: "verify", type: "test-verify", wires: [["spool"]] },
    {
      id: "spool",
      type: "redoubt-spool-out",
      url: server.url,
      gatewayId: "gw-1",
      maxWait: 0,
      wires: [["delivered"], ["refused"], ["snapshot"]],
      ...spool,
    },
    ...["raw", "oversize", "delivered", "refused", "snapshot"].map((id) => ({ id, type: "helper" })),
  ];

  async function load(flow: object[], credentials: object = { spool: { token: TOKEN } }) {
    await helper.load([gatewayIn, verifier, spoolOut, batchInServed], flow, credentials as Record<string, unknown>);
    const seen: Record<string, Seen[]> = {};
    for (const { id, type } of flow as { id: string; type: string }[]) {
      if (type !== "helper") continue;
      const list: Seen[] = [];
      seen[id] = list;
      helper.getNode(id).on("input", (message) => list.push(message as Seen));
    }
    return seen as Record<"raw" | "oversize" | "delivered" | "refused" | "snapshot" | "records", Seen[]>;
  }

  it("bring a message from the broker to the server, and finish it", async () => {
    const { raw, delivered, snapshot } = await load(gatewayFlow());
    await broker.subscribed;
    for (let id = 1; id <= 20; id++) broker.publish(id, "iot/devices/pump-1/data", `{"counter":${id}}`);
    await until(() => server.store.size === 20 && snapshot.some(({ payload }) => payload.delivered_total === 20));
    assert.equal(broker.acknowledged.length, 20);
    assert.equal(server.requests[0]?.authorization, `Bearer ${TOKEN}`);
    const first = raw[0] as Seen;
    assert.ok(Buffer.isBuffer(first.payload) && first.topic === "iot/devices/pump-1/data");
    assert.deepEqual(Object.keys(first.intake ?? {}), ["journal", "n", "at"]);
    const receipt = delivered[0]?.payload as { devices: object[]; size: number; attacks: number };
    assert.equal(receipt.attacks, 0);
    assert.deepEqual(delivered[0]?.evidence, [
      { device: "pump-1", event: "BATCH_RECEIPT", authenticated: true, attacks: 0 },
    ]);
    const last = snapshot.at(-1)?.payload ?? {};
    assert.deepEqual(Object.keys(last), [
      "buffer_size",
      "oldest_age_s",
      "spool_bytes",
      "acked_total",
      "delivered_total",
      "dropped_total",
      "dead_letters",
      "flush_ok",
      "flush_fail",
      "last_flush_error",
    ]);
    assert.deepEqual([last.buffer_size, last.acked_total, last.last_flush_error], [0, 20, null]);
    assert.deepEqual(
      readiness().map(({ part, ready }) => [part, ready]),
      [
        ["gateway-in", true],
        ["spool-out", true],
      ],
    );
  });

  it("send what is unfinished again after a restart, with the same number, and nothing that is finished", async () => {
    const flow = gatewayFlow({ wires: [["raw"], ["oversize"]] });
    const first = await load(flow);
    await broker.subscribed;
    for (let id = 1; id <= 4; id++) broker.publish(id, "iot/devices/pump-1/data", `{"counter":${id}}`);
    await until(() => first.raw.length === 4);
    for (const n of [0, 1]) finishIntake(first.raw[n] as Seen);
    await helper.unload();
    assert.deepEqual(readiness(), []);
    const second = await load(flow);
    await until(() => second.raw.length === 2);
    const named = (messages: Seen[]) => messages.map((msg) => [intakeOf(msg), String(msg.payload)]);
    assert.deepEqual(named(second.raw), named(first.raw.slice(2)));
    finishIntake({ intake: { journal: "0000000000000000", n: 1, at: 0 } });
    finishIntake({});
  });

  for (const isKept of [true, false]) {
    it(`take what comes while they close for ${isKept ? "no error where a journal keeps it" : "an error where none does"}`, async () => {
      const { raw } = await load(gatewayFlow());
      await broker.subscribed;
      broker.publish(1, "iot/devices/pump-1/data", '{"counter":1}');
      await until(() => raw.length === 1 && server.store.size === 1);
      const { intake } = raw[0] as Seen;
      const spool = helper.getNode("spool");
      let isOpen = true;
      const closing = Promise.resolve(spool.close(false)).then(() => {
        isOpen = false;
      });
      for (let counter = 2; isOpen; counter++) {
        const device = { ...DEVICE, counter };
        spool.receive({ payload: { v: 1 }, device, ...(isKept && { intake }) } as NodeMessage);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await closing;
      await turn();
      assert.deepEqual([...new Set(loggedErrors())], isKept ? [] : ["the spool is closed"]);
    });
  }

  it("end their wait for room in a full spool with the node, without an error", async () => {
    moods = Array.from({ length: 50 }, () => "503" as const);
    const { raw } = await load(gatewayFlow({}, { maxSpoolMiB: 2 }));
    await broker.subscribed;
    // Two files of 1 MiB are full before 50 of these.
    const large = "x".repeat(60_000);
    for (let id = 1; id <= 50; id++) broker.publish(id, "iot/devices/pump-1/data", `{"counter":${id},"v":"${large}"}`);
    await until(() => raw.length === 50 && readiness().some(({ reason }) => reason === "the spool is full"));
    assert.ok(broker.acknowledged.length === 50 && server.store.size === 0);
    await helper.unload();
    assert.deepEqual(loggedErrors(), []);
  });

  it("acknowledge a message that is too large, and send it to the second output without its payload", async () => {
    const { oversize, raw } = await load(gatewayFlow({ maxBytes: 200 }));
    await broker.subscribed;
    broker.publish(1, "iot/devices/pump-1/data", "x".repeat(201));
    await until(() => oversize.length === 1);
    assert.deepEqual([oversize[0]?.rejected?.code, oversize[0]?.payload, raw.length], ["SIZE", null, 0]);
  });

  it("keep records while the server is away, and hand refused batches to the second output", async () => {
    moods = ["503", "reset", "400"];
    const { refused } = await load([
      { ...gatewayFlow()[2] },
      ...["delivered", "refused", "snapshot"].map((id) => ({ id, type: "helper" })),
    ]);
    const spool = helper.getNode("spool");
    spool.receive({ payload: { v: 1 }, device: { ...DEVICE, counter: 1 } } as NodeMessage);
    await until(() => refused.length === 1);
    assert.match(refused[0]?.rejected?.reason ?? "", /400.*dead letters/);
    spool.receive({ payload: "no reading" } as NodeMessage);
    await until(() => refused.length === 2);
    assert.equal(refused[1]?.rejected?.code, "SCHEMA");
    spool.receive({ payload: { v: 2 }, device: { ...DEVICE, counter: 2 } } as NodeMessage);
    await until(() => server.store.size === 1);
  });

  const inlet = (more = {}) => [
    { id: "in", type: "redoubt-batch-in", path: "/api/batches", wires: [["records"], ["refused"]], ...more },
    { id: "records", type: "helper" },
    { id: "refused", type: "helper" },
  ];
  const record = (counter: number) => outboundRecord({ payload: { v: counter }, device: { ...DEVICE, counter } });
  const batch = (first: number, count: number) =>
    makeBatch({
      gatewayId: "gw-1",
      spool: "ab",
      first,
      last: first + count - 1,
      at: DEVICE.receivedAt,
      records: Array.from({ length: count }, (_, i) => record(first + i)),
    });
  const post = async (body: Buffer | string, token = TOKEN) => {
    const response = await fetch(`http://127.0.0.1:${(httpSide.address() as AddressInfo).port}/api/batches`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body as string,
    });
    return [response.status, await response.json()] as [number, Record<string, unknown>];
  };

  it("answer gateways with their token, store each record once and hand on the new ones", async () => {
    const { records, refused } = await load(inlet(), { in: { tokens: `gw-1 ${TOKEN}\ngw-2 ${TOKEN}2` } });
    const whole = batch(1, 3);
    assert.deepEqual(await post(whole.body), [200, { batch_id: "ab:1-3", stored: 3, duplicates: 0, refused: 0 }]);
    assert.equal((await post(whole.body))[0], 200);
    const next = batch(3, 2);
    assert.deepEqual((await post(next.body))[1], { batch_id: "ab:3-4", stored: 1, duplicates: 1, refused: 0 });
    assert.deepEqual(
      (await Promise.all([post(whole.body, `${TOKEN}x`), post(whole.body, `${TOKEN}2`), post("{}")])).map(
        ([code]) => code,
      ),
      [401, 403, 400],
    );
    await until(() => records.length === 2 && refused.length === 2);
    assert.deepEqual(
      records.map(({ payload }) => (payload as unknown as { counter: number }[]).map(({ counter }) => counter)),
      [[1, 2, 3], [4]],
    );
    assert.deepEqual(records[1]?.batch, {
      gateway_id: "gw-1",
      batch_id: "ab:3-4",
      batch_hash: next.batchHash,
      size: 2,
      duplicates: 1,
    });
  });

  it("hand records on one by one where that is set, and refuse large bodies", async () => {
    const { records } = await load(inlet({ split: true, maxMiB: 1 }), { in: { tokens: `gw-1 ${TOKEN}` } });
    assert.equal((await post(Buffer.alloc(1_100_000, 0x20)))[0], 413);
    await post(batch(1, 2).body);
    await until(() => records.length === 2);
    const { payload, device } = records[1] as Seen;
    assert.deepEqual([payload, device], [{ v: 2 }, { ...DEVICE, counter: 2 }]);
  });

  it("say at deploy what to mend, and leave their path to the next one", async () => {
    const wrong = [
      ...inlet(),
      { id: "gw", type: "redoubt-gateway-in", url: "http://x", topics: "a" },
      { id: "spool", type: "redoubt-spool-out", url: "http://server.example/", gatewayId: "gw-1" },
    ];
    await load(wrong, { in: { tokens: "gw-1 short" } });
    const said = helper
      .log()
      .args.map(([{ msg }]) => String(msg))
      .join("\n");
    assert.match(said, /line 1 of the tokens: a token has at least 16 characters/);
    assert.match(said, /the broker's address: it must start with mqtt/);
    assert.match(said, /must start with https/);
    assert.ok(!said.includes("short"));
    await helper.unload();
    assert.equal((await post("{}"))[0], 404);
    await load(inlet(), { in: { tokens: `gw-1 ${TOKEN}` } });
    assert.equal((await post(batch(1, 1).body))[0], 200);
  });
});
