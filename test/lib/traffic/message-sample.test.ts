import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../lib/common/rejection.js";
import type { ReceptionInfo } from "../../../lib/common/security.js";
import { type MeasurableMessage, sampleOf } from "../../../lib/traffic/message-sample.js";

const received: ReceptionInfo = {
  at: 1_700_000_000_000,
  topic: "iot/devices/dev-1/data",
  size: 210,
  digest: "0123456789abcdef",
  topicDevice: "dev-1",
  claimed: "somebody",
};
const device = { id: "dev-1", authenticated: true, profile: "aes-gcm-json", receivedAt: 1 };
const rejected = { code: "AUTH", reason: "no key fits" } as const;

describe("what a message is measured by", () => {
  it("is the device where it proved to be one", () => {
    const payload = { temperature: 25 };
    assert.deepEqual(sampleOf({ payload, received, device, topic: "elsewhere" }, 5), {
      source: "dev-1",
      authenticated: true,
      at: received.at,
      topic: received.topic,
      size: 210,
      reading: payload,
    });
    assert.equal(sampleOf({ payload, received, device: { ...device, authenticated: false } }, 5).authenticated, false);
  });

  it("is never the device where the message was refused, even if a device is named", () => {
    const refused = sampleOf({ payload: Buffer.alloc(9), received, device, rejected }, 5);
    assert.deepEqual([refused.source, refused.authenticated], ["dev-1", false]);
    const { topicDevice, ...nobody } = received;
    assert.equal(topicDevice, "dev-1");
    assert.equal(sampleOf({ payload: Buffer.alloc(9), received: nobody, rejected }, 5).source, "somebody");
  });

  it("comes from topic and payload where nobody has received the message before", () => {
    const text = '{"client_id":"dev-9","temp":21.5,"humidity":40,"message_rate":3}';
    for (const payload of [Buffer.from(text), text, JSON.parse(text)]) {
      const sample = sampleOf({ payload, topic: "iot/x" }, 77);
      const { source, authenticated, at, topic, size } = sample;
      assert.deepEqual([source, authenticated, at, topic, size], ["dev-9", false, 77, "iot/x", text.length]);
      assert.equal((sample.reading as { temp: number }).temp, 21.5);
    }
    assert.equal(sampleOf({ payload: Buffer.from([1, 2, 3]), topic: "iot/x" }, 77).source, "iot/x");
    assert.equal(sampleOf({ payload: { device_id: "x".repeat(1000) } }, 77).source.length, 64);
    assert.equal(sampleOf({ payload: "", topic: "t".repeat(1000) }, 77).topic.length, 256);
  });

  it("refuses what has no size, and passes it where it was refused before", () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const payload of [undefined, null, 25, true, [1], circular, { big: 1n }]) {
      assert.throws(
        () => sampleOf({ payload, topic: "t" }, 1),
        (error) => error instanceof Rejection && error.code === "SCHEMA",
      );
      assert.equal(sampleOf({ payload, topic: "t", rejected }, 1).size, 0);
    }
  });

  it("takes any message without another error than a rejection", () => {
    const payload = fc.oneof(
      fc.anything({ withBigInt: true, withNullPrototype: true }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.constantFrom(
        '{"temp":1e400}',
        `{"a":${"[".repeat(50)}`,
        '{"__proto__":{"temp":1}}',
        '{"client_id":"\\ud800"}',
      ),
    );
    fc.assert(
      fc.property(payload, fc.anything(), fc.boolean(), (content, topic, isRefused) => {
        const message: MeasurableMessage = { payload: content, topic, ...(isRefused && { rejected }) };
        try {
          const sample = sampleOf(message, 1);
          assert.ok(Number.isSafeInteger(sample.size) && sample.source.length <= 64 && sample.topic.length <= 256);
        } catch (error) {
          if (!(error instanceof Rejection) || isRefused) throw error;
        }
      }),
      { seed: 53, numRuns: 1000 },
    );
  });
});
