import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Node, NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import type { SecurityVerdict } from "../../lib/common/security.js";
import { parseSeedAlert } from "../../lib/verdict/seed-alert.js";
import verdictNode from "../../nodes/security-verdict/security-verdict.js";
import { received, sends, trafficOf } from "../lib/verdict/evidence.js";

helper.init(require.resolve("node-red"));

interface VerdictMessage extends NodeMessage {
  payload: string;
  verdict: SecurityVerdict;
  rejected?: { code: string; reason: string };
}

function flow(config: Record<string, unknown> = {}) {
  return [
    { id: "verdict", type: "redoubt-security-verdict", wires: [["every"], ["rejected"], ["publish"]], ...config },
    { id: "every", type: "helper" },
    { id: "rejected", type: "helper" },
    { id: "publish", type: "helper" },
  ];
}

const immediate = () => new Promise((resolve) => setImmediate(resolve));

/** Loads the node and returns what each output got so far. */
async function load(config: Record<string, unknown> = {}) {
  await helper.load(verdictNode, flow(config));
  const got = { every: [] as VerdictMessage[], rejected: [] as VerdictMessage[], publish: [] as VerdictMessage[] };
  for (const [id, list] of Object.entries(got)) {
    helper.getNode(id).on("input", (message) => list.push(message as VerdictMessage));
  }
  const node = helper.getNode("verdict") as Node;
  const send = async (message: object) => {
    const answers = () => got.every.length + got.rejected.length;
    const before = answers();
    node.receive(message as NodeMessage);
    while (answers() === before) await immediate();
    // The third output's message is delivered right behind the first one's.
    await immediate();
  };
  return { ...got, send };
}

const hot = () => ({ received, traffic: sends(97.2, 51), payload: { temperature: 97.2 }, topic: received.topic });
const ordinary = () => ({ received, traffic: trafficOf(), payload: { temperature: 24.5 }, topic: received.topic });

describe("security-verdict node", () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(() => helper.unload());

  it("sends every verdict with the alert's text, and a small message to publish", async () => {
    const { every, rejected, publish, send } = await load();
    await send(ordinary());
    await send(hot());
    assert.deepEqual(
      every.map(({ verdict }) => verdict.attackType),
      [undefined, "high-temperature"],
    );
    const [, alert] = every as [VerdictMessage, VerdictMessage];
    assert.equal(alert.topic, "security/alert");
    assert.equal(parseSeedAlert(alert.payload).temp, 97.2);
    assert.equal(rejected.length, 0);
    assert.equal(publish.length, 2, "each message, as the seed does");
    assert.deepEqual(Object.keys(publish[1] as object).sort(), ["_msgid", "payload", "topic", "verdict"]);
    assert.equal(publish[1]?.payload, alert.payload);
    assert.deepEqual(publish[1]?.verdict, alert.verdict);
    const [first, second] = every.map(({ verdict }) => Number.parseInt(verdict.id, 16)) as [number, number];
    assert.equal(second, first + 1);
  });

  it("publishes anomalies only, and exactly the seed's bytes, where that is set", async () => {
    const { every, publish, send } = await load({ publish: "anomalies", appended: false });
    await send(ordinary());
    await send(hot());
    assert.equal(every.length, 2);
    assert.deepEqual(
      publish.map(({ payload }) => payload),
      [
        '{"time": 1770316442, "client": "hall-3", "topic": "iot/devices/hall-3/data", "temp": 97.2, "humidity": 51.0, "rate": 1, "status": "anomaly"}',
      ],
    );
  });

  it("names itself the same after a restart, and other nodes otherwise", async () => {
    const nameOf = async (id: string) => {
      const [node, ...rest] = flow();
      await helper.load(verdictNode, [{ ...node, id }, ...rest]);
      const alert = new Promise<VerdictMessage>((resolve) =>
        helper.getNode("every").once("input", (message) => resolve(message as VerdictMessage)),
      );
      helper.getNode(id).receive(hot() as NodeMessage);
      const { monitor } = parseSeedAlert((await alert).payload);
      await helper.unload();
      return monitor;
    };
    const first = await nameOf("gateway-1");
    assert.match(first as string, /^[0-9a-f]{12}$/);
    assert.equal(await nameOf("gateway-1"), first);
    assert.notEqual(await nameOf("gateway-2"), first);
  });

  it("judges refused messages, with what refused them still on the message", async () => {
    const { every, send } = await load();
    await send({ received, payload: Buffer.from("x"), rejected: { code: "AUTH", reason: "no key fits" } });
    assert.equal(every[0]?.verdict.attackType, "spoofed-id");
    assert.equal(every[0]?.rejected?.code, "AUTH");
  });

  it("lets a sender not decide how its alert is published", async () => {
    const { every, publish, send } = await load();
    const mqtt = { retain: true, qos: 2, responseTopic: "iot/x", userProperties: { a: "b" }, messageExpiryInterval: 1 };
    await send({ ...hot(), ...mqtt });
    for (const message of [every[0], publish[0]]) {
      for (const property of Object.keys(mqtt)) assert.ok(!(property in (message as object)), property);
    }
  });

  it("uses its settings", async () => {
    const { every, send } = await load({ maxTemperature: "20", unproved: "none" });
    await send(ordinary());
    assert.equal(every[0]?.verdict.attackType, "high-temperature");
    await send({ received, traffic: trafficOf({ authenticated: false }) });
    assert.equal(every[1]?.verdict.attackType, "unknown-device");
  });

  it("rejects a message that no verify node has seen, and says so", async () => {
    const { every, rejected, send } = await load();
    await send({ payload: { temperature: 97 } });
    assert.equal(every.length, 0);
    assert.equal(rejected[0]?.rejected?.code, "SCHEMA");
    assert.match(rejected[0]?.rejected?.reason as string, /verify/);
  });

  it("runs with no settings it cannot use", async () => {
    for (const config of [{ maxTemperature: "hot" }, { minHumidity: 101 }, { floodRate: 0 }, { unproved: "some" }]) {
      await helper.load(verdictNode, flow(config));
      assert.equal(helper.log().args.filter(([entry]) => entry.level === 20).length, 1);
      await helper.unload();
    }
  });

  it("has an example that works", async () => {
    const path = join(__dirname, "../../examples/security-verdict/four-messages.json");
    const example = JSON.parse(readFileSync(path, "utf8")) as { type: string; name?: string; props?: Property[] }[];
    const {
      z: _z,
      x: _x,
      y: _y,
      ...node
    } = example.find(({ type }) => type.startsWith("redoubt-")) as Record<string, unknown>;
    const { every, publish, send } = await load({
      ...node,
      id: "verdict",
      wires: [["every"], ["rejected"], ["publish"]],
    });
    for (const { type, props } of example) {
      if (type !== "inject") continue;
      const set = (props ?? []).flatMap(({ p, v }) => (v === undefined ? [] : [[p, JSON.parse(v)]]));
      await send({ payload: {}, ...Object.fromEntries(set) });
    }
    assert.deepEqual(
      every.map(({ verdict }) => verdict.attackType),
      [undefined, "high-temperature", "flood", "replay"],
    );
    assert.equal(publish.length, 3);
  });
});

interface Property {
  p: string;
  v?: string;
}
