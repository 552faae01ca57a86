import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeMessage, NodeStatus } from "node-red";
import helper from "node-red-node-test-helper";
import type { StageMessage } from "../../nodes/common/stage.js";
import notifyNode from "../../nodes/notify/notify.js";
import { answerWith, HttpServer } from "../lib/notify/http-server.js";
import { HOSTILE_NAME, until, verdictOf } from "../lib/notify/support.js";

helper.init(require.resolve("node-red"));

const SECRET = "s3cr3t-t0ken";
const OUTPUTS = ["delivered", "rejected", "failed", "queue"] as const;

describe("notify node", () => {
  const received = Object.fromEntries(OUTPUTS.map((name) => [name, []])) as unknown as Record<
    (typeof OUTPUTS)[number],
    StageMessage[]
  >;
  const statuses: NodeStatus[] = [];
  let home: string;
  let server: HttpServer | undefined;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-notify-node-"));
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    await server?.stop();
    server = undefined;
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true, force: true });
  });

  async function load(settings: Record<string, unknown>, credentials: Record<string, string> = {}): Promise<void> {
    for (const name of OUTPUTS) received[name].length = 0;
    statuses.length = 0;
    const flow = [
      { id: "notify", type: "redoubt-notify", ...settings, wires: OUTPUTS.map((name) => [name]) },
      ...OUTPUTS.map((id) => ({ id, type: "helper" })),
    ];
    await helper.load(notifyNode, flow, { notify: credentials });
    for (const name of OUTPUTS) {
      helper.getNode(name).on("input", (message) => received[name].push(message as StageMessage));
    }
    helper.getNode("notify").on("call:status" as "input", (call) => {
      statuses.push((call as unknown as { firstArg: NodeStatus }).firstArg);
    });
  }

  const give = (message: object) => helper.getNode("notify").receive(message as NodeMessage);

  function log(): string {
    return JSON.stringify(helper.log().args);
  }

  function errors(): string[] {
    return helper
      .log()
      .args.filter(([entry]) => entry.level === 20)
      .map(([entry]) => String(entry.msg));
  }

  it("sends anomalies of the set severity, tries again when asked to, and reports", async () => {
    server = await HttpServer.start((response, count) => {
      answerWith(count === 1 ? 429 : 204, { "retry-after": "0" })(response);
    });
    await load({ channel: "discord", minSeverity: "critical" }, { url: `${server.origin}/api/webhooks/1/${SECRET}` });
    give({ verdict: verdictOf({ status: "normal" }) });
    give({ verdict: verdictOf({ severity: "warning" }) });
    give({ verdict: verdictOf({ source: HOSTILE_NAME, authenticated: false }) });
    await until(() => received.delivered.length === 1);
    const { payload, topic } = received.delivered[0] as StageMessage;
    assert.equal(topic, "redoubt/notify");
    const { at, ...delivery } = payload as { at: number };
    assert.ok(at > 0);
    assert.deepEqual(delivery, { channel: "discord", id: "0123456789ab", attempts: 2 });
    assert.equal(server.received.length, 2);
    assert.deepEqual(JSON.parse(server.last.body).allowed_mentions, { parse: [] });
    // What was shown before may tell of the first attempt.
    const state = () => received.queue.at(-1)?.payload as { queued: number; delivered: number } | undefined;
    await until(() => state()?.delivered === 1 && statuses.at(-1)?.fill === "green");
    assert.equal(state()?.queued, 0);
    assert.deepEqual(statuses.at(-1), { fill: "green", shape: "dot", text: "redoubt-notify.status.delivered" });
    assert.ok(!log().includes(SECRET));
  });

  it("rejects what is no alert", async () => {
    await load({ channel: "syslog", syslogHost: "127.0.0.1", syslogTransport: "udp" });
    give({ payload: 25 });
    give({ payload: JSON.parse('{"__proto__": {"title": "x"}}') });
    await until(() => received.rejected.length === 2);
    assert.deepEqual(
      received.rejected.map(({ rejected }) => rejected?.code),
      ["SCHEMA", "SCHEMA"],
    );
    assert.equal(received.delivered.length, 0);
  });

  it("sends what was refused for good to the third output and into a file", async () => {
    server = await HttpServer.start(answerWith(404, {}, SECRET));
    await load({ channel: "webhook" }, { url: `${server.origin}/${SECRET}`, token: SECRET, secret: SECRET });
    give({ payload: { title: "Door is open", source: "door-2" } });
    await until(() => received.failed.length === 1);
    const { error, alert } = (received.failed[0] as StageMessage).payload as {
      error: string;
      alert: { title: string };
    };
    assert.match(error, /^127\.0\.0\.1:\d+ answered 404/);
    assert.equal(alert.title, "Door is open");
    assert.match(errors().join(), /redoubt-notify\.errors\.failed/);
    assert.ok(!log().includes(SECRET));
    const state = join(home, "state");
    for (const name of readdirSync(state)) assert.ok(!readFileSync(join(state, name), "utf8").includes(SECRET), name);
    assert.match(readFileSync(join(state, "notify-notify-dead.jsonl"), "utf8"), /Door is open/);
  });

  it("delivers after a restart what it could not deliver before", async () => {
    server = await HttpServer.start(answerWith(503));
    const url = `${server.origin}/${SECRET}`;
    await load({ channel: "webhook" }, { url });
    give({ payload: { title: "Door is open" } });
    await until(() => server?.received.length !== 0 && received.queue.length > 0);
    const { queued } = (received.queue[0] as StageMessage).payload as { queued: number };
    assert.equal(queued, 1);
    assert.match(log(), /answered 503/);
    await helper.unload();
    await server.stop();
    server = await HttpServer.start(answerWith(204));
    await load({ channel: "webhook" }, { url: `${server.origin}/${SECRET}` });
    await until(() => received.delivered.length === 1);
    assert.equal(JSON.parse(server.last.body).title, "Door is open");
  });

  it("lets nothing pass with settings that cannot work, and says which", async () => {
    const wrong: [Record<string, unknown>, Record<string, string>][] = [
      [{ channel: "discord" }, {}],
      [{ channel: "webhook" }, { url: `http://alerts.example/${SECRET}` }],
      [{ channel: "smtp", smtpHost: "mail.example", mailFrom: "a@b.example", mailTo: "" }, {}],
      [{ channel: "mqtt" }, { url: `mqtts://u:${SECRET}@x.example` }],
      [{ channel: "syslog", syslogHost: "" }, {}],
      [{ channel: "syslog", syslogHost: "x.example", quietFrom: "22:00" }, {}],
    ];
    for (const [settings, credentials] of wrong) {
      await load(settings, credentials);
      assert.equal(errors().length, 1, JSON.stringify(settings));
      assert.ok(!log().includes(SECRET));
      await helper.unload();
    }
  });

  describe("test button", () => {
    async function press(id: string): Promise<{ status: number; ok: boolean; message: string }> {
      const response = await helper.request().post(`/redoubt/notify/${id}/test`);
      return { status: response.status, ...(response.body as { ok: boolean; message: string }) };
    }

    it("sends one alert through the real channel, past quiet hours", async () => {
      server = await HttpServer.start(answerWith(204));
      await load(
        { channel: "webhook", minSeverity: "critical", quietFrom: "00:00", quietTo: "23:59" },
        { url: `${server.origin}/${SECRET}` },
      );
      assert.deepEqual(await press("notify"), { status: 200, ok: true, message: "redoubt-notify.test.delivered" });
      assert.equal(JSON.parse(server.last.body).type, "test");
      assert.equal(received.delivered.length, 0);
    });

    it("says in words what went wrong, without the secret", async () => {
      server = await HttpServer.start(answerWith(403, {}, SECRET));
      await load({ channel: "webhook" }, { url: `${server.origin}/${SECRET}` });
      const answer = await press("notify");
      assert.deepEqual([answer.status, answer.ok], [200, false]);
      assert.ok(!JSON.stringify(answer).includes(SECRET));
      assert.equal((await press("delivered")).status, 404, "another kind of node");
      assert.equal((await press("missing")).status, 404);
      await helper.unload();
      await load({ channel: "discord" });
      assert.equal((await press("notify")).status, 409);
    });
  });
});
