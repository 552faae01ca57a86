import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import type { NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import type { DeviceDetail, PublicSnapshot, SecuritySnapshot } from "../../lib/common/security-snapshot.js";
import { formatSeedAlert, verdictAlert } from "../../lib/verdict/seed-alert.js";
import { StateSaver } from "../../nodes/common/state-saver.js";
import type { StatsMessage } from "../../nodes/security-stats/input.js";
import securityStatsNode from "../../nodes/security-stats/security-stats.js";
import { anomaly, normal } from "../lib/monitor/verdicts.js";

helper.init(require.resolve("node-red"));

const OUTPUTS = ["snapshot", "rejected", "detail", "public"] as const;
type Output = (typeof OUTPUTS)[number];
type Sent = StatsMessage & { audience?: string; select?: unknown };

const WARN = 30;
const ERROR = 20;

describe("security-stats node", () => {
  let home: string;
  let savedHome: string | undefined;
  let received: Record<Output, Sent[]>;
  const statePath = () => join(home, "state", "security-stats-stats1.json");

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-security-stats-"));
    savedHome = process.env.REDOUBT_HOME;
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    if (savedHome === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = savedHome;
    rmSync(home, { recursive: true, force: true });
  });

  async function load(settings: Record<string, unknown> = {}): Promise<void> {
    await helper.load(securityStatsNode, [
      { id: "stats1", type: "redoubt-security-stats", every: 0.5, ...settings, wires: OUTPUTS.map((name) => [name]) },
      ...OUTPUTS.map((id) => ({ id, type: "helper" })),
    ]);
    received = { snapshot: [], rejected: [], detail: [], public: [] };
    for (const name of OUTPUTS) helper.getNode(name).on("input", (msg) => received[name].push(msg as Sent));
  }

  function send(...messages: Record<string, unknown>[]): void {
    for (const message of messages) helper.getNode("stats1").receive(message as NodeMessage);
  }

  /** Waits for a message that fits; how long it takes does not matter. */
  async function until<Payload>(
    output: Output,
    fits: (payload: Payload) => boolean,
  ): Promise<Sent & { payload: Payload }> {
    for (let i = 0; i < 1000; i++) {
      const found = received[output].find((msg) => fits(msg.payload as Payload));
      if (found) return found as Sent & { payload: Payload };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`nothing fits: ${JSON.stringify(received[output].at(-1))}`);
  }

  const untilTotal = (total: number) => until<SecuritySnapshot>("snapshot", (payload) => payload.total === total);
  const logged = (level: number) => helper.log().args.filter(([entry]) => entry.level === level);
  const saved = () => JSON.parse(readFileSync(statePath(), "utf8"));

  it("sums up verdicts for operators, and counters for everybody", async () => {
    await load();
    send(
      { verdict: normal({ at: Date.now() }) },
      { verdict: anomaly({ at: Date.now(), source: "__proto__", temperature: 121.0625 }) },
    );
    const { payload, audience } = await untilTotal(2);
    assert.equal(audience, "operator");
    assert.deepEqual([payload.anomalies, payload.recentAlerts[0]?.source], [1, "__proto__"]);
    assert.equal(payload.devices.length, 2);
    const told = await until<PublicSnapshot>("public", ({ total }) => total === 2);
    assert.equal(told.audience, undefined);
    assert.doesNotMatch(JSON.stringify(told), /rack-1|__proto__|121\.0625/);
    assert.equal(received.rejected.length + received.detail.length, 0);
  });

  it("marks nothing when the box is not ticked", async () => {
    await load({ operatorsOnly: false });
    send({ verdict: normal() }, { select: { source: "rack-1", authenticated: true } });
    assert.equal((await untilTotal(1)).audience, undefined);
    assert.equal((await until("detail", () => true)).audience, undefined);
  });

  it("answers a selection at once, to the one who asked", async () => {
    await load({ every: 60 });
    const client = { socketId: "abc" };
    send(
      { verdict: anomaly({ at: Date.now() }) },
      { payload: "of the page", select: { source: "rack-1", authenticated: true }, _client: client },
      { select: { source: "rack-1", authenticated: false } },
    );
    const { payload, _client, audience, select } = await until<DeviceDetail>("detail", (detail) => detail !== null);
    assert.deepEqual(_client, client);
    assert.deepEqual([audience, select], ["operator", { source: "rack-1", authenticated: true }]);
    assert.deepEqual([payload.device.total, payload.points.length], [1, 1]);
    assert.match(payload.points[0]?.reasons[0]?.text ?? "", /the limit is 90/);
    const unknown = await until("detail", (detail) => detail === null);
    assert.equal(unknown._client, undefined);
  });

  it("acknowledges an alert, and shows it soon", async () => {
    await load({ every: 60 });
    send({ verdict: anomaly({ at: Date.now(), id: "aaaaaaaaaaaa" }) }, { acknowledge: "no such alert" });
    send({ acknowledge: "aaaaaaaaaaaa" });
    const { payload } = await until<SecuritySnapshot>("snapshot", () => true);
    assert.equal(payload.recentAlerts[0]?.acknowledged, true);
    assert.equal(received.rejected.length, 0);
  });

  it("forgets everything at a reset, also on disk", async () => {
    await load({ every: 60 });
    send({ verdict: anomaly({ at: Date.now() }) }, { reset: "true", payload: "reset" }, { reset: true });
    assert.equal((await until<SecuritySnapshot>("snapshot", () => true)).payload.total, 0);
    assert.equal(saved().normal, 0);
    assert.doesNotMatch(readFileSync(statePath(), "utf8"), /rack-1/);
    assert.equal(received.rejected.length, 1, "only msg.reset === true is a reset");
  });

  it("takes the alerts of another monitor, as a name of its own, and leaves out Redoubt's", async () => {
    await load();
    const alert = { client: "rack-1", topic: "iot/devices/rack-1/data", humidity: 45, rate: 5 };
    const time = Math.floor(Date.now() / 1000);
    send(
      { verdict: normal({ at: Date.now() }) },
      { topic: "security/alert", payload: formatSeedAlert({ ...alert, time, temp: 25, status: "normal" }) },
      { payload: Buffer.from(formatSeedAlert({ ...alert, time, temp: 121.5, status: "anomaly" })) },
      { payload: { ...alert, time: 0, temp: 25, status: "normal" } },
      { payload: verdictAlert(anomaly({ at: Date.now() }), "gateway-1") },
    );
    const { payload } = await untilTotal(4);
    assert.deepEqual(
      payload.devices.map(({ authenticated, total, anomalies }) => [authenticated, total, anomalies]),
      [
        [true, 1, 0],
        [false, 3, 1],
      ],
    );
    assert.deepEqual(payload.byType, [{ type: "high-temperature", count: 1 }]);
    assert.equal(
      payload.trend.reduce((sum, { total }) => sum + total, 0),
      4,
      "by the gateway's clock",
    );
    assert.equal(received.rejected.length, 0);
  });

  it("refuses what it cannot read, with a code", async () => {
    await load();
    const { reasons: _, ...incomplete } = normal();
    send(
      { payload: "not JSON" },
      { payload: { client: "x" } },
      { payload: null },
      { verdict: incomplete },
      { verdict: anomaly({ attackType: "ufo" as never }) },
      { verdict: normal({ at: Number.NaN }) },
      { select: "rack-1" },
      { select: { source: "rack-1" } },
      { acknowledge: 7 },
    );
    await until("rejected", () => received.rejected.length === 9);
    assert.deepEqual(
      received.rejected.map(({ rejected }) => rejected?.code),
      ["FORMAT", "SCHEMA", "FORMAT", "SCHEMA", "SCHEMA", "SCHEMA", "SCHEMA", "SCHEMA", "SCHEMA"],
    );
    assert.equal((await until<SecuritySnapshot>("snapshot", () => true)).payload.total, 0);
  });

  it("never speaks more than twice a second, however often it is told something", async () => {
    const begin = performance.now();
    await load();
    for (let i = 0; i < 150; i++) {
      send({ verdict: anomaly({ at: Date.now(), id: String(i), source: `name-${i}` }) }, { acknowledge: String(i) });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await untilTotal(150);
    const { length } = received.snapshot;
    const seconds = (performance.now() - begin) / 1000;
    assert.ok(length >= 2);
    // Not from one to the next: a machine that stands still between a timer and its work brings two together.
    assert.ok(length <= 1 + 2 * seconds, `${length} snapshots in ${seconds} s`);
  });

  it("is quiet while nothing happens, once the rate has gone to zero", async () => {
    await load();
    send({ verdict: normal({ at: Date.now() }) });
    await until<SecuritySnapshot>("snapshot", ({ total, rate }) => total === 1 && rate === 0);
    const before = received.snapshot.length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(received.snapshot.length, before);
  });

  it("counts on after a restart", async () => {
    await load();
    send({ verdict: normal({ at: Date.now() }) }, { verdict: anomaly({ at: Date.now() }) });
    const { since } = (await untilTotal(2)).payload;
    await helper.unload();
    assert.equal(statSync(statePath()).mode & 0o777, 0o600);
    await load();
    send({ verdict: anomaly({ at: Date.now() }) });
    const { payload } = await untilTotal(3);
    assert.deepEqual([payload.since, payload.anomalies, payload.recentAlerts[0]?.count], [since, 2, 2]);
  });

  it("keeps a broken file aside, warns and starts at zero", async () => {
    mkdirSync(join(home, "state"));
    writeFileSync(statePath(), "{");
    await load();
    assert.equal((await untilTotal(0)).payload.anomalies, 0);
    assert.equal(logged(WARN).filter(([{ msg }]) => /errors\.state|starts at zero/.test(String(msg))).length, 1);
    assert.ok(existsSync(`${statePath()}.broken`));
  });

  it("shows counts and a rate, yellow after an anomaly", async () => {
    await load();
    const statuses: { fill: string; shape: string }[] = [];
    const stats = helper.getNode("stats1") as unknown as NodeJS.EventEmitter;
    stats.on("call:status", (call: { args: [{ fill: string; shape: string }] }) => statuses.push(call.args[0]));
    send({ verdict: normal({ at: Date.now() }) });
    await untilTotal(1);
    send({ verdict: anomaly({ at: Date.now() }) });
    await untilTotal(2);
    assert.ok(statuses.some(({ fill, shape }) => fill === "green" && shape === "dot"));
    assert.equal(statuses.at(-1)?.fill, "yellow");
  });

  it("says what is wrong with its settings instead of running", async () => {
    for (const every of [0.4, 61, "often"]) {
      await load({ every });
      send({ verdict: normal() });
      assert.ok(logged(ERROR).length >= 1, String(every));
      assert.ok(!existsSync(statePath()));
      await helper.unload();
    }
  });
});

describe("saver of security-stats", () => {
  let saves: number;
  let complaints: string[];
  let problem: Error | undefined;
  let saver: StateSaver;

  beforeEach(() => {
    mock.timers.enable({ apis: ["setInterval"] });
    saves = 0;
    complaints = [];
    problem = undefined;
    saver = new StateSaver(
      () => {
        if (problem) throw problem;
        saves++;
      },
      (reason) => complaints.push(reason),
    );
  });
  afterEach(() => {
    saver.close();
    mock.timers.reset();
  });

  it("saves within 5 s of a change and not without one", () => {
    mock.timers.tick(60_000);
    assert.equal(saves, 0);
    for (let i = 0; i < 100; i++) {
      saver.changed();
      mock.timers.tick(100);
    }
    assert.equal(saves, 2);
    mock.timers.tick(60_000);
    assert.equal(saves, 2);
  });

  it("saves the rest at the end, and a reset at once", () => {
    saver.changed();
    saver.now();
    assert.equal(saves, 1);
    saver.changed();
    saver.close();
    assert.equal(saves, 2);
    saver.close();
    assert.equal(saves, 2);
  });

  it("tries again after a failure and complains once", () => {
    problem = new Error("disk full");
    saver.changed();
    mock.timers.tick(20_000);
    assert.deepEqual([saves, complaints], [0, ["disk full"]]);
    problem = undefined;
    mock.timers.tick(5000);
    assert.deepEqual([saves, complaints.length], [1, 1]);
  });
});
