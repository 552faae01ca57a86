import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { requireOnMachine } from "../setup.js";
import { findMosquitto, startMosquitto, type TestBroker } from "../support/brokers.js";
import { BootedNodeRed } from "../support/node-red.js";
import { flowForBroker } from "../support/thermal-flow.js";

const PYTHON = "/usr/bin/python3";
const WANTED = 3;

function hasPythonPackages(): boolean {
  return existsSync(PYTHON) && spawnSync(PYTHON, ["-c", "import cryptography, paho.mqtt.client"]).status === 0;
}

interface MaskedReading {
  timestamp: string;
  temperature: number;
  fields: string[];
}

describe("a Python publisher and subscriber of the earlier system", function () {
  this.timeout(240_000);
  let broker: TestBroker | undefined;
  let nodeRed: BootedNodeRed | undefined;
  const children: ChildProcess[] = [];
  const home = mkdtempSync(join(tmpdir(), "redoubt-python-"));

  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await nodeRed?.stop();
    await broker?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  function python(script: string, account: string, key: string, args: string[]): ChildProcess {
    const login = (broker as TestBroker).accounts[account];
    const child = spawn(PYTHON, [join(__dirname, "python", script), ...args], {
      env: {
        ...process.env,
        MQTT_PORT: String((broker as TestBroker).port),
        MQTT_USER: login?.username,
        MQTT_PASSWORD: login?.password,
        FERNET_KEY_FILE: join(home, "keys", key),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return child;
  }

  it("speak to the running flow: raw Fernet in, masked Fernet out", async function () {
    requireOnMachine(this, hasPythonPackages(), "python3-cryptography and python3-paho-mqtt (apt-get install both)");
    requireOnMachine(this, findMosquitto() !== undefined, "Mosquitto (apt-get install mosquitto)");
    broker = await startMosquitto();
    const prepared = flowForBroker("thermal-single-sensor.json", broker, {
      properties: { "redoubt-mask": { interval: 2 } },
    });
    nodeRed = await BootedNodeRed.boot({ ...prepared, home });
    await nodeRed.untilLogged(/Connected to broker/);

    const subscriber = python("subscriber.py", "subscriber", "masked.key", [String(WANTED)]);
    const readings: MaskedReading[] = [];
    const lines = createInterface({ input: subscriber.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      const value = JSON.parse(line) as MaskedReading & { connected?: number };
      if (value.connected === undefined) readings.push(value);
    });
    const ended = new Promise((resolve) => subscriber.once("close", resolve));
    // More than are needed: it is ended when the subscriber has what it wants.
    python("publisher.py", "publisher", "raw.key", ["600", "0.2"]);
    assert.equal(await ended, 0);

    assert.equal(readings.length, WANTED);
    for (const reading of readings) {
      assert.deepEqual(reading.fields, ["temperature", "timestamp"], "no anomaly flag, no device, nothing else");
      assert.ok(Number.isFinite(reading.temperature));
      assert.ok(Math.abs(Date.parse(reading.timestamp) - Date.now()) < 60_000);
    }
  });

  it("cannot open a raw message with the masked key", async function () {
    requireOnMachine(this, nodeRed !== undefined, "the test before this one");
    const subscriber = spawnSync(
      PYTHON,
      [
        "-c",
        `
import sys
from cryptography.fernet import Fernet, InvalidToken
raw, masked = (Fernet(open(path, "rb").read()) for path in sys.argv[1:])
token = raw.encrypt(b"{}")
try:
    masked.decrypt(token)
    print("opened")
except InvalidToken:
    print("refused")
`,
        join(home, "keys", "raw.key"),
        join(home, "keys", "masked.key"),
      ],
      { encoding: "utf8" },
    );
    assert.equal(subscriber.stdout.trim(), "refused");
  });
});
