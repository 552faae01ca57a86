// The broker as a process: start, failure, reload, end, and that it says nothing secret.
import assert from "node:assert/strict";
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { connectAsync } from "mqtt";
import { accountsFileIn, provision, provisionAccounts, usersFileIn } from "../../../lib/broker/accounts.js";
import { forkBroker } from "../../../lib/broker/fork.js";
import { generatePassword } from "../../../lib/broker/password.js";
import { addUser } from "../../../lib/broker/users-file.js";
import { writeFileAtomic } from "../../../lib/common/files.js";
import { type EmbeddedTestBroker, startEmbeddedBroker, TYPESCRIPT_EXEC_ARGV } from "../../support/brokers.js";
import { freePort } from "../../support/free-port.js";
import { openSocket } from "../../support/mqtt-sockets.js";

const entry = join(__dirname, "..", "..", "..", "lib", "broker", "process.ts");

describe("Broker process", () => {
  let home: string;
  let broker: EmbeddedTestBroker | undefined;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-process-"));
  });
  afterEach(async () => {
    await broker?.stop();
    broker = undefined;
    rmSync(home, { recursive: true, force: true });
  });

  it("says in one line why it cannot start", async () => {
    broker = await startEmbeddedBroker();
    const options = { home: broker.home, execArgv: TYPESCRIPT_EXEC_ARGV };
    await assert.rejects(forkBroker({ ...options, port: broker.port }), {
      message: `MQTT port ${broker.port} on 127.0.0.1 is taken; stop the other broker or set REDOUBT_MQTT_PORT`,
    });
    await broker.stop();
    await assert.rejects(forkBroker({ ...options, home, port: 0 }), /^Error: .*users\.json/);
  });

  it("ends when its parent dies without a word", async () => {
    provisionAccounts(home);
    const port = await freePort();
    // A parent that forks the broker, passes on its messages, and is then killed.
    const script = `
      const { fork } = require("node:child_process");
      const child = fork(${JSON.stringify(entry)}, ["--home", ${JSON.stringify(home)}, "--port", "${port}"], {
        execArgv: ${JSON.stringify(TYPESCRIPT_EXEC_ARGV)}, stdio: ["ignore", 1, 2, "ipc"] });
      child.on("message", (message) => process.send(message));`;
    const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    const [message] = await once(parent, "message");
    assert.deepEqual(message, { type: "ready", port });
    const output = parent.stdout as Readable;
    // The broker holds the write end of this pipe: it closes when parent and broker both are gone.
    const gone = once(output, "close");
    output.resume();
    parent.kill("SIGKILL");
    await gone;
    await assert.rejects(openSocket(port), /ECONNREFUSED/);
  });

  it("takes over added users and closes the connections of changed ones", async () => {
    broker = await startEmbeddedBroker();
    const plant = await connectAsync(broker.url, { ...broker.accounts.plant, reconnectPeriod: 0 });
    const hvac = await connectAsync(broker.url, { ...broker.accounts.hvac, reconnectPeriod: 0 });
    const closed = new Promise<void>((resolve) => plant.once("close", () => resolve()));
    // In this order: the broker may read the file between the two, and then closes a connection by the second alone.
    const added = provision(broker.home, "esp32-1", "sensor");
    addUser(usersFileIn(broker.home), "plant", generatePassword(), { publish: [], subscribe: [] });
    await closed;
    const sensor = await connectAsync(broker.url, { ...added, reconnectPeriod: 0 });
    await sensor.publishAsync("iot/devices/esp32-1/data", "x", { qos: 1 });
    assert.ok(hvac.connected);
    await assert.rejects(
      connectAsync(broker.url, { ...broker.accounts.plant, reconnectPeriod: 0 }, false),
      /Bad username or password/,
    );
    for (const client of [sensor, hvac, plant]) client.end(true);
  });

  it("never says a password, salt or hash: output, errors and messages to its parent", async () => {
    const provisioned = provisionAccounts(home);
    const said: string[] = [];
    const args = ["--home", home, "--port", "0"];
    const child = fork(entry, args, { execArgv: TYPESCRIPT_EXEC_ARGV, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    child.stdout?.on("data", (chunk: Buffer) => said.push(chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => said.push(chunk.toString()));
    child.on("message", (message) => said.push(JSON.stringify(message)));
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    const secrets: string[] = [];
    const remember = () => {
      const text = readFileSync(accountsFileIn(home), "utf8") + readFileSync(usersFileIn(home), "utf8");
      for (const [, secret] of text.matchAll(/"(?:password|salt|hash)": "([^"]+)"/g)) secrets.push(secret as string);
    };
    remember();
    const url = `mqtt://127.0.0.1:${port}`;
    const login = { username: "gateway", password: secrets[0] as string, reconnectPeriod: 0 };
    await assert.rejects(connectAsync(url, login, false));
    // A users file that became unusable, secrets and all: the broker warns.
    const warned = once(child, "message");
    addUser(usersFileIn(home), "plant", generatePassword(), { publish: [], subscribe: [] });
    remember();
    // At once: the broker would warn of half a file, too.
    writeFileAtomic(usersFileIn(home), readFileSync(usersFileIn(home), "utf8").replaceAll('"publish"', '"pub"'));
    const [warning] = (await warned) as [{ type: string }];
    assert.equal(warning.type, "warning");
    const gateway = await connectAsync(url, { ...provisioned.gateway, reconnectPeriod: 0 });
    gateway.end(true);
    child.kill("SIGTERM");
    await once(child, "close");
    assert.ok(secrets.length > 40);
    const everything = said.join("\n");
    for (const secret of secrets) assert.ok(!everything.includes(secret));
    assert.deepEqual(said.length, 2, everything);
  });
});
