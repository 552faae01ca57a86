import assert from "node:assert/strict";
import helper from "node-red-node-test-helper";
import type { CountReply, HeatReply } from "../../lib/occupancy/answer-question.js";
import type { StoredRow } from "../../lib/occupancy/samples.js";
import type { LedgerNode } from "../../nodes/common/ledger.js";
import { DAY, macOf, OCTOBER } from "../support/occupancy.js";
import { OccupancyFlow, PERIOD, sessions } from "../support/occupancy-nodes.js";
import { loggedErrors } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

describe("occupancy-query node", function () {
  this.timeout(120_000);
  let flow: OccupancyFlow;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    flow = new OccupancyFlow();
  });
  afterEach(() => flow.close());

  async function filled(settings: Parameters<OccupancyFlow["load"]>[0], payload: unknown[]): Promise<void> {
    await flow.load(settings);
    await flow.send("store", { payload });
    await flow.written(payload.length);
  }

  it("answers in one form, keeps the rest of the message, and marks what is for operators", async () => {
    await filled({}, sessions("f01-lab-01", 7));
    const asked = { question: "count", floor: "f01", from: "2026-10-15T11:00", to: "2026-10-15T15:00Z" };
    const sent = await flow.send("query", { payload: asked, _client: { socketId: "x" }, figure: "here" });
    assert.deepEqual([sent.audience, sent._client, sent.figure], ["operator", { socketId: "x" }, "here"]);
    const { answer, ms, ...rest } = sent.payload as { answer: CountReply; ms: number };
    assert.deepEqual(rest, { question: "count", asked: { floor: "f01", ...PERIOD, method: "exact", timeZone: "UTC" } });
    assert.ok(ms > 0 && (answer.counts?.rows ?? 0) > 0);
    assert.deepEqual([answer.count, answer.text, answer.suppressed, answer.accessPoints], [7, "7", false, 1]);
    const names = await flow.send("query", { payload: { question: "access-points" }, audience: "operator" });
    assert.equal(names.audience, undefined);
  });

  it("tells viewers, and whoever asks by the network, no small counts and nothing about persons", async () => {
    await filled({ query: { minCount: 5 } }, [...sessions("f01-lab-01", 4), ...sessions("f02-lab-01", 5, 50)]);
    const small = { question: "count", accessPoints: ["f01-lab-01"], ...PERIOD };
    const byNetwork = { req: {}, res: {}, audience: "operator" };
    for (const [payload, more] of [
      [{ ...small, as: "viewer" }, {}],
      [small, byNetwork],
      [JSON.stringify(small), { qos: 0 }],
    ] as const) {
      const { payload: sent, audience, rejected } = await flow.send("query", { payload, ...more });
      const { answer } = sent as { answer: CountReply };
      assert.deepEqual([answer.count, answer.text, answer.suppressed], [null, "fewer than 5", true]);
      assert.deepEqual([audience, rejected, answer.counts], [undefined, undefined, undefined]);
    }
    assert.equal((await flow.ask<CountReply>(small)).count, 4);
    const other = await flow.ask<CountReply>({ ...small, accessPoints: ["f02-lab-01"], as: "viewer" });
    assert.deepEqual([other.count, other.text], [5, "5"]);
    for (const question of [
      { question: "presence", mac: macOf(1), ...PERIOD },
      { question: "database", limit: 3 },
    ]) {
      const { rejected, statusCode } = await flow.send("query", { payload: question, ...byNetwork });
      assert.deepEqual([rejected?.code, statusCode], ["AUTH", 403]);
    }
    const { rows } = await flow.ask<{ rows: StoredRow[] }>({ question: "database", limit: 3 });
    assert.equal(rows.length, 3);
    for (const row of rows) assert.match(`${row.label} ${row.value}`, /^[0-9a-f]{32} [0-9a-f]{136}$/);
    const short = { ...small, accessPoints: "all", from: OCTOBER - 7, to: OCTOBER + 2, as: "viewer" };
    const answer = await flow.ask<CountReply>(short);
    assert.deepEqual([answer.from, answer.to, answer.count], [OCTOBER - 300, OCTOBER + 300, 9]);
  });

  it("answers all questions as for viewers where that is ticked", async () => {
    await filled({ query: { asViewer: true, minCount: 3 } }, sessions("f01-lab-01", 2));
    const payload = { question: "count", floor: "f01", ...PERIOD };
    const sent = await flow.send("query", { payload, audience: "operator" });
    assert.deepEqual(
      [sent.audience, (sent.payload as { answer: CountReply }).answer.text],
      [undefined, "fewer than 3"],
    );
    const { rejected } = await flow.send("query", { payload: { question: "presence", mac: macOf(1), ...PERIOD } });
    assert.equal(rejected?.code, "AUTH");
  });

  it("makes noise that asking again does not average away", async () => {
    await filled({ query: { epsilon: 0.5, minCount: 0 } }, sessions("f01-lab-01", 40));
    const counts = new Set<number | null>();
    // Of so many no more than two are different once in 10^9 runs.
    for (let hour = 0; hour < 24; hour++) {
      const asked = { question: "count", accessPoints: "all", from: OCTOBER - hour * 3600, to: OCTOBER + 7200 };
      const first = await flow.ask<CountReply>({ ...asked, as: "viewer" });
      const again = await flow.ask<CountReply>({ ...asked, as: "viewer", accessPoints: ["f01-lab-01"] });
      assert.deepEqual([first.count, first.noisy], [again.count, true]);
      assert.equal((await flow.ask<CountReply>(asked)).count, 40);
      counts.add(first.count);
    }
    assert.ok(counts.size > 2, [...counts].join());
  });

  it("tells viewers of heat which hours have too few", async () => {
    const hour = Math.floor(Date.now() / 3_600_000) * 3600;
    const now = [...sessions("f01-lab-01", 40), ...sessions("f01-lab-02", 1, 50)].map((one) => ({
      ...one,
      start: hour,
    }));
    await filled({}, now);
    // Roll-ups are written by the upkeep, seconds after the deploy and then each minute.
    const asked = { question: "heat", accessPoints: "all", from: hour, to: hour + 3600 };
    for (;;) {
      const { rows } = await flow.ask<HeatReply>(asked);
      if (rows.length === 2 && rows.every(({ devices }) => devices[0] !== null)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const seen = await flow.ask<HeatReply>({ ...asked, as: "viewer" });
    const [many, one] = seen.rows;
    // A roll-up is an estimate: of 40 devices in 256 registers it is some two off, and twelve once in 10^5 runs.
    assert.ok(Math.abs((many?.devices[0] ?? 0) - 40) < 20, String(many?.devices));
    assert.deepEqual([many?.few, one?.devices, one?.few], [[false], [null], [true]]);
    assert.deepEqual([seen.minCount, seen.counts], [5, undefined]);
  });

  it("refuses wrong questions, with a code that says nothing of what was asked", async () => {
    await filled({}, sessions("f01-lab-01", 1));
    const all = { accessPoints: "all", ...PERIOD };
    const cases: [unknown, string][] = [
      [undefined, "SCHEMA"],
      ["{", "FORMAT"],
      [{ question: "who" }, "SCHEMA"],
      [{ question: "presence", mac: "__proto__", ...PERIOD }, "FORMAT"],
      [{ question: "presence", mac: macOf(1), from: PERIOD.to, to: PERIOD.from }, "RANGE"],
      [{ question: "count", ...PERIOD }, "SCHEMA"],
      [{ question: "count", ...all, floor: "f01" }, "SCHEMA"],
      [{ question: "count", ...all, method: "guess" }, "SCHEMA"],
      [{ question: "count", ...all, as: "admin" }, "SCHEMA"],
      [{ question: "count", accessPoints: ["__proto__"], ...PERIOD }, "RANGE"],
      [{ question: "count", floor: "f09", ...PERIOD }, "RANGE"],
      [{ question: "heat", ...all, to: PERIOD.from + 40 * DAY }, "RANGE"],
      [{ question: "count", ...all, from: "yesterday" }, "FORMAT"],
      [{ question: "database", limit: 1e9 }, "RANGE"],
    ];
    for (const [payload, code] of cases) {
      const { rejected } = await flow.send("query", { payload });
      assert.equal(rejected?.code, code, JSON.stringify(payload));
      assert.doesNotMatch(rejected?.reason ?? "", /__proto__|f09|yesterday|02:00/);
    }
    assert.equal(flow.received.answered.length, 0);
  });

  it("writes a presence question into the ledger before it answers, without the address", async () => {
    await filled({ query: { ledger: "ledger" }, ledger: {} }, sessions("f01-lab-01", 2));
    const asked = { question: "presence", mac: macOf(1).toUpperCase(), ...PERIOD };
    await flow.ask(asked, { _client: { user: { username: "alice" } } });
    await flow.ask(asked);
    await flow.ask({ question: "count", accessPoints: "all", ...PERIOD });
    const { ledger } = helper.getNode("ledger") as unknown as LedgerNode;
    const entries = (ledger?.entries(0, ledger.size) ?? [])
      .map(({ data }) => data as { kind?: string; detail?: Record<string, unknown> } | undefined)
      .filter((data) => data?.kind === "query");
    assert.deepEqual(
      entries.map((data) => [data?.detail?.question, data?.detail?.by, data?.detail?.from, data?.detail?.to]),
      [
        ["presence", "alice", PERIOD.from, PERIOD.to],
        ["presence", "operator", PERIOD.from, PERIOD.to],
      ],
    );
    const marks = entries.map((data) => String(data?.detail?.device));
    assert.match(marks[0] as string, /^[0-9a-f]{32}$/);
    assert.equal(marks[0], marks[1]);
    assert.doesNotMatch(JSON.stringify(entries), new RegExp(macOf(1).replaceAll(":", "[:-]?"), "i"));
  });

  it("says nothing about presence where the ledger cannot be written", async () => {
    await filled({ query: { ledger: "ledger" }, ledger: {} }, sessions("f01-lab-01", 2));
    const append = () => Promise.reject(new Error("ENOSPC: no space left"));
    Object.defineProperty(helper.getNode("ledger"), "append", { value: append });
    const payload = { question: "presence", mac: macOf(1), ...PERIOD };
    const sent = await flow.send("query", { payload });
    assert.deepEqual([sent.rejected?.code, sent.payload], ["AUTH", payload]);
    assert.match(loggedErrors().join(), /errors\.ledger/);
    assert.equal((await flow.ask<CountReply>({ question: "count", accessPoints: "all", ...PERIOD })).count, 2);
  });
});
