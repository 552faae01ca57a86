// The sensor, and what of it arrives at a reader on the gateway.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { MQTT_LOGIN, MQTT_PORT, spawnScript } from "./gateway-services.js";
import { addressOf, GATEWAY } from "./hosts.js";
import type { LabNetwork } from "./namespaces.js";

export interface SensorFigures {
  sent: number;
  acknowledged: number;
  /** Numbers of readings that were sent and did not arrive. */
  missing: number[];
}

const URL = `mqtt://${addressOf("gateway")}:${MQTT_PORT}`;
const LAST_READINGS_MS = 30_000;

/** Starts the sensor. @returns when it is connected and publishes. */
export async function startSensor(network: LabNetwork, messagesPerSec: number): Promise<ChildProcess> {
  const args = [URL, MQTT_LOGIN.username, MQTT_LOGIN.password, String(messagesPerSec)];
  const sensor = spawnScript(network, "sensor", "sensor", args);
  await once(sensor.stdout!, "data");
  return sensor;
}

export class SensorRecord {
  readonly #sensor: ChildProcess;
  readonly #received: Set<number>;

  private constructor(sensor: ChildProcess, received: Set<number>) {
    this.#sensor = sensor;
    this.#received = received;
  }

  static async start(network: LabNetwork, messagesPerSec: number): Promise<SensorRecord> {
    const login = ["-u", MQTT_LOGIN.username, "-P", MQTT_LOGIN.password];
    const args = ["-h", "127.0.0.1", ...login, "-i", "record", "-c", "-q", "1", "-t", "sensor/reading"];
    // Ends once it has subscribed; the broker keeps the session for the reader that follows.
    network.run(GATEWAY, "mosquitto_sub", [...args, "-E"]);
    const reader = network.spawn(GATEWAY, "mosquitto_sub", args, { stdio: ["ignore", "pipe", "inherit"] });
    const received = new Set<number>();
    createInterface({ input: reader.stdout! }).on("line", (line) => {
      received.add((JSON.parse(line) as { number: number }).number);
    });
    return new SensorRecord(await startSensor(network, messagesPerSec), received);
  }

  /** Ends the sensor, lets the last readings arrive and counts. */
  async stop(): Promise<SensorFigures> {
    const line = once(createInterface({ input: this.#sensor.stdout! }), "line");
    this.#sensor.kill("SIGTERM");
    const { sent, acknowledged } = JSON.parse((await line)[0]) as { sent: number; acknowledged: number };
    const numbers = Array.from({ length: sent }, (_, index) => index + 1);
    const missing = () => numbers.filter((number) => !this.#received.has(number));
    for (
      const deadline = performance.now() + LAST_READINGS_MS;
      performance.now() < deadline && missing().length > 0;
    ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { sent, acknowledged, missing: missing() };
  }
}
