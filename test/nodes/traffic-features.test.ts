import assert from "node:assert/strict";
import type { NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import type { QuantityLimits } from "../../lib/common/quantity-limits.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import trafficFeaturesNode from "../../nodes/traffic-features/traffic-features.js";

helper.init(require.resolve("node-red"));

const received = {
  at: 1_700_000_000_000,
  topic: "iot/devices/dev-1/data",
  size: 210,
  digest: "0123456789abcdef",
  topicDevice: "dev-1",
  claimed: "dev-1",
};
const device = { id: "dev-1", authenticated: true, profile: "aes-gcm-json", receivedAt: received.at };

/** Stands for a device registry that knows one device. */
function registryNode(RED: { nodes: { registerType(type: string, make: unknown): void; createNode: unknown } }): void {
  RED.nodes.registerType("redoubt-device-registry", function (this: Record<string, unknown>, config: unknown) {
    (RED.nodes.createNode as (node: unknown, config: unknown) => void)(this, config);
    const own: QuantityLimits = new Map([["temperature", { low: 0, high: 30 }]]);
    this.limitsOf = (id: string): QuantityLimits => (id === "dev-1" ? own : new Map());
  });
}

describe("traffic-features node", () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(() => helper.unload());

  async function load(settings: Record<string, unknown> = {}): Promise<void> {
    await helper.load(
      [trafficFeaturesNode, registryNode],
      [
        { id: "registry", type: "redoubt-device-registry" },
        { id: "meter", type: "redoubt-traffic-features", ...settings, wires: [["measured"], ["refused"]] },
        { id: "measured", type: "helper" },
        { id: "refused", type: "helper" },
      ],
    );
  }

  function send(message: Record<string, unknown>, output: "measured" | "refused"): Promise<StageMessage> {
    const arrived = new Promise<StageMessage>((resolve) =>
      helper.getNode(output).once("input", (msg) => resolve(msg as StageMessage)),
    );
    helper.getNode("meter").receive({ ...message } as NodeMessage);
    return arrived;
  }

  it("adds what it measured and changes nothing else", async () => {
    await load();
    const message = {
      payload: { temperature: 25, humidity: 50, note: "kept" },
      topic: received.topic,
      received,
      device,
    };
    const { traffic, _msgid, ...rest } = await send(message, "measured");
    assert.deepEqual(rest, message);
    assert.deepEqual([traffic?.source, traffic?.authenticated, traffic?.rate, traffic?.size], ["dev-1", true, 1, 210]);
    assert.deepEqual(traffic?.features, { temperature: 25, humidity: 50, message_rate: 1, payload_size: 210 });
    const next = await send({ ...message, received: { ...received, at: received.at + 500 } }, "measured");
    assert.deepEqual([next.traffic?.rate, next.traffic?.interArrival, next.traffic?.newClient], [2, 0.5, false]);
  });

  it("measures what was refused before apart from the device, and passes its rejection on", async () => {
    await load();
    const rejected = { code: "AUTH", reason: "no key fits" };
    await send({ payload: {}, received, device }, "measured");
    for (let i = 0; i < 30; i++) {
      const { traffic, ...refused } = await send({ payload: Buffer.from("x"), received, rejected }, "refused");
      assert.deepEqual(refused.rejected, rejected);
      assert.deepEqual([traffic?.source, traffic?.authenticated, traffic?.rate], ["dev-1", false, i + 1]);
      assert.equal(traffic?.overRate, i >= 6);
    }
    const honest = await send({ payload: {}, received, device }, "measured");
    assert.deepEqual([honest.traffic?.rate, honest.traffic?.overRate], [2, false]);
  });

  it("works without verify, from topic, payload and clock, and refuses what it cannot measure", async () => {
    await load();
    const payload = Buffer.from('{"client_id":"old-1","temp":150,"humidity":40,"message_rate":7}');
    const { traffic } = await send({ payload, topic: "iot/lab" }, "measured");
    assert.deepEqual([traffic?.source, traffic?.authenticated, traffic?.reportedRate], ["old-1", false, 7]);
    assert.equal(traffic?.outOfRange[0]?.quantity, "temperature");
    assert.equal((await send({ payload: 25, topic: "iot/lab" }, "refused")).rejected?.code, "SCHEMA");
    assert.equal((await send({ payload: "__proto__", topic: "__proto__" }, "measured")).traffic?.source, "__proto__");
  });

  it("takes limits from its settings, and a device's own limits first", async () => {
    await load({ registry: "registry", temperatureHigh: 60, humidityHigh: "70" });
    const outOf = async (id: string, payload: Record<string, number>) => {
      const message = { payload, received: { ...received, topicDevice: id }, device: { ...device, id } };
      return (await send(message, "measured")).traffic?.outOfRange.map(({ quantity, high }) => [quantity, high]);
    };
    assert.deepEqual(await outOf("dev-1", { temperature: 45, humidity: 80 }), [
      ["temperature", 30],
      ["humidity", 70],
    ]);
    assert.deepEqual(await outOf("dev-2", { temperature: 45, humidity: 60 }), []);
    assert.deepEqual(await outOf("dev-2", { temperature: 61 }), [["temperature", 60]]);
  });

  it("says at deploy what is wrong with the settings, and passes nothing", async () => {
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ temperatureLow: 50, temperatureHigh: 40 }, /Temperature: the lowest value must be below the highest/],
      [{ humidityChange: 0 }, /Humidity: largest change/],
      [{ cap: 0 }, /Followed sources/],
      [{ newSourceRate: "many" }, /New sources|Allowance of new sources/],
      [{ registry: "gone" }, /noRegistry/],
    ];
    for (const [settings, problem] of cases) {
      await load(settings);
      const logged = helper
        .log()
        .args.map(([entry]) => entry)
        .filter((entry) => entry.id === "meter" && entry.level === 20);
      assert.equal(logged.length, 1);
      assert.match(String(logged[0]?.msg), problem);
      let passed = 0;
      helper.getNode("measured").on("input", () => passed++);
      const failed = new Promise<unknown>((resolve) => {
        const meter = helper.getNode("meter");
        meter.error = (error: unknown) => resolve(error);
        meter.receive({ payload: {} } as NodeMessage);
      });
      assert.match(String(await failed), problem);
      assert.equal(passed, 0);
      await helper.unload();
    }
  });

  it("shows in its status what it passes on and which flood goes on", async () => {
    await load({ floodRate: 20 });
    const texts: string[] = [];
    const meter = helper.getNode("meter");
    meter.status = (state) => {
      if (typeof state === "object") texts.push(String(state.text));
    };
    const shown = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!texts.at(-1)?.startsWith("30 ok")) return;
        clearInterval(look);
        resolve();
      }, 50);
    });
    for (let i = 0; i < 30; i++) {
      await send({ payload: {}, received, rejected: { code: "AUTH", reason: "" } }, "refused");
    }
    await shown;
    assert.match(texts.at(-1) ?? "", /^30 ok, .*status\.refused, .*status\.flood$/);
  });
});
