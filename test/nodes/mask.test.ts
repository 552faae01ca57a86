import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import type { NodeAPI, NodeMessage, NodeMessageInFlow } from "node-red";
import helper from "node-red-node-test-helper";
import { MECHANISM_NAMES } from "../../lib/privacy/mechanism-name.js";
import { RELEASE_OFFSET_MS } from "../../lib/privacy/release-timer.js";
import { ALARM_RELEASES, DEFAULT_SETTINGS, ON_EXHAUSTED, parseMaskSettings } from "../../lib/privacy/settings.js";
import { CALIBRATION_PATH } from "../../nodes/mask/calibration-endpoint.js";
import { registerMask } from "../../nodes/mask/register.js";
import { FakeClock } from "../lib/privacy/fake-clock.js";

const NOON = Date.UTC(2026, 10, 21, 12);
const MINUTE = 60_000;
const FOLDER = join(__dirname, "..", "..", "nodes", "mask");
const OUTPUTS = ["masked", "rejected", "alarms", "report"] as const;

type Received = Record<(typeof OUTPUTS)[number], NodeMessageInFlow[]>;

describe("mask node", () => {
  let home: string;
  let savedHome: string | undefined;
  let clock: FakeClock;
  const statePath = () => join(home, "state", "mask-mask1.json");

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-mask-"));
    savedHome = process.env.REDOUBT_HOME;
    process.env.REDOUBT_HOME = home;
    clock = new FakeClock(NOON);
  });
  afterEach(async () => {
    await helper.unload();
    if (savedHome === undefined) delete process.env.REDOUBT_HOME;
    else process.env.REDOUBT_HOME = savedHome;
    rmSync(home, { recursive: true, force: true });
  });

  async function load(settings: Record<string, unknown> = {}): Promise<Received> {
    await helper.load(
      (RED: NodeAPI) => registerMask(RED, clock),
      [
        { id: "mask1", type: "redoubt-mask", ...settings, wires: OUTPUTS.map((name) => [name]) },
        ...OUTPUTS.map((id) => ({ id, type: "helper" })),
      ],
    );
    const received: Received = { masked: [], rejected: [], alarms: [], report: [] };
    for (const name of OUTPUTS) {
      helper.getNode(name).on("input", (msg: NodeMessageInFlow) => received[name].push(msg));
    }
    return received;
  }

  /** Node-RED delivers one setImmediate later per wire. */
  async function settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  async function send(...messages: NodeMessage[]): Promise<void> {
    for (const message of messages) helper.getNode("mask1").receive(message);
    await settle();
  }

  function zone(sensors: number, changed: Record<string, unknown> = {}): NodeMessage[] {
    return Array.from({ length: sensors }, (_, i) => ({
      topic: "dc/temperature/raw_encrypted",
      payload: { timestamp: clock.now(), temperature_C: 27.123, device_id: `rack-${i}`, secret: "raw", ...changed },
      anomaly: { score: 0.9, isAnomaly: true, threshold: 0.6, model: "m@1", reasons: [] },
      device: { id: `rack-${i}`, authenticated: true, profile: "fernet", receivedAt: clock.now() },
      raw: 27.123,
    }));
  }

  /** Goes on to the moment at which the values of the running minute are sent. */
  async function tick(): Promise<void> {
    clock.advance(MINUTE - (clock.now() % MINUTE) + RELEASE_OFFSET_MS);
    await settle();
  }

  const logged = (text: string) =>
    helper.log().args.filter(([entry]: [{ msg?: unknown }]) => String(entry.msg).includes(text));

  it("loads with an empty configuration", async () => {
    await load();
    assert.equal(helper.getNode("mask1").type, "redoubt-mask");
  });

  it("publishes on the clock's tick, with nothing of the raw messages in it", async () => {
    const received = await load();
    await send(...zone(8));
    assert.equal(received.masked.length, 0);
    await tick();
    assert.equal(received.masked.length, 1);
    const { _msgid, ...message } = received.masked[0]!;
    assert.deepEqual(Object.keys(message), ["payload", "privacy"]);
    assert.deepEqual(Object.keys(message.payload as object), ["timestamp", "temperature"]);
    assert.equal((message.payload as { timestamp: string }).timestamp, "2026-11-21T12:01:00Z");
    const text = JSON.stringify(received.masked[0]);
    for (const leak of ["27.123", "rack-", "anomaly", "raw", "secret"]) assert.ok(!text.includes(leak), leak);
    const report = received.report[0]!.payload as { total: { releases: number }; claim: string };
    assert.equal(report.total.releases, 1);
    assert.deepEqual([received.rejected.length, received.alarms.length], [0, 0]);
  });

  it("keeps the rate of messages without data, and has none before the first value", async () => {
    const received = await load();
    await tick();
    assert.equal(received.masked.length, 0);
    await send(...zone(8));
    for (let i = 0; i < 3; i++) await tick();
    assert.equal(received.masked.length, 3);
    const values = received.masked.map(({ payload }) => (payload as { temperature: number }).temperature);
    assert.equal(new Set(values).size, 1);
    assert.equal((received.report[2]!.payload as { total: { releases: number } }).total.releases, 1);
  });

  it("publishes each reading at once under gaussian-sample, and says what that is worth", async () => {
    const received = await load({ mechanism: "gaussian-sample", outputField: "t" });
    await send(...zone(2));
    assert.equal(received.masked.length, 2);
    assert.deepEqual(Object.keys(received.masked[0]!.payload as object), ["timestamp", "t"]);
    assert.equal((received.masked[0]!.privacy as { claim: string }).claim, "no practical protection");
    assert.equal(received.report.length, 2);
    assert.equal(clock.timers, 0);
  });

  it("raises alarms without value and sensor", async () => {
    const received = await load();
    await send(...zone(1, { temperature_C: 33 }));
    clock.advance(20_000);
    await send(...zone(1, { temperature_C: 33 }));
    const alarms = received.alarms.map(({ payload }) => payload);
    assert.deepEqual(alarms, [
      { alarm: "overheat", state: "on", since: "2026-11-21T12:00:00.000Z", group: "default" },
      { alarm: "prolonged-anomaly", state: "on", since: "2026-11-21T12:00:00.000Z", group: "default" },
    ]);
    assert.ok(!JSON.stringify(received.alarms).includes("rack"));
  });

  it("rejects what is no reading, and goes on", async () => {
    const received = await load();
    const hostile = [null, "25", [], 25, JSON.parse('{"__proto__":{"temperature_C":25}}'), { temperature_C: "25" }];
    await send(...hostile.map((payload) => ({ payload })), ...zone(8));
    assert.deepEqual(
      received.rejected.map(({ rejected }) => (rejected as { code: string }).code),
      hostile.map(() => "SCHEMA"),
    );
    await tick();
    assert.equal(received.masked.length, 1);
  });

  it("continues its account after a restart, and drops the running interval", async () => {
    await load();
    await send(...zone(8));
    await tick();
    await send(...zone(8));
    await helper.unload();
    assert.equal(clock.timers, 0, "a closed node leaves no timer");
    const received = await load({ epsilon: 2 });
    await tick();
    assert.equal(received.masked.length, 0, "nothing of the interval before the restart is published");
    await send(...zone(8));
    await tick();
    const report = received.report[0]!.payload as { total: { releases: number; since: string } };
    assert.equal(report.total.releases, 2);
    assert.equal(report.total.since, "2026-11-21T12:01:00Z");
  });

  it("releases nothing on a damaged account, says so, and still raises alarms", async () => {
    await load();
    await send(...zone(8));
    await tick();
    await helper.unload();
    writeFileSync(statePath(), readFileSync(statePath(), "utf8").slice(0, 40));
    const received = await load();
    assert.ok(logged("redoubt-mask.errors.account").length > 0, "an error names the file");
    await send(...zone(8, { temperature_C: 33 }));
    clock.advance(20_000);
    await send(...zone(8, { temperature_C: 33 }));
    await tick();
    assert.equal(received.masked.length, 0);
    assert.ok(received.alarms.length > 0);
    assert.equal(readFileSync(statePath(), "utf8").length, 40, "the damaged file is left alone");
  });

  it("does nothing on settings that cannot work, and says so", async () => {
    const received = await load({ minGroup: 9 });
    await send(...zone(8));
    await tick();
    assert.ok(logged("redoubt-mask.errors.settings").length > 0);
    assert.deepEqual(received.masked, []);
    assert.equal(clock.timers, 0);
  });
});

/** What the helper's types leave out: requests to the admin routes (supertest). */
const admin = helper as unknown as {
  request(): { get(path: string): Promise<{ status: number; body: Record<string, unknown> }> };
};

describe("mask calibration endpoint", () => {
  const asked: string[] = [];

  before(async () => {
    await helper.load((RED: NodeAPI) => {
      const { needsPermission } = RED.auth;
      RED.auth.needsPermission = (permission) => {
        asked.push(permission);
        return needsPermission(permission);
      };
      registerMask(RED, new FakeClock(NOON));
      RED.auth.needsPermission = needsPermission;
    }, []);
  });
  after(() => helper.unload());

  async function get(query: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const { status, body } = await admin.request().get(`${CALIBRATION_PATH}?${query}`);
    return { status, body };
  }

  it("answers what the form asks, to those who may read flows", async () => {
    const { status, body } = await get("mechanism=gaussian-window&interval=60&groupSize=8&minGroup=4&epsilon=5");
    assert.equal(status, 200);
    assert.equal((body.sigma as number).toFixed(4), "0.9526");
    assert.equal(body.releasesPerEvent, 16);
    assert.deepEqual(asked, ["flows.read"]);
    assert.equal((await get("mechanism=passthrough")).body.epsilon, null);
    assert.ok(((await get("mechanism=gaussian-sample&rate=10")).body.epsilon as number) > 1e7);
    const { budget } = (await get("budgetDay=50&onExhausted=hold&maxAge=")).body as { budget: object };
    assert.deepEqual(budget, { epsilon: 50, releases: 601, exhaustedAfterSec: 36_060 });
    const random = (checkSec: number) =>
      get(`mechanism=alarm-only&alarmRelease=sparse-vector&alarmEpsilon=16&checkSec=${checkSec}`);
    const alarms = (await random(20)).body.alarms as { epsilonPerRun: number; marginForOneADay: number };
    assert.equal(alarms.epsilonPerRun, 4);
    const rarer = (await random(300)).body.alarms as typeof alarms;
    assert.ok(rarer.marginForOneADay < alarms.marginForOneADay);
  });

  for (const query of [
    "interval=0",
    "interval=x",
    "groupSize=4&minGroup=8",
    "epsilon=1&epsilon=2",
    "epsilon[a]=1",
    "alarms=[]",
    "constructor=1",
    "rate=0",
    "mechanism=toString",
    "mechanism=quantize&budgetDay=5",
    "budgetDay=0.1",
    "onExhausted=stop",
    "alarmRelease=sparse-vector&checkSec=0",
    `delta=${"0".repeat(100)}`,
  ]) {
    it(`refuses ${query.slice(0, 40)}`, async () => {
      const { status, body } = await get(query);
      assert.equal(status, 400);
      assert.deepEqual(Object.keys(body), ["error"]);
    });
  }
});

describe("mask editor", () => {
  const html = readFileSync(join(FOLDER, "mask.html"), "utf8");
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(html)![1]!;
  interface Definition {
    defaults: Record<string, { value: unknown; validate?: (value: unknown) => boolean }>;
    outputs: number;
    outputLabels: string[];
  }
  let definition: Definition;
  before(() => {
    const RED = { nodes: { registerType: (_type: string, given: Definition) => (definition = given) } };
    new Script(script).runInNewContext({ RED, $: () => ({ length: 0 }) });
  });

  it("has a field for each setting and defaults that its own validators and the runtime accept", () => {
    const values = Object.fromEntries(Object.entries(definition.defaults).map(([name, { value }]) => [name, value]));
    for (const [name, { value, validate }] of Object.entries(definition.defaults)) {
      if (validate) assert.ok(validate.call(values as never, value), name);
      if (name !== "version") assert.ok(html.includes(`id="node-input-${name}"`), `no field for ${name}`);
    }
    assert.deepEqual(parseMaskSettings(values), DEFAULT_SETTINGS);
    assert.equal(definition.outputs, 4);
    assert.equal(definition.outputLabels.length, 4);
  });

  it("has a text for each key it uses", () => {
    const catalogue = JSON.parse(readFileSync(join(FOLDER, "locales", "en-US", "mask.json"), "utf8"));
    const keys = [...html.matchAll(/(?:data-i18n="|text\(")(redoubt-mask\.[A-Za-z.-]+)"/g)].map(([, key]) => key!);
    keys.push(
      ...["no-practical-protection", "no-protection", "no-formal-guarantee", "random-alarms"].map(
        (w) => `redoubt-mask.warning.${w}`,
      ),
      ...["single-sensor", "large-error", "weak-epsilon"].map((w) => `redoubt-mask.warning.${w}`),
      ...MECHANISM_NAMES.map((name) => `redoubt-mask.mechanism.${name}`),
      ...ON_EXHAUSTED.map((what) => `redoubt-mask.exhausted.${what}`),
      ...ALARM_RELEASES.map((how) => `redoubt-mask.release.${how}`),
      ...["account", "exhausted", "no-data", "withheld", "shared"].map((s) => `redoubt-mask.status.${s}`),
      "redoubt-mask.errors.shared",
      "redoubt-mask.placeholder.none",
      "redoubt-mask.placeholder.any",
    );
    for (const key of keys.filter((key) => !key.endsWith("."))) {
      const text = key.split(".").reduce((level, part) => level?.[part], catalogue);
      assert.equal(typeof text, "string", key);
    }
    assert.ok(keys.length > 25);
  });
});
