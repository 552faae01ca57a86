import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { IntakeJournal } from "../../lib/spool/intake-journal.js";
import { MqttIntake } from "../../lib/spool/mqtt-intake.js";
import { persistentMosquitto } from "./mosquitto-restarts.js";

/**
 * Stops and starts Mosquitto while a sensor sends with QoS 1 through it to an intake.
 *
 * @throws {AssertionError} where a message that the broker acknowledged to the sensor did not arrive in the journal.
 */
export async function brokerRestarts(
  folder: string,
  restarts: number,
  perLife: number,
  onProgress: (done: number) => void = () => {},
): Promise<{ sent: number; received: number }> {
  mkdirSync(folder, { recursive: true });
  const broker = await persistentMosquitto(folder);
  await broker.start();
  const journal = await IntakeJournal.open({ folder: join(folder, "journal") });
  const received: string[] = [];
  let isSubscribed = () => {};
  const subscribed = new Promise<void>((resolve) => {
    isSubscribed = resolve;
  });
  const intake = new MqttIntake({
    url: new URL(broker.url),
    clientId: "gateway",
    topics: ["iot/+/data"],
    journal,
    reconnectMs: 50,
    onRecord: ({ n, bytes }) => {
      received.push(bytes.toString());
      journal.finished(n);
      if (bytes.toString() === "probe") isSubscribed();
    },
    onOversize: () => {},
    onChange: () => {},
  });
  const sensor = await connectAsync(broker.url, { clientId: "sensor", clean: false, reconnectPeriod: 50 });
  sensor.on("error", () => {});
  const probing = setInterval(() => sensor.publish("iot/a/data", "probe", { qos: 1 }), 50);
  await subscribed;
  clearInterval(probing);
  const acknowledged: string[] = [];
  let next = 0;
  const send = async () => {
    const text = String(next++);
    await sensor.publishAsync("iot/a/data", text, { qos: 1 });
    acknowledged.push(text);
  };
  for (let life = 0; life <= restarts; life++) {
    const sending = Array.from({ length: perLife }, send);
    if (life < restarts) {
      // In the middle of them.
      await Promise.race(sending.slice(perLife / 2));
      await broker.stop();
      await broker.start();
      onProgress(life + 1);
    }
    await Promise.all(sending);
  }
  const missing = () => {
    const known = new Set(received);
    return acknowledged.filter((text) => !known.has(text));
  };
  for (let i = 0; i < 2400 && missing().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 25));
  await sensor.endAsync(true);
  await intake.close();
  await journal.close();
  await broker.stop();
  assert.deepEqual(missing(), [], "messages that the broker took over and the journal never got");
  return { sent: acknowledged.length, received: received.filter((text) => text !== "probe").length };
}
