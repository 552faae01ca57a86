import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../../lib/common/rejection.js";
import { decodeConnect, decodePublish, decodeSubscribe, isWildcardOnly } from "../../../../lib/network/mqtt/packets.js";
import { startsWithConnect } from "../../../../lib/network/mqtt/recognise.js";
import { type MqttEvents, MqttSession } from "../../../../lib/network/mqtt/session.js";
import { TCP } from "../../../../lib/network/packet.js";
import { connectPacket, field, packet, publishPacket, subscribePacket, uint16 } from "../../../support/mqtt-bytes.js";
import { tcp } from "../../../support/packets.js";

const RUNS = { seed: 6, numRuns: 300 };
const ENDS = { source: "10.0.0.2", destination: "10.0.0.1", sourcePort: 40_000, destinationPort: 1883 };

/** Writes down what a session tells. */
function recorder() {
  const told: unknown[][] = [];
  const events: MqttEvents = {
    connect: ({ level, clientId, keepAlive, hasUserName, hasPassword }) =>
      told.push(["connect", level, clientId, keepAlive, hasUserName, hasPassword]),
    connack: (code) => told.push(["connack", code]),
    publish: (topic, size) => told.push(["publish", topic, size]),
    subscribe: (filters) => told.push(["subscribe", ...filters]),
    other: (type) => told.push(["other", type]),
    malformed: (reason) => told.push(["malformed", reason]),
    lost: () => told.push(["lost"]),
  };
  return { told, events };
}

function segment(sequence: number, bytes: Buffer, captured = bytes) {
  return tcp(0, ENDS, TCP.ACK, { sequence, payload: captured, payloadLength: bytes.length });
}

/** What is told of a client's bytes that come in one segment each. */
function read(...parts: Buffer[]): unknown[][] {
  const { told, events } = recorder();
  const session = new MqttSession(1000, events);
  let sequence = 1000;
  for (const part of parts) {
    session.client(segment(sequence, part));
    sequence += part.length;
  }
  return told;
}

const word = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" }).filter((text) => !/[#+\0]/.test(text));
const message = fc.oneof(
  fc.record({ topic: word, payload: fc.uint8Array({ maxLength: 3000 }) }).map(({ topic, payload }) => ({
    bytes: publishPacket(topic, Buffer.from(payload)),
    told: ["publish", topic, 2 + Buffer.byteLength(topic) + payload.length] as unknown[],
  })),
  word.map((filter) => ({ bytes: subscribePacket(`${filter}/#`), told: ["subscribe", `${filter}/#`] as unknown[] })),
  fc.constant({ bytes: packet(0xc0), told: ["other", 12] as unknown[] }),
);

describe("MQTT sessions", () => {
  it("tells CONNECT, messages and subscriptions however they are cut, repeated and swapped", () => {
    fc.assert(
      fc.property(
        word,
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.nat({ max: 400 }), { maxLength: 20 }),
        fc.array(fc.boolean(), { maxLength: 20 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (clientId, messages, cuts, swaps, first) => {
          const all = Buffer.concat([
            connectPacket({ clientId, username: "u", password: "p" }),
            ...messages.map(({ bytes }) => bytes),
          ]);
          const pieces: { at: number; bytes: Buffer }[] = [];
          for (let at = 0, i = 0; at < all.length; i++) {
            const length = Math.min(1 + (cuts[i % Math.max(1, cuts.length)] ?? 100), all.length - at);
            pieces.push({ at, bytes: all.subarray(at, at + length) });
            at += length;
          }
          for (let i = 0; i + 1 < pieces.length; i += 2) {
            if (swaps[i]) pieces.splice(i, 2, pieces[i + 1]!, pieces[i]!, pieces[i]!);
          }
          const { told, events } = recorder();
          const session = new MqttSession(first, events);
          for (const { at, bytes } of pieces) session.client(segment((first + at) >>> 0, bytes));
          assert.deepEqual(told, [["connect", 4, clientId, 60, true, true], ...messages.map((one) => one.told)]);
        },
      ),
      RUNS,
    );
  });

  it("takes any bytes as a client's or a server's without throwing", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }),
        fc.boolean(),
        (parts, isConnected) => {
          const { told, events } = recorder();
          const session = new MqttSession(0, events);
          let at = 0;
          for (const part of [...(isConnected ? [connectPacket()] : []), ...parts.map((one) => Buffer.from(one))]) {
            session.client(segment(at, part));
            session.server(segment(at, part));
            at += part.length;
          }
          const endings = told.filter(([what]) => what === "malformed" || what === "lost").length;
          assert.ok(endings <= 1, "a session ends once");
        },
      ),
      RUNS,
    );
  });

  it("takes valid packets that were damaged: the decoders throw Rejections only", () => {
    const valid = [
      connectPacket({ will: { topic: "w", payload: "x" }, username: "u", password: "p" }),
      subscribePacket("a/+/b"),
      publishPacket("a/b", "21", 1),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...valid),
        fc.nat(),
        fc.nat(),
        fc.constantFrom("flip", "cut", "insert", "splice"),
        (bytes, where, what, how) => {
          const at = where % bytes.length;
          const head = bytes.subarray(0, at);
          const tail = bytes.subarray(at);
          const damaged = Buffer.concat(
            {
              flip: [head, Buffer.from([(tail[0] ?? 0) ^ (1 << (what % 8))]), tail.subarray(1)],
              cut: [head, tail.subarray(1 + (what % 4))],
              insert: [head, Buffer.from([what & 0xff]), tail],
              splice: [head, bytes.subarray(what % bytes.length), tail],
            }[how],
          );
          assert.doesNotThrow(() => read(connectPacket(), damaged));
          for (const decode of [
            decodeConnect,
            (b: Buffer) => decodeSubscribe(b, 4),
            (b: Buffer) => decodePublish(damaged[0] ?? 0, b, 4),
          ]) {
            try {
              decode(damaged.subarray(2));
            } catch (error) {
              assert.ok(error instanceof Rejection && error.code === "FORMAT", String(error));
            }
          }
        },
      ),
      RUNS,
    );
  });

  it("reads MQTT 3.1, 3.1.1 and 5, and a bridge's level", () => {
    assert.deepEqual(read(connectPacket({ protocol: "MQIsdp", level: 3 })), [
      ["connect", 3, "client-1", 60, false, false],
    ]);
    assert.deepEqual(read(connectPacket({ level: 0x84 })), [["connect", 4, "client-1", 60, false, false]]);
    const five = Buffer.concat([
      field("MQTT"),
      Buffer.from([5, 2]),
      uint16(30),
      Buffer.from([5, 0x11, 0, 0, 0, 9]),
      field("v5"),
    ]);
    const subscribe = Buffer.concat([uint16(7), Buffer.from([0]), field("#"), Buffer.from([0x2c])]);
    assert.deepEqual(read(packet(0x10, five), packet(0x82, subscribe)), [
      ["connect", 5, "v5", 30, false, false],
      ["subscribe", "#"],
    ]);
  });

  it("tells a server's CONNACK", () => {
    const { told, events } = recorder();
    const session = new MqttSession(0, events);
    session.client(segment(0, connectPacket()));
    session.server(segment(9, Buffer.from([0x20])));
    session.server(segment(10, Buffer.from([2, 0, 5, 0x30, 0xff, 0xff, 0xff, 0xff])));
    assert.deepEqual(told.slice(1), [["connack", 5]]);
  });

  it("calls malformed what the specification forbids", () => {
    const after = (bytes: Buffer) => read(connectPacket(), bytes).at(-1)?.[0];
    const wrong = [
      connectPacket(),
      packet(0x36, field("a"), uint16(1)),
      publishPacket("a/#", "x"),
      publishPacket("", "x"),
      publishPacket(Buffer.from([0xff, 0xfe]), "x"),
      packet(0x32, field("a"), uint16(0)),
      packet(0x80, uint16(7), field("a"), Buffer.from([0])),
      packet(0x82, uint16(7)),
      packet(0x82, uint16(7), field("a"), Buffer.from([3])),
      subscribePacket("a#"),
      packet(0x20, Buffer.from([0, 0])),
      packet(0xf0),
      packet(0x00),
      packet(0xc0, Buffer.from([1])),
      packet(0x40, uint16(0)),
      Buffer.from([0xc0, 0xff, 0xff, 0xff, 0xff, 0x01]),
    ];
    for (const bytes of wrong) assert.equal(after(bytes), "malformed", bytes.toString("hex"));
    const first = [
      { flags: 0x03 },
      { flags: 0x1c },
      { flags: 0x40, password: "p" },
      { level: 9 },
      { protocol: "HTTP" },
      { extra: Buffer.from([1]) },
    ];
    for (const options of first)
      assert.equal(read(connectPacket(options))[0]?.[0], "malformed", JSON.stringify(options));
    assert.equal(read(packet(0xc0))[0]?.[0], "malformed");
  });

  it("gives up quietly where segments are missing or cut by the snap length", () => {
    const { told, events } = recorder();
    const session = new MqttSession(0, events);
    session.client(segment(0, connectPacket()));
    for (let i = 0; i < 9; i++) session.client(segment(5000 + i * 100, Buffer.alloc(100)));
    assert.deepEqual(told.at(-1), ["lost"]);
    const cut = recorder();
    new MqttSession(0, cut.events).client(segment(0, connectPacket(), connectPacket().subarray(0, 6)));
    assert.deepEqual(cut.told, [["lost"]]);
  });

  it("keeps little of a packet that claims to be large", () => {
    const { told, events } = recorder();
    const session = new MqttSession(0, events);
    session.client(segment(0, connectPacket()));
    const huge = Buffer.concat([Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]), field("t"), Buffer.alloc(60_000)]);
    let at = connectPacket().length;
    for (let i = 0; i < 20; i++, at += huge.length) session.client(segment(at, huge));
    assert.equal(told.length, 1);
    assert.equal(session.isWithinPacket, true);
  });

  it("knows a CONNECT on any port, and filters that take everything", () => {
    assert.ok(startsWithConnect(connectPacket()));
    assert.ok(startsWithConnect(connectPacket({ protocol: "MQIsdp", level: 3 })));
    for (const other of ["", "GET / HTTP/1.1", "\x10\x05hello", "\x16\x03\x01"])
      assert.ok(!startsWithConnect(Buffer.from(other)));
    for (const all of ["#", "+/#", "+/+/#", "$share/g/#"]) assert.ok(isWildcardOnly(all), all);
    for (const some of ["a/#", "+", "+/+", "/#", "$SYS/#", "+/a/#"]) assert.ok(!isWildcardOnly(some), some);
  });
});
