import assert from "node:assert/strict";
import fc from "fast-check";
import { ConnectRefused, readConnect } from "../../../lib/broker/connect-packet.js";
import type { RefusalReason } from "../../../lib/broker/refusals.js";
import { isTopicName } from "../../../lib/broker/topic.js";
import { isIdentifier } from "../../../lib/common/identifier.js";
import { anyCharacter } from "../../support/any-character.js";
import { type ConnectBytes, connectBody } from "../../support/mqtt-bytes.js";

const SEED = 20_260_131;
const identifier = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/).filter((text) => text !== "__proto__");

const validConnect: fc.Arbitrary<ConnectBytes> = fc.record(
  {
    clientId: identifier,
    keepalive: fc.nat(65_535),
    username: identifier,
    will: fc.record({ topic: fc.constantFrom("a", "dc/x", "ü/ö"), payload: fc.string() }),
  },
  { requiredKeys: ["clientId"] },
);

function verdictOn(body: Buffer): RefusalReason | "accepted" {
  try {
    const { clientId, username, willTopic } = readConnect(body);
    assert.ok(clientId === "" || isIdentifier(clientId));
    assert.ok(username === undefined || isIdentifier(username));
    assert.ok(willTopic === undefined || isTopicName(willTopic));
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof ConnectRefused, String(error));
    return error.reason;
  }
}

const reasonOf = (options: ConnectBytes) => verdictOn(connectBody(options));

describe("CONNECT packet", () => {
  it("reads what was written", () => {
    fc.assert(
      fc.property(validConnect, (options) => {
        const fields = readConnect(connectBody(options));
        assert.equal(fields.clientId, options.clientId);
        assert.equal(fields.username, options.username);
        assert.equal(fields.keepalive, options.keepalive ?? 60);
        assert.equal(fields.willTopic, options.will?.topic);
        assert.equal(fields.cleanSession, true);
      }),
      { seed: SEED },
    );
  });

  it("answers any text in any field, hostile text included, with fields or a typed refusal", () => {
    const hostile = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "\u0000", "a\u0000b", "$SYS/x", "#", "\uffff", "<img onerror=1>", ""),
      fc.string({ unit: anyCharacter }),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    const options = fc.record(
      {
        protocol: fc.constantFrom("MQTT", "MQIsdp", "HTTP", ""),
        level: fc.nat(255),
        flags: fc.nat(255),
        clientId: hostile,
        username: hostile,
        will: fc.record({ topic: hostile, payload: fc.string() }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(options, (connect) => {
        reasonOf(connect);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it("answers a damaged packet with fields or a typed refusal", () => {
    const damage = fc.tuple(fc.constantFrom("flip", "cut", "insert", "splice"), fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(validConnect, damage, (options, [kind, position, byte]) => {
        const body = connectBody(options);
        const at = position % body.length;
        const damaged = {
          flip: () => Buffer.from(body.map((value, i) => (i === at ? value ^ (byte || 1) : value))),
          cut: () => body.subarray(0, at),
          insert: () => Buffer.concat([body.subarray(0, at), Buffer.from([byte]), body.subarray(at)]),
          splice: () => Buffer.concat([body.subarray(at), body.subarray(0, at)]),
        }[kind]?.() as Buffer;
        const verdict = verdictOn(damaged);
        if (kind === "cut") assert.notEqual(verdict, "accepted", "a truncated CONNECT is never complete");
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it("refuses what aedes would accept", () => {
    const cases: [ConnectBytes, RefusalReason | "accepted"][] = [
      [{}, "accepted"],
      [{ protocol: "MQIsdp", level: 3 }, "accepted"],
      [{ clientId: "" }, "accepted"],
      [{ clientId: "", flags: 0x00 }, "identifier"],
      [{ level: 5 }, "protocol-version"],
      [{ level: 0x84 }, "protocol-version"],
      [{ protocol: "HTTP" }, "connect-malformed"],
      [{ clientId: "a\u0000b" }, "identifier"],
      [{ clientId: "a b" }, "identifier"],
      [{ clientId: "x".repeat(65) }, "identifier"],
      [{ clientId: "a\uffff" }, "identifier"],
      [{ clientId: Buffer.from([0xc3, 0x28]) }, "connect-malformed"],
      [{ username: "line\nbreak" }, "identifier"],
      [{ username: "" }, "identifier"],
      [{ will: { topic: "a/#", payload: "" } }, "connect-malformed"],
      [{ will: { topic: "a\u0001", payload: "" } }, "connect-malformed"],
      [{ will: { topic: Buffer.from([0xff]), payload: "" } }, "connect-malformed"],
      [{ will: { topic: "a", payload: "" }, flags: 0x1e }, "connect-malformed"],
      [{ flags: 0x03 }, "connect-malformed"],
      [{ flags: 0x42, password: "p" }, "connect-malformed"],
      [{ extra: Buffer.from([0]) }, "connect-malformed"],
    ];
    for (const [options, expected] of cases) assert.equal(reasonOf(options), expected, JSON.stringify(options));
  });
});
