// The same accounts and rights on the embedded broker and on a real Mosquitto, asked with real clients.
import assert from "node:assert/strict";
import { connectAsync, type MqttClient } from "mqtt";
import { THERMAL_ACCOUNTS } from "../../../lib/broker/accounts.js";
import { covers } from "../../../lib/broker/topic.js";
import { requireOnMachine } from "../../setup.js";
import { findMosquitto, startEmbeddedBroker, startMosquitto, type TestBroker } from "../../support/brokers.js";

const TOPICS = [
  "dc/temperature/raw_encrypted",
  "dc/temperature/masked_encrypted",
  "dc/temperature/alarms_encrypted",
  "dc/temperature/privacy",
  "dc/hvac/command_encrypted",
  "dc/temperature/other",
];
const NAMES = Object.keys(THERMAL_ACCOUNTS);
/** One of the eight racks stands for all of them. */
const ASKED = NAMES.filter((name) => !/^rack-[2-8]$/.test(name));

function mayPublish(name: string, topic: string): boolean {
  return THERMAL_ACCOUNTS[name]?.publish.some((rule) => covers(rule, topic)) ?? false;
}

function maySubscribe(name: string, topic: string): boolean {
  return THERMAL_ACCOUNTS[name]?.subscribe.some((rule) => covers(rule, topic)) ?? false;
}

function client(broker: TestBroker, name: string, options: object = {}): Promise<MqttClient> {
  const login = { ...broker.accounts[name], reconnectPeriod: 0, ...options };
  return connectAsync(broker.url, login, false);
}

/** Publishes as a client of its own; resolves when the broker acknowledged or closed the connection. */
async function attempt(broker: TestBroker, name: string, topic: string, payload: string): Promise<string> {
  const publisher = await client(broker, name);
  const outcome = await new Promise<string>((resolve) => {
    publisher.once("close", () => resolve("closed"));
    publisher.publish(topic, payload, { qos: 1 }, (error) => resolve(error ? "closed" : "acknowledged"));
  });
  publisher.end(true);
  return outcome;
}

/** What a client received, with waiting for a given message. */
class Inbox {
  readonly received = new Set<string>();
  private readonly waiting = new Map<string, () => void>();

  constructor(readonly client: MqttClient) {
    client.on("message", (topic, payload) => {
      const line = `${topic} ${payload}`;
      this.received.add(line);
      this.waiting.get(line)?.();
    });
  }

  async until(topic: string, payload: string): Promise<void> {
    const line = `${topic} ${payload}`;
    if (!this.received.has(line)) await new Promise<void>((resolve) => this.waiting.set(line, resolve));
  }
}

const systems: [string, () => Promise<TestBroker>][] = [
  ["embedded broker", startEmbeddedBroker],
  ["Mosquitto", startMosquitto],
];

for (const [system, start] of systems) {
  describe(`Accounts and rights: ${system}`, () => {
    let broker: TestBroker;
    const open: MqttClient[] = [];

    async function inbox(name: string, filters: string[]): Promise<Inbox> {
      const subscriber = await client(broker, name);
      open.push(subscriber);
      const box = new Inbox(subscriber);
      for (const filter of filters) await subscriber.subscribeAsync(filter, { qos: 1 }).catch(() => {});
      return box;
    }

    before(async function () {
      if (start === startMosquitto) {
        requireOnMachine(this, findMosquitto() !== undefined, "mosquitto (apt-get install mosquitto)");
      }
      broker = await start();
    });
    afterEach(() => {
      for (const one of open.splice(0)) one.end(true);
    });
    after(() => broker?.stop());

    it("admits every account with its password and nobody else", async () => {
      for (const name of NAMES) (await client(broker, name)).end(true);
      const strangers = [
        { username: "gateway", password: broker.accounts.hvac?.password },
        { username: "gateway", password: "" },
        { username: "gateway" },
        { username: "nobody", password: broker.accounts.hvac?.password },
        {},
      ];
      for (const login of strangers) {
        const options = { ...login, reconnectPeriod: 0 } as { username: string; reconnectPeriod: number };
        await assert.rejects(connectAsync(broker.url, options, false), JSON.stringify(Object.keys(login)));
      }
    });

    it("delivers a message exactly where publisher and subscriber both have the right", async () => {
      const boxes = new Map<string, Inbox>();
      for (const name of ASKED) boxes.set(name, await inbox(name, ["#", "dc/#", "dc/+/+", ...TOPICS]));
      for (const name of ASKED) for (const topic of TOPICS) await attempt(broker, name, topic, `from ${name}`);
      // Messages keep their order, so once the last one arrived all others did that ever will.
      for (const topic of TOPICS) {
        const publisher = NAMES.find((name) => mayPublish(name, topic));
        if (publisher) await attempt(broker, publisher, topic, "end");
        const readers = publisher ? ASKED.filter((name) => maySubscribe(name, topic)) : [];
        for (const name of readers) await boxes.get(name)?.until(topic, "end");
      }
      for (const [name, box] of boxes) {
        const expected = TOPICS.filter((topic) => maySubscribe(name, topic)).flatMap((topic) => {
          const senders = ASKED.filter((sender) => mayPublish(sender, topic)).map(
            (sender) => `${topic} from ${sender}`,
          );
          return [...senders, `${topic} end`];
        });
        assert.deepEqual([...box.received].sort(), expected.sort(), name);
      }
    });

    it("holds wills and retained messages to the publish right", async () => {
      const box = await inbox("gateway", ["dc/temperature/raw_encrypted"]);
      const will = {
        topic: "dc/temperature/raw_encrypted",
        payload: Buffer.from("will"),
        qos: 1 as const,
        retain: false,
      };
      const allowed = await client(broker, "rack-1", { will });
      const forbidden = await client(broker, "plant", { will: { ...will, payload: Buffer.from("stolen") } }).catch(
        () => undefined,
      );
      // Without DISCONNECT: the broker publishes the will.
      forbidden?.stream.destroy();
      allowed.stream.destroy();
      await box.until("dc/temperature/raw_encrypted", "will");
      await attempt(broker, "rack-2", "dc/temperature/raw_encrypted", "end");
      await box.until("dc/temperature/raw_encrypted", "end");
      assert.ok(!box.received.has("dc/temperature/raw_encrypted stolen"));

      const retainer = await client(broker, "subscriber");
      await new Promise<void>((resolve) => {
        retainer.once("close", resolve);
        retainer.publish("dc/temperature/masked_encrypted", "forged", { qos: 1, retain: true }, () => resolve());
      });
      retainer.end(true);
      const gateway = await client(broker, "gateway");
      await gateway.publishAsync("dc/temperature/masked_encrypted", "real", { qos: 1, retain: true });
      gateway.end(true);
      const later = await inbox("hvac", ["dc/temperature/masked_encrypted"]);
      await later.until("dc/temperature/masked_encrypted", "real");
      assert.deepEqual([...later.received], ["dc/temperature/masked_encrypted real"]);
    });
  });
}
