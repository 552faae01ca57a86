import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecurityVerdict } from "../../lib/common/security.js";
import { decodeMonitorState, type MonitorState } from "../../lib/monitor/monitor-state.js";
import { requireOnMachine } from "../setup.js";
import { findMosquitto, startMosquitto, type TestBroker } from "../support/brokers.js";
import { BootedNodeRed } from "../support/node-red.js";
import { flowForBroker } from "../support/thermal-flow.js";

const PYTHON = "/usr/bin/python3";
const LOGIN = { username: "everybody", password: "may do everything" };
const STATS = "rdbt-sec-stats";

function hasPaho(): boolean {
  return existsSync(PYTHON) && spawnSync(PYTHON, ["-c", "import paho.mqtt.client"]).status === 0;
}

/** What the earlier system's devices send: name, topic, temperature, humidity, reported rate. */
const READINGS = [
  ["sensor_temp_01", "iot/factory/line1/sensor01/temp", 27.5, 44, 5],
  ["gateway_main", "iot/office/room1/temp", 24, 50, 3],
  ["mqtt_explorer", "iot/factory/line1/sensor01/temp", 110.2, 10, 180],
];

describe("the programs of an earlier system, unchanged, on a broker that Redoubt shares with them", function () {
  this.timeout(240_000);
  let broker: TestBroker | undefined;
  let nodeRed: BootedNodeRed | undefined;
  const home = mkdtempSync(join(tmpdir(), "redoubt-earlier-"));

  after(async () => {
    await nodeRed?.stop();
    await broker?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it("have their messages judged, and their monitor's alerts counted beside", async function () {
    requireOnMachine(this, hasPaho(), "python3-paho-mqtt (apt-get install)");
    requireOnMachine(this, findMosquitto() !== undefined, "Mosquitto (apt-get install mosquitto)");
    broker = await startMosquitto({ login: LOGIN });
    const accounts = { monitor: LOGIN };
    const properties = {
      "redoubt-verify": { unlisted: "accept" },
      "redoubt-security-verdict": { unproved: "any" },
    };
    nodeRed = await BootedNodeRed.boot({
      ...flowForBroker("security-monitor.json", { port: broker.port, accounts }, { properties }),
      home,
    });
    await nodeRed.untilLogged(/Connected to broker/);
    const run = spawnSync(PYTHON, [join(__dirname, "python", "earlier_fleet.py"), JSON.stringify(READINGS)], {
      env: {
        ...process.env,
        MQTT_PORT: String(broker.port),
        MQTT_USER: LOGIN.username,
        MQTT_PASSWORD: LOGIN.password,
      },
      encoding: "utf8",
    });
    assert.equal(run.status, 0, run.stderr);
    const monitored = () =>
      decodeMonitorState(readFileSync(join(home, "state", `security-stats-${STATS}.json`), "utf8"));
    const totalOf = (state: MonitorState) => state.normal + state.byType.reduce((sum, { count }) => sum + count, 0);
    // Saved some seconds after a message was counted.
    for (let total = 0; total < 2 * READINGS.length; await new Promise((resolve) => setTimeout(resolve, 100))) {
      try {
        total = totalOf(monitored());
      } catch {
        // There is none yet.
      }
    }
    await nodeRed.stop();
    nodeRed = undefined;

    const lines = readFileSync(join(home, "audit", "security.jsonl"), "utf8")
      .trim()
      .split("\n");
    const verdicts = lines.map((line) => JSON.parse(line) as SecurityVerdict);
    assert.deepEqual(
      verdicts.map(({ source, authenticated, rejection }) => [source, authenticated, rejection]),
      READINGS.map(([source]) => [source, false, undefined]),
    );
    const [honest, , attacker] = verdicts;
    assert.deepEqual([honest?.temperature, honest?.humidity, honest?.reportedRate], [27.5, 44, 5]);
    assert.deepEqual([attacker?.attackType, attacker?.rate, attacker?.reportedRate], ["high-temperature", 1, 180]);

    const state = monitored();
    assert.equal(
      totalOf(state),
      2 * READINGS.length,
      "each message once by itself and once as the other monitor's alert",
    );
    assert.equal(state.byType.find(({ type }) => type === "flood")?.count, 1, "the rate that the attacker reported");
    assert.ok(state.devices.every(({ authenticated }) => !authenticated));
  });
});
