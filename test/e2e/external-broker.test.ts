// `redoubt start` and the simulated plant on a broker that is not ours.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import { findCommand, requireOnMachine } from "../setup.js";
import { findMosquitto, startMosquitto, type TestBroker } from "../support/brokers.js";
import { makeCertificates } from "../support/certificates.js";
import { untilDashboardSends } from "../support/dashboard-socket.js";
import { RunningCommand, withoutPastCampus } from "../support/demo.js";
import { projectRoot } from "../support/node-red.js";

const PASSWORD = "p@ss:w/rd #%?&+é";
const ACCEPTED = /"acceptedTotal":([1-9]\d*)/;

describe("redoubt on a Mosquitto of the user's", function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), "redoubt-external-"));
  let broker: TestBroker | undefined;
  let running: RunningCommand | undefined;

  afterEach(async () => {
    await running?.stop();
    running?.removeHome();
    await broker?.stop();
    running = undefined;
    broker = undefined;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function needs(context: Context): void {
    requireOnMachine(context, findMosquitto() !== undefined, "Mosquitto (apt-get install mosquitto)");
  }

  /** Starts the command on the broker and waits until the dashboard counts accepted readings. */
  async function run(command: "demo" | "start", url: string, env: Record<string, string> = {}): Promise<void> {
    running = await RunningCommand.start(command, {
      ...(broker ? { home: withoutPastCampus(broker.home) } : {}),
      env: { REDOUBT_MQTT_URL: url, REDOUBT_DASHBOARD_LOGIN: "open", ...env },
    });
    await running.untilPrinted(command === "demo" ? /Ctrl-C ends everything/ : /^Broker/m);
  }

  function logs(): string {
    const at = (name: string) => join((running as RunningCommand).home, name);
    const files = [...readdirSync(at("logs")).map((name) => join("logs", name)), join("node-red", "flows.json")];
    return [(running as RunningCommand).output, ...files.map((name) => readFileSync(at(name), "utf8"))].join("\n");
  }

  it("uses the generated accounts when the URL has no login", async function () {
    needs(this);
    broker = await startMosquitto();
    await run("start", broker.url);
    const simulate = ["simulate", "thermal", "--duration", "10", "--seed", "3"];
    const plant = spawn(process.execPath, [join(projectRoot, "dist", "cli", "main.js"), ...simulate], {
      env: { ...process.env, REDOUBT_HOME: broker.home, REDOUBT_MQTT_URL: broker.url },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    plant.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = new Promise((resolve) => plant.once("close", resolve));
    await untilDashboardSends((running as RunningCommand).origin, ACCEPTED);
    assert.equal(await ended, 0, said);
    assert.doesNotMatch((running as RunningCommand).nodeRedLog, /\[error\]|Connection failed/);
  });

  it("uses the URL's one login for everybody, with any character in it, and shows the password nowhere", async function () {
    needs(this);
    broker = await startMosquitto({ login: { username: "site user", password: PASSWORD } });
    const encoded = encodeURIComponent(PASSWORD);
    await run("demo", `mqtt://site%20user:${encoded}@127.0.0.1:${broker.port}`);
    await untilDashboardSends((running as RunningCommand).origin, ACCEPTED);
    assert.match((running as RunningCommand).output, /login of REDOUBT_MQTT_URL/);
    assert.doesNotMatch((running as RunningCommand).nodeRedLog, /\[error\]|Connection failed/);
    requireOnMachine(this, findCommand("ps") !== undefined, "ps (apt-get install procps)");
    const visible = `${logs()}\n${spawnSync("ps", ["-eo", "args"], { encoding: "utf8" }).stdout}`;
    for (const secret of [PASSWORD, encoded]) assert.ok(!visible.includes(secret));
  });

  it("says in one line that a login is wrong or not encoded", async function () {
    needs(this);
    broker = await startMosquitto({ login: { username: "site", password: PASSWORD } });
    const cases: [string, number, RegExp][] = [
      ["site:wrong", 1, /no MQTT broker to use at .*127\.0\.0\.1:\d+ \(.*[Nn]ot authorized\)/],
      ["site:100%zz", 2, /percent-encoded/],
      ["site:12/34", 2, /percent-encoded/],
    ];
    for (const [login, code, expected] of cases) {
      const url = `mqtt://${login}@127.0.0.1:${broker.port}`;
      const refused = await RunningCommand.start("start", { env: { REDOUBT_MQTT_URL: url } });
      assert.equal(await refused.ended, code, refused.output);
      assert.match(refused.output, expected);
      assert.equal(refused.output.split("\n").length, 1, refused.output);
      assert.ok(!refused.output.includes(login.split(":")[1] as string));
      refused.removeHome();
    }
  });

  it("speaks TLS to a broker whose authority NODE_EXTRA_CA_CERTS names, and to no other", async function () {
    needs(this);
    requireOnMachine(this, findCommand("openssl") !== undefined, "openssl (apt-get install openssl)");
    const own = makeCertificates(folder, "own");
    const foreign = makeCertificates(folder, "foreign");
    broker = await startMosquitto({ tls: { certificate: own.certificate, key: own.key } });
    for (const env of [{}, { NODE_EXTRA_CA_CERTS: foreign.authority }]) {
      const refused = await RunningCommand.start("start", { env: { REDOUBT_MQTT_URL: broker.url, ...env } });
      assert.equal(await refused.ended, 1, refused.output);
      assert.match(refused.output, /no MQTT broker to use at .*mqtts:\/\/.*NODE_EXTRA_CA_CERTS/);
      assert.equal(refused.output.split("\n").length, 1, refused.output);
      refused.removeHome();
    }
    // By address and by name: only a name is sent as the server name.
    for (const host of ["127.0.0.1", "localhost"]) {
      await run("demo", `mqtts://${host}:${broker.port}`, { NODE_EXTRA_CA_CERTS: own.authority });
      await untilDashboardSends((running as RunningCommand).origin, ACCEPTED);
      assert.doesNotMatch((running as RunningCommand).nodeRedLog, /\[error\]|Connection failed|DeprecationWarning/);
      await running?.stop();
    }
  });
});
