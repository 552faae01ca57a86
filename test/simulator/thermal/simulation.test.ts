import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { accountsFileIn } from "../../../lib/broker/accounts.js";
import { forkBroker } from "../../../lib/broker/fork.js";
import { fernet } from "../../../lib/envelope/fernet.js";
import { accountsFromFile, sharedAccount } from "../../../simulator/common/accounts.js";
import type { RunningSimulation } from "../../../simulator/common/running.js";
import { CommandReceiver } from "../../../simulator/thermal/command-receiver.js";
import type { ThermalEvent } from "../../../simulator/thermal/events.js";
import { runReplay } from "../../../simulator/thermal/publish-replay.js";
import { runThermalSimulation, type SimulationProgress } from "../../../simulator/thermal/simulation.js";
import { COMMAND_TOPIC, RAW_TOPIC } from "../../../simulator/thermal/wire.js";
import { startEmbeddedBroker, type TestBroker, TYPESCRIPT_EXEC_ARGV } from "../../support/brokers.js";
import { freePort } from "../../support/free-port.js";

interface Received {
  token: string;
  payload: Record<string, unknown>;
}

describe("thermal simulation over MQTT", function () {
  this.timeout(120_000);
  const rawKey = randomBytes(32);
  const commandKey = randomBytes(32);
  let broker: TestBroker;
  let gateway: MqttClient;
  let hvac: MqttClient;
  let folder: string;
  let running: RunningSimulation | undefined;

  before(async () => {
    broker = await startEmbeddedBroker();
    folder = mkdtempSync(join(tmpdir(), "redoubt-thermal-"));
    const login = (name: string) => connectAsync(broker.url, { clientId: name, ...broker.accounts[name] });
    gateway = await login("gateway");
    hvac = await login("hvac");
    await gateway.subscribeAsync(RAW_TOPIC);
  });
  after(async () => {
    await Promise.all([gateway.endAsync(), hvac.endAsync()]);
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    gateway.removeAllListeners("message");
    await running?.stop();
    running = undefined;
  });

  /** Decrypts what the gateway receives; resolves when there are `count`. */
  function receive(count: number): Promise<Received[]> {
    const open = fernet.create([rawKey]);
    const messages: Received[] = [];
    return new Promise((resolve, reject) => {
      gateway.on("message", (_topic, token) => {
        try {
          const { plaintext } = open.open(token, { now: Date.now() });
          messages.push({ token: token.toString(), payload: JSON.parse(plaintext.toString()) });
          if (messages.length === count) resolve(messages);
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  const settings = () => ({
    url: broker.url,
    accounts: accountsFromFile(accountsFileIn(broker.home)),
    rawKeys: [rawKey],
    commandKeys: [commandKey],
    rateHz: 10,
    seed: 4,
  });

  it("publishes each rack's readings encrypted, unlabelled and with its own name", async () => {
    const door: ThermalEvent = { kind: "door", startSec: 0, endSec: 60, amplitudeK: -2, rampSec: 3, racks: [0, 1, 2] };
    const arriving = receive(8 * 12);
    running = await runThermalSimulation({ ...settings(), scripted: [door] });
    const messages = await arriving;
    for (const { payload } of messages) {
      assert.deepEqual(Object.keys(payload), ["timestamp", "device_id", "temperature_C"]);
      assert.match(String(payload.device_id), /^rack-[1-8]$/);
      assert.ok(Number.isInteger((payload.temperature_C as number) * 16));
      assert.ok(Math.abs(Date.parse(String(payload.timestamp)) - Date.now()) < 60_000);
    }
    const devices = new Set(messages.map(({ payload }) => payload.device_id));
    assert.equal(devices.size, 8);
    assert.equal(new Set(messages.map(({ token }) => token)).size, messages.length);
  });

  it("obeys authentic commands and counts the others", async () => {
    let latest: SimulationProgress | undefined;
    let onProgress: () => void = () => {};
    const until = (condition: (progress: SimulationProgress) => boolean) =>
      new Promise<void>((resolve) => {
        onProgress = () => {
          if (latest && condition(latest)) resolve();
        };
        onProgress();
      });
    running = await runThermalSimulation({
      ...settings(),
      events: false,
      onProgress: (progress) => {
        latest = progress;
        onProgress();
      },
    });
    await until(() => true);
    assert.equal(latest?.sample.commandC, 22.5);
    const send = (key: Buffer, payload: unknown) => {
      const token = fernet.create([key]).seal(Buffer.from(JSON.stringify(payload)), { now: Date.now() });
      return hvac.publishAsync(COMMAND_TOPIC, token, { qos: 1 });
    };
    await send(rawKey, { supply_temperature_C: 27 });
    await send(commandKey, { supply_temperature_C: "27" });
    await send(commandKey, { supply_temperature_C: 18.5 });
    await until(({ commandsAccepted }) => commandsAccepted === 1);
    await until(({ sample }) => sample.supplyC < 22.4);
    assert.equal(latest?.sample.commandC, 18.5);
    assert.equal(latest?.commandsRefused, 2);
  });

  it("writes the truth to a side file of its own that only its owner reads, and ends by itself", async () => {
    const reportFile = join(folder, "truth.jsonl");
    const door: ThermalEvent = { kind: "door", startSec: 1, endSec: 2, amplitudeK: -2, rampSec: 0.2, racks: [1] };
    running = await runThermalSimulation({
      ...settings(),
      ...{ racks: 2, events: false, scripted: [door], durationSec: 3, reportFile },
    });
    await running.ended;
    assert.equal(statSync(reportFile).mode & 0o777, 0o600);
    const entries = readFileSync(reportFile, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      entries.map(({ type, state }) => (state ? `${type} ${state}` : type)),
      ["run", "event on", "truth", "event off", "truth", "truth"],
    );
    assert.deepEqual([entries[0].seed, entries[0].rateHz, entries[0].devices], [4, 10, ["rack-1", "rack-2"]]);
    assert.deepEqual(entries[1].racks, ["rack-2"]);
    const [rack] = entries[2].racks;
    assert.deepEqual(Object.keys(rack), ["device_id", "utilisation", "powerKw", "inletC"]);
  });

  it("goes on without a report that cannot be written, and says so", async () => {
    const lines: string[] = [];
    running = await runThermalSimulation({
      ...settings(),
      ...{ racks: 1, durationSec: 1, reportFile: join(folder, "missing", "truth.jsonl") },
      onLine: (line) => lines.push(line),
    });
    await running.ended;
    assert.equal(lines.length, 1);
    assert.match(lines[0] as string, /cannot be written/);
  });

  it("comes back by itself after the broker was away, and says so", async () => {
    // Not one of those that the system gives to outgoing connections: it must be free again.
    const own = await startEmbeddedBroker({ port: await freePort() });
    const lines: string[] = [];
    let onSent: (sent: number) => void = () => {};
    const simulation = await runThermalSimulation({
      ...settings(),
      ...{ url: own.url, accounts: accountsFromFile(accountsFileIn(own.home)), racks: 2, events: false },
      onLine: (line) => lines.push(line),
      onProgress: ({ sent }) => onSent(sent),
    });
    await own.process.stop();
    const sentWhileAway = await new Promise<number>((resolve) => {
      let before = -1;
      onSent = (sent) => {
        if (sent === before) resolve(sent);
        before = sent;
      };
    });
    const again = await forkBroker({ home: own.home, port: own.port, execArgv: TYPESCRIPT_EXEC_ARGV });
    await new Promise<void>((resolve) => {
      onSent = (sent) => {
        if (sent >= sentWhileAway + 2) resolve();
      };
    });
    await simulation.stop();
    await again.stop();
    await own.stop();
    const of = (text: string) => lines.filter((line) => line.includes(text)).length;
    assert.equal(of("lost the broker"), 3);
    assert.ok(of("is connected again") >= 1);
  });

  it("replays a recording in the order of its file, as the first publisher did", async () => {
    const recording = [
      { timestamp: "2025-07-01T12:00:05Z", temperatureC: 25.02 },
      { timestamp: "2025-07-01T12:00:00Z", temperatureC: 19.04 },
      { timestamp: "2025-07-24T22:05:00Z", temperatureC: 31.6 },
    ];
    const replay = { ...settings(), recording, rateHz: 50 };
    let arriving = receive(3);
    running = await runReplay(replay);
    assert.deepEqual(
      (await arriving).map(({ payload }) => payload),
      recording.map(({ timestamp, temperatureC }) => ({ timestamp, temperature_C: temperatureC })),
    );
    await running.ended;

    gateway.removeAllListeners("message");
    arriving = receive(3);
    running = await runReplay({ ...replay, now: true });
    for (const { payload } of await arriving) {
      assert.ok(Math.abs(Date.parse(String(payload.timestamp)) - Date.now()) < 60_000);
    }
    await running.ended;
  });

  it("names the broker, and no password, when it cannot connect", async () => {
    const port = await freePort();
    const url = `mqtt://somebody:hunter2@127.0.0.1:${port}`;
    await assert.rejects(runThermalSimulation({ ...settings(), url }), (error: Error) => {
      assert.match(error.message, new RegExp(`cannot connect to the broker at mqtt://127.0.0.1:${port}: .*REFUSED`));
      assert.ok(!error.message.includes("\n") && !error.message.includes("hunter2"));
      return true;
    });
    const wrong = sharedAccount({ username: "rack-1", password: "wrong" });
    await assert.rejects(runThermalSimulation({ ...settings(), racks: 1, accounts: wrong }), /cannot connect/);
  });
});

describe("CommandReceiver", () => {
  it("counts replayed, foreign and malformed commands, and never throws", () => {
    const key = randomBytes(32);
    const receiver = new CommandReceiver([key]);
    const seal = (payload: string, by = key, now = Date.now()) =>
      Buffer.from(fernet.create([by]).seal(Buffer.from(payload), { now }) as string);
    const good = seal('{"supply_temperature_C": 20.5}');
    receiver.take(good);
    assert.deepEqual([receiver.supplyC, receiver.accepted, receiver.refused], [20.5, 1, 0]);
    const bad = [
      good,
      seal('{"supply_temperature_C": 17}', randomBytes(32)),
      seal('{"supply_temperature_C": 17}', key, Date.now() - 3_600_000),
      seal('{"supply_temperature_C": 1e400}'),
      seal('{"supply_temperature_C": null}'),
      seal('{"__proto__": {"supply_temperature_C": 17}}'),
      seal("[17]"),
      Buffer.alloc(0),
      randomBytes(200),
    ];
    for (const message of bad) receiver.take(message);
    assert.deepEqual([receiver.supplyC, receiver.accepted, receiver.refused], [20.5, 1, bad.length]);
  });
});

describe("accountsFromFile", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-accounts-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(document: unknown, mode = 0o600): string {
    const path = join(folder, "accounts.json");
    writeFileSync(path, typeof document === "string" ? document : JSON.stringify(document), { mode });
    return path;
  }

  it("reads the broker's file", () => {
    const accounts = { "rack-1": { username: "rack-1", password: "one" } };
    assert.equal(accountsFromFile(write({ version: 1, accounts }))("rack-1")?.password, "one");
  });

  it("says what is missing and shows no content", () => {
    const path = write({ version: 1, accounts: { "rack-1": { username: "rack-1", password: "secret" } } });
    assert.throws(() => accountsFromFile(path)("rack-2"), /has no account "rack-2"/);
    assert.throws(
      () => accountsFromFile(write("{secret")),
      (error: Error) => !error.message.includes("secret"),
    );
    const bare = { version: 1, accounts: { "rack-1": { username: "rack-1" } } };
    assert.throws(() => accountsFromFile(write(bare)), /an account that is not valid/);
    assert.throws(() => accountsFromFile(write([])), /not an accounts file/);
    rmSync(path);
    assert.throws(() => accountsFromFile(write({}, 0o644)), /chmod 600/);
  });
});
