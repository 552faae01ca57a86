import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { NodeInitializer as TestHelperInitializer } from "node-red";
import helper from "node-red-node-test-helper";
import type { CountReply, HeatReply } from "../../lib/occupancy/answer-question.js";
import type { PresenceAnswer } from "../../lib/occupancy/query.js";
import { Campus } from "../../simulator/wifi/campus.js";
import { FEED_FORMS, LiveCampus, messageOf } from "../../simulator/wifi/live-campus.js";
import { DAY, macOf, OCTOBER, PlainTruth } from "../support/occupancy.js";
import { OccupancyFlow, PERIOD, sessions, until } from "../support/occupancy-nodes.js";

helper.init(require.resolve("node-red"));

/** `http in` and `http response` of Node-RED itself. */
const httpNodes = require("@node-red/nodes/core/network/21-httpin.js") as TestHelperInitializer;

/** A line of 14 fields. */
const line = (mac: string, ap: string, time: string, duration: string) =>
  ["10.0.0.1", mac, time, "v", ap, "d", "m", "s", "p", "1", "ac", duration, "WPA2", "1"].join("\t");

describe("occupancy-store node", function () {
  this.timeout(120_000);
  let flow: OccupancyFlow;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    flow = new OccupancyFlow();
  });
  afterEach(() => flow.close());

  it("stores what comes, acknowledges it, and shares one open store with the queries", async () => {
    await flow.load();
    const { payload, topic } = await flow.send("store", { payload: sessions("f01-lab-01", 7), topic: "kept" });
    assert.deepEqual(
      [payload, topic],
      [{ stored: 7, open: 0, duplicates: 0, ignored: 0, unmatched: 0, refused: 0 }, "kept"],
    );
    await flow.written(7);
    assert.deepEqual(flow.state, { stored: 7, waiting: 0, refused: 0, database: "ok" });
    const found = await flow.ask<PresenceAnswer>({ question: "presence", mac: macOf(3), ...PERIOD });
    assert.deepEqual(found.intervals, [{ from: OCTOBER + 3, to: OCTOBER + 603, ap: "f01-lab-01", isOpen: false }]);
  });

  it("counts repeated sessions once, and lines that cannot be read without losing the others", async () => {
    await flow.load({ store: { timeZone: "Europe/Berlin" } });
    const good = line(macOf(1), "ap-1", "Thu Oct 15 14:00:00 CEST 2026", "10 min 0 sec");
    const bad = line("__proto__", "ap-1", "2026-10-15 14:00:00", "1 sec");
    const lines = [good, "no line at all", good, bad, ""].join("\n");
    const { payload } = await flow.send("store", { payload: Buffer.from(lines), req: {}, res: { end: true } });
    assert.deepEqual(payload, { stored: 1, open: 0, duplicates: 1, ignored: 0, unmatched: 0, refused: 2 });
    await until(() => flow.received.unread.length === 1);
    const [unread] = flow.received.unread;
    assert.deepEqual(unread?.payload, { refused: 2, counts: { FORMAT: 2 }, lines: [2, 4] });
    assert.deepEqual([unread?.rejected?.code, unread?.req, unread?.res], ["FORMAT", undefined, undefined]);
    await flow.written(1);
    // 14:00 in Berlin is the noon of UTC.
    const found = await flow.ask<PresenceAnswer>({ question: "presence", mac: macOf(1), ...PERIOD });
    assert.deepEqual(
      found.intervals.map(({ from, to }) => [from, to]),
      [[OCTOBER, OCTOBER + 600]],
    );
  });

  it("refuses what is no log, with a status for the http response", async () => {
    await flow.load();
    const cases: [unknown, string, number][] = [
      [undefined, "SCHEMA", 400],
      [42, "SCHEMA", 400],
      ["nonsense", "FORMAT", 400],
      ['{"mac":', "FORMAT", 400],
      [{ mac: "__proto__", ap: "x", start: OCTOBER, duration: 1 }, "FORMAT", 400],
      [{ mac: macOf(1), ap: "\ud800", start: OCTOBER, duration: 1 }, "FORMAT", 400],
      [{ mac: macOf(1), ap: "x", start: OCTOBER, duration: Number.POSITIVE_INFINITY }, "RANGE", 400],
      [Array(10_001).fill({}), "SIZE", 413],
    ];
    for (const [payload, code, status] of cases) {
      const { rejected, statusCode, res } = await flow.send("store", { payload, res: { answer: true } });
      assert.deepEqual([rejected?.code, statusCode, res], [code, status, { answer: true }], JSON.stringify(payload));
    }
    // A property of the prototype is none of the object.
    const inherited = JSON.parse('[{"__proto__":{"mac":"020000000001","ap":"x","start":1,"duration":1}}]');
    assert.ok((await flow.send("store", { payload: inherited })).rejected);
    assert.equal(flow.received.stored.length, 0);
  });

  it("takes names like __proto__ for names", async () => {
    await flow.load();
    const names = ["__proto__", "constructor", "<img src=x onerror=alert(1)>", "'; DROP TABLE wl_meta; --"];
    await flow.send("store", { payload: names.flatMap((ap, i) => sessions(ap, 2, 10 * i)) });
    await flow.written(8);
    for (const name of names) {
      const answer = await flow.ask<CountReply>({ question: "count", accessPoints: [name], ...PERIOD });
      assert.equal(answer.count, 2);
    }
    const { rows } = await flow.ask<HeatReply>({ question: "heat", accessPoints: "all", ...PERIOD });
    assert.deepEqual(rows.map(({ ap }) => ap).sort(), [...names].sort());
    assert.equal(({} as Record<string, unknown>).devices, undefined);
  });

  it("makes a session of a join and its leave, and tells those without a join", async () => {
    await flow.load();
    const event = { mac: macOf(1), ap: "f01-lab-01" };
    const joined = await flow.send("store", { payload: { event: "join", ...event, time: OCTOBER } });
    assert.deepEqual((joined.payload as { open: number }).open, 1);
    await flow.send("store", { payload: `${JSON.stringify({ event: "leave", ...event, time: OCTOBER + 90 })}` });
    const stray = { event: "leave", mac: macOf(2), ap: "f01-lab-01", time: OCTOBER };
    assert.equal(((await flow.send("store", { payload: stray })).payload as { unmatched: number }).unmatched, 1);
    await flow.written(2);
    const { intervals } = await flow.ask<PresenceAnswer>({ question: "presence", mac: macOf(1), ...PERIOD });
    assert.deepEqual(intervals, [{ from: OCTOBER, to: OCTOBER + 90, ap: "f01-lab-01", isOpen: false }]);
  });

  for (const form of FEED_FORMS) {
    it(`stores a simulated campus that sends ${form}, and answers as plaintext would`, async () => {
      await flow.load();
      const campus = new Campus({ seed: 7, accessPoints: 60, devices: 300 });
      const firstDay = Math.floor(OCTOBER / DAY);
      const live = new LiveCampus(campus, 600, OCTOBER - 12 * 3600);
      const truth = new PlainTruth();
      const messages: string[] = [];
      for (const event of live.advance(OCTOBER)) {
        const text = messageOf(campus, event, form);
        if (text !== undefined) messages.push(text);
        if (event.kind !== "leave") continue;
        const { mac, start, duration, accessPoint } = event.session;
        truth.add([{ mac, start, duration, ap: campus.building.accessPoints[accessPoint]?.name ?? "" }]);
      }
      assert.ok(messages.length > 100);
      // Half of it as datagrams, the other half as one message.
      const half = messages.length >> 1;
      for (const payload of messages.slice(0, half)) flow.post("store", { payload, qos: 0, topic: "wifi/log" });
      await flow.send("store", { payload: Buffer.from(messages.slice(half).join("\n")) });
      await until(() => flow.received.stored.length === half + 1, "storing");
      assert.equal(flow.received.unread.length, 0);
      await until(() => flow.state?.waiting === 0 && flow.state.stored > 0, "writing");
      const { accessPoints, floors } = await flow.ask<{ accessPoints: string[]; floors: string[] }>({
        question: "access-points",
      });
      assert.deepEqual(floors, ["f01", "f02"]);
      for (let hour = 0; hour < 12; hour++) {
        const from = firstDay * DAY + hour * 3600;
        // Who is there at the end has no end yet, of which a log of finished sessions knows nothing.
        const answer = await flow.ask<CountReply>({ question: "count", accessPoints: "all", from, to: from + 60 });
        const known = truth.count(new Set(accessPoints), from, from + 60);
        assert.ok(
          form === "fields" ? answer.count === known : (answer.count ?? 0) >= known,
          `${answer.count} ${known}`,
        );
      }
    });
  }

  it("acknowledges an HTTP request when the sessions are on the disk, and answers questions by HTTP as a viewer's", async () => {
    const http = (name: string, type: string, more: object) => ({ id: name, type, z: "flow", ...more });
    let pages: RequestListener | undefined;
    const nodes = [
      http("in", "http in", { url: "/wifi", method: "post", wires: [["store"]] }),
      http("ask", "http in", { url: "/ask", method: "post", wires: [["query"]] }),
      http("out", "http response", {}),
      http("refuse", "http response", {}),
    ];
    await flow.load({
      more: nodes,
      types: [
        httpNodes,
        (RED) => {
          pages = (RED as unknown as { httpNode: RequestListener }).httpNode;
        },
      ],
      store: {
        wires: [
          ["stored", "out"],
          ["unread", "refuse"],
        ],
      },
      query: {
        wires: [
          ["answered", "out"],
          ["refused", "refuse"],
        ],
      },
    });
    const server = createServer((req, res) => pages?.(req, res)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const post = async (path: string, body: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    try {
      const stored = await post("/wifi", JSON.stringify(sessions("f01-lab-01", 4)));
      assert.deepEqual([stored.status, stored.body.stored], [200, 4]);
      assert.equal((await post("/wifi", JSON.stringify([{ mac: "x" }]))).status, 400);
      await flow.written(4);
      const asked = { question: "count", accessPoints: "all", ...PERIOD };
      const answered = await post("/ask", JSON.stringify(asked));
      assert.equal((answered.body.answer as CountReply).text, "fewer than 5");
      const person = { question: "presence", mac: macOf(1), ...PERIOD };
      assert.equal((await post("/ask", JSON.stringify(person))).status, 403);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
