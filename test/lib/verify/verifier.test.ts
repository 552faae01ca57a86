import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { RejectionCode } from "../../../lib/common/rejection.js";
import { FLEET, NOW, Senders, topicOf, verifierOf } from "./fleet.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const senders = new Senders();

describe("MessageVerifier", () => {
  const verifier = verifierOf();

  /** The code of a refusal, or "accepted". */
  function outcome(message: unknown, topic: unknown, now = NOW): RejectionCode | "accepted" {
    const result = verifier.verify(message, topic, now);
    return "rejection" in result ? result.rejection.code : "accepted";
  }

  for (const [id, profile] of FLEET) {
    it(`proves a ${profile} device, or says that it did not`, () => {
      const message = senders.seal(id, { temp: 21.5, humidity: 40, timestamp: NOW / 1000, sequence_no: 7 });
      const result = verifier.verify(message, topicOf(id), NOW);
      assert.ok("reading" in result);
      const authenticated = profile !== "plain-json";
      assert.deepEqual(result.device, { id, authenticated, profile, receivedAt: NOW });
      assert.deepEqual(result.reading, {
        device_id: id,
        temperature: 21.5,
        humidity: 40,
        timestamp: "2026-01-01T00:00:00.000Z",
        sequence_no: 7,
      });
      const digest = createHash("sha256").update(message).digest("hex").slice(0, 16);
      const { size, digest: seen, topicDevice, topic } = result.received;
      assert.deepEqual(
        { size, digest: seen, topicDevice, topic },
        {
          size: message.length,
          digest,
          topicDevice: id,
          topic: topicOf(id),
        },
      );
    });
  }

  it("refuses captured ciphertext: again, on another device's topic, changed in any bit", () => {
    for (const id of ["gcm-1", "fernet-1"]) {
      const message = senders.seal(id, { temperature: 20, timestamp: NOW / 1000 });
      for (const other of FLEET.keys()) {
        if (other !== id) assert.notEqual(outcome(message, topicOf(other)), "accepted", `${id} on ${other}`);
      }
      assert.equal(outcome(message, "iot/devices/gcm-1/data2"), "UNKNOWN_DEVICE");
      for (let bit = 0; bit < message.length * 8; bit += 5) {
        const changed = Buffer.from(message);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        assert.match(outcome(changed, topicOf(id)), /^(AUTH|FORMAT)$/);
      }
      assert.equal(outcome(message, topicOf(id)), "accepted");
      assert.equal(outcome(message, topicOf(id)), "REPLAY");
      assert.equal(outcome(message, topicOf(id), NOW + 61_000), "STALE");
    }
  });

  it("binds aes-gcm-json to each of a device's topics", () => {
    const message = senders.seal("gcm-1", { temperature: 20, timestamp: NOW / 1000 }, "iot/gcm-1/second");
    assert.equal(outcome(message, topicOf("gcm-1")), "AUTH");
    assert.equal(outcome(message, "iot/gcm-1/second"), "accepted");
  });

  it("refuses a device that names another one", () => {
    for (const id of FLEET.keys()) {
      const other = [...FLEET.keys()].find((name) => name !== id);
      const message = senders.seal(id, { client_id: other, temperature: 20, timestamp: NOW / 1000 });
      const result = verifier.verify(message, topicOf(id), NOW);
      assert.ok("rejection" in result && result.rejection.code === "TOPIC_MISMATCH", id);
      assert.equal(result.received.claimed, other);
      assert.equal(result.received.topicDevice, id);
    }
  });

  it("gives every refusal its code", () => {
    const plain = topicOf("plain-1");
    const cases: [unknown, unknown, RejectionCode][] = [
      [Buffer.alloc(8193, 0x20), plain, "SIZE"],
      ["x".repeat(8193), plain, "SIZE"],
      [{ temperature: 1 }, plain, "FORMAT"],
      [undefined, plain, "FORMAT"],
      [Buffer.from([0xff, 0xfe]), plain, "FORMAT"],
      ['{"temperature":20', plain, "FORMAT"],
      ['{"temperature":20,"__proto__":{"a":1}}', plain, "FORMAT"],
      ['{"temperature":20}', undefined, "TOPIC_MISMATCH"],
      ['{"temperature":20}', ["iot/a"], "TOPIC_MISMATCH"],
      ['{"temperature":20}', "iot/nobody", "UNKNOWN_DEVICE"],
      ["[1]", plain, "SCHEMA"],
      ["{}", plain, "SCHEMA"],
      ['{"message_rate":3,"timestamp":1767225600,"sequence_no":1}', plain, "SCHEMA"],
      ['{"temperature":"20"}', plain, "SCHEMA"],
      ['{"temperature":null}', plain, "SCHEMA"],
      ['{"temp":20,"temperature":21}', plain, "SCHEMA"],
      ['{"device_id":"plain-1","client_id":"plain-2","temp":20}', plain, "SCHEMA"],
      ['{"device_id":7,"temp":20}', plain, "SCHEMA"],
      ['{"temp":20,"timestamp":"noon"}', plain, "SCHEMA"],
      ['{"temp":20,"sequence_no":-1}', plain, "SCHEMA"],
      ['{"temp":20,"timestamp":-5}', plain, "RANGE"],
      ['{"temp":1e400}', plain, "RANGE"],
      ['{"temperature":20}', topicOf("gcm-1"), "FORMAT"],
      [Buffer.from('{"temperature":20,"humidity":30}'), topicOf("gcm-1"), "AUTH"],
      [Buffer.from('{"temperature":20}'), topicOf("fernet-1"), "FORMAT"],
    ];
    for (const [message, topic, code] of cases)
      assert.equal(outcome(message, topic), code, String(message).slice(0, 60));
    assert.equal(outcome('{"temperature":20}', plain), "accepted");
    assert.equal(outcome('{"co2":417}', plain), "accepted");
  });

  it("says who a refused message claims to be, cut and never trusted", () => {
    const claimed = (message: unknown, topic: unknown) => verifier.verify(message, topic, NOW).received.claimed;
    assert.equal(claimed(Buffer.from('{"client_id":"gcm-1","temp":1}'), topicOf("fernet-1")), "gcm-1");
    assert.equal(claimed('{"client_id":"<img src=x onerror=alert(1)>"}', "iot/x"), "<img src=x onerror=alert(1)>");
    assert.equal(claimed('{"client_id":"__proto__"}', "iot/x"), "__proto__");
    assert.equal(claimed(`{"device_id":"${"n".repeat(500)}"}`, "iot/x"), "n".repeat(64));
    assert.equal(claimed('{"device_id":"a\\ud800"}', "iot/x"), "a\ufffd");
    assert.equal(claimed('{"device_id":"","client_id":"b"}', "iot/x"), "iot/x");
    assert.equal(claimed('{"device_id":{"a":1}}', "iot/x"), "iot/x");
    assert.equal(claimed("garbage", `iot/${"t".repeat(400)}`).length, 64);
    assert.equal(claimed("garbage", undefined), "unknown");
    assert.equal(claimed(Buffer.alloc(9000, "{"), "iot/x"), "iot/x");
    assert.equal(verifier.verify("x", `iot/${"t".repeat(400)}`, NOW).received.topic.length, 256);
  });

  it("passes on a fault that no message caused", () => {
    const broken = verifierOf({
      open: () => {
        throw new Error("no fleet key");
      },
    });
    assert.throws(() => broken.verify(Buffer.alloc(40), topicOf("gcm-1"), NOW), /no fleet key/);
  });
});

describe("MessageVerifier with unlisted devices accepted", () => {
  const verifier = verifierOf({ unlisted: "accept" });
  const seed = (id: unknown) =>
    JSON.stringify({
      client_id: id,
      topic: "iot/hall/temp",
      temp: 24.1,
      humidity: 50,
      message_rate: 4,
      timestamp: 1767225600,
    });

  it("takes them at their word, and says so", () => {
    const result = verifier.verify(seed("sensor_hall"), "iot/hall/temp", NOW);
    assert.ok("reading" in result);
    assert.deepEqual(result.device, {
      id: "sensor_hall",
      authenticated: false,
      profile: "plain-json",
      receivedAt: NOW,
    });
    assert.deepEqual(result.reading, {
      device_id: "sensor_hall",
      topic: "iot/hall/temp",
      temperature: 24.1,
      humidity: 50,
      message_rate: 4,
      timestamp: "2026-01-01T00:00:00.000Z",
    });
    assert.equal(result.received.topicDevice, undefined);
  });

  it("lets nobody take a listed device's name, and takes no name that is none", () => {
    const code = (id: unknown) => {
      const result = verifier.verify(seed(id), "iot/hall/temp", NOW);
      return "rejection" in result ? result.rejection.code : "accepted";
    };
    for (const id of FLEET.keys()) assert.equal(code(id), "TOPIC_MISMATCH");
    for (const id of ["__proto__", "<b>", "a b", "", "x".repeat(65), 7, null, undefined, ["a"]]) {
      assert.equal(code(id), "SCHEMA", String(id));
    }
  });

  it("holds nothing of 100,000 invented names", () => {
    const heapUsed = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = heapUsed();
    for (let i = 0; i < 100_000; i++) {
      const message = `{"client_id":"ghost-${i}","temp":20}`;
      const result = verifier.verify(message, i % 2 === 0 ? "iot/hall" : `iot/devices/ghost-${i}/data`, NOW);
      assert.ok("reading" in result);
    }
    assert.equal(senders.receiversOf(verifier), 0);
    assert.ok(heapUsed() - before < 10e6, "the heap grew");
  });
});
