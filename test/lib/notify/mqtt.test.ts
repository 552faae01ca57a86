import assert from "node:assert/strict";
import { connectAsync } from "mqtt";
import { forkBroker } from "../../../lib/broker/fork.js";
import type { DeliveryFailure } from "../../../lib/notify/channel.js";
import { openChannel } from "../../../lib/notify/open-channel.js";
import { readChannelSettings } from "../../../lib/notify/read-channel.js";
import { requireOnMachine } from "../../setup.js";
import {
  findMosquitto,
  startEmbeddedBroker,
  startMosquitto,
  type TestBroker,
  TYPESCRIPT_EXEC_ARGV,
} from "../../support/brokers.js";
import { freePort } from "../../support/free-port.js";
import { alertOf, HOSTILE_NAME } from "./support.js";

const LOGIN = { user: "site user", password: "p@ss:w/rd é" };

function open(url: string, { user, password }: { user: string; password: string }, mqttVersion = "4", mqttTopic = "") {
  const raw = { channel: "mqtt", mqttTopic, mqttVersion };
  return openChannel(readChannelSettings(raw, { url, user, password }, "1.0"));
}

const signal = () => AbortSignal.timeout(20_000);

describe("MQTT", () => {
  let broker: TestBroker | undefined;

  afterEach(async () => {
    await broker?.stop();
    broker = undefined;
  });

  async function failureOf(channel: ReturnType<typeof open>): Promise<DeliveryFailure> {
    try {
      await channel.send(alertOf(), signal());
    } catch (error) {
      assert.equal((error as Error).name, "DeliveryFailure");
      assert.ok(!(error as Error).message.includes(LOGIN.password), "no error tells a password");
      return error as DeliveryFailure;
    } finally {
      await channel.close();
    }
    throw new Error("it was delivered");
  }

  for (const version of ["4", "5"]) {
    it(`publishes to Mosquitto with QoS 1, version ${version}`, async function () {
      requireOnMachine(this, findMosquitto() !== undefined, "Mosquitto (apt-get install mosquitto)");
      broker = await startMosquitto({ login: { username: LOGIN.user, password: LOGIN.password } });
      const subscriber = await connectAsync(broker.url, { username: LOGIN.user, password: LOGIN.password });
      try {
        await subscriber.subscribeAsync("redoubt/notify", { qos: 1 });
        const received: { qos: number; alert: unknown }[] = [];
        subscriber.on("message", (_topic, payload, { qos }) => {
          received.push({ qos, alert: JSON.parse(payload.toString()) });
        });
        const channel = open(broker.url, LOGIN, version);
        const alerts = Array.from({ length: 15 }, () => alertOf({ source: HOSTILE_NAME }));
        for (const alert of alerts) await channel.send(alert, signal());
        await channel.close();
        while (received.length < alerts.length) await new Promise((resolve) => subscriber.once("message", resolve));
        assert.deepEqual(
          received,
          alerts.map((alert) => ({ qos: 1, alert: { ...alert, at: new Date(alert.at).toISOString() } })),
        );
      } finally {
        await subscriber.endAsync();
      }
    });
  }

  it("says when Mosquitto refuses the login, and with version 5 when it refuses the topic", async function () {
    requireOnMachine(this, findMosquitto() !== undefined, "Mosquitto (apt-get install mosquitto)");
    broker = await startMosquitto();
    const { host } = new URL(broker.url);
    const wrong = await failureOf(open(broker.url, { user: "nobody", password: LOGIN.password }));
    assert.deepEqual([wrong.message, wrong.permanent], [`${host} refuses the login`, false]);
    const { username, password } = broker.accounts.publisher ?? { username: "", password: "" };
    const denied = await failureOf(open(broker.url, { user: username, password }, "5", "not/for/me"));
    assert.equal(denied.message, `${host} does not let this account publish there`);
  });

  it("fails while the broker is away, and connects again once it is back", async () => {
    // Not one of those that the system gives to outgoing connections: it must be free again.
    const embedded = await startEmbeddedBroker({ port: await freePort() });
    broker = embedded;
    const { home, port, accounts } = embedded;
    const { username, password } = accounts.publisher as { username: string; password: string };
    const channel = open(embedded.url, { user: username, password }, "4", "dc/temperature/raw_encrypted");
    await channel.send(alertOf(), signal());
    await embedded.process.stop();
    await assert.rejects(channel.send(alertOf(), signal()), { name: "DeliveryFailure" });
    const back = await forkBroker({ home, port, execArgv: TYPESCRIPT_EXEC_ARGV });
    try {
      await channel.send(alertOf(), signal());
    } finally {
      await channel.close();
      await back.stop();
    }
  });

  it("fails where the embedded broker closes the connection for a forbidden topic", async () => {
    broker = await startEmbeddedBroker();
    const { username, password } = broker.accounts.publisher ?? { username: "", password: "" };
    const denied = await failureOf(open(broker.url, { user: username, password }, "4", "not/for/me"));
    assert.match(denied.message, /closed the connection/);
  });

  it("fails where nobody listens", async () => {
    const port = await freePort();
    const refused = await failureOf(open(`mqtt://127.0.0.1:${port}`, LOGIN));
    assert.equal(refused.message, `cannot deliver to 127.0.0.1:${port}: ECONNREFUSED`);
  });
});
