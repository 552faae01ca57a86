import assert from "node:assert/strict";
import fc from "fast-check";
import { isJsonObject } from "../../../lib/common/json.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { openBatchLine, sealBatchLine } from "../../../lib/envelope/batch.js";
import { encodePayload } from "../../../lib/envelope/plaintext.js";
import { EnvelopeReceiver } from "../../../lib/envelope/receiver.js";
import { envelopeProfiles } from "../../../lib/envelope/registry.js";
import { anyCharacter } from "../../support/any-character.js";
import { keyFor, sealRaw } from "../../support/raw-envelope.js";
import { applyEdit, edit, hostileJson } from "./hostile-json.js";
import { rejects } from "./rejects.js";

const NOW = Date.UTC(2026, 0, 1);
const RUNS = { seed: 20260101, numRuns: 1000 };
const KEY = Buffer.from("9f1c4be2a7d35068e41b7c2f90a6d8531e7fb04cc92d5a8613f7e0b46a8d215c", "hex");

const name = fc.string({ maxLength: 12 }).filter((key) => !["__proto__", "constructor", "prototype"].includes(key));
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const reading = fc.dictionary(
  name,
  fc.oneof(
    number,
    fc.string({ unit: anyCharacter }),
    fc.boolean(),
    fc.constant(null),
    fc.array(number, { maxLength: 4 }),
  ),
  { maxKeys: 8, noNullPrototype: true },
);

for (const [profileName, description] of envelopeProfiles) {
  describe(`${profileName}: properties`, () => {
    const key = keyFor(description, KEY);
    const context = { now: NOW, topic: "dc/a" };
    const receiver = new EnvelopeReceiver(description, [key]);
    const sealBytes = (plaintext: Buffer) => sealRaw(description, key, plaintext, context);

    it("a reading comes back as it was", () => {
      fc.assert(
        fc.property(reading, (payload) => {
          fc.pre(profileName !== "hmac-json" || Object.keys(payload).length > 0);
          const plaintext = encodePayload(payload, description);
          const sealed = description.receiveOnly
            ? sealBytes(plaintext)
            : description.create([key]).seal(plaintext, context);
          assert.deepEqual(receiver.receive(sealed, context).payload, payload);
        }),
        RUNS,
      );
    });

    it("authenticated but hostile JSON is an object or a typed rejection", () => {
      let accepted = 0;
      let refused = 0;
      fc.assert(
        fc.property(fc.oneof(hostileJson, fc.json()), (text) => {
          try {
            const { payload } = receiver.receive(sealBytes(Buffer.from(text)), context);
            assert.ok(isJsonObject(payload));
            assert.equal(Object.getPrototypeOf(payload), Object.prototype);
            accepted++;
          } catch (error) {
            if (!(error instanceof Rejection)) throw error;
            assert.ok(["FORMAT", "SCHEMA", "RANGE"].includes(error.code), error.message);
            refused++;
          }
        }),
        RUNS,
      );
      assert.ok(accepted > 20 && refused > 200, `${accepted} accepted, ${refused} refused`);
    });

    it("a changed message is a typed rejection", () => {
      const message = sealBytes(Buffer.from('{"device_id":"rack-1","temperature_C":24.5}'));
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
          const changed = edits.reduce(applyEdit, message);
          fc.pre(!changed.equals(message));
          rejects(() => receiver.receive(changed, context), "FORMAT", "AUTH", "TOPIC_MISMATCH");
        }),
        RUNS,
      );
    });

    it("a batch line is answered whatever it holds", () => {
      const valid = JSON.stringify({
        key: key.toString("base64"),
        message: "AAAA",
        now: 1e9,
        ttl: 60,
        aad: "a",
        iv: [1],
      });
      const line = fc.oneof(
        hostileJson.map((text) => Buffer.from(text)),
        fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => edits.reduce(applyEdit, Buffer.from(valid))),
        fc
          .record({ key: fc.jsonValue(), message: fc.jsonValue(), now: fc.jsonValue(), iv: fc.jsonValue() })
          .map((value) => Buffer.from(JSON.stringify({ ...JSON.parse(valid), ...value }))),
      );
      fc.assert(
        fc.property(line, (text) => {
          assert.equal(openBatchLine(text, description).ok, false);
          assert.equal(typeof sealBatchLine(text, description).ok, "boolean");
        }),
        RUNS,
      );
    });
  });
}

describe("encodePayload", () => {
  const fernet = envelopeProfiles.get("fernet") as NonNullable<ReturnType<typeof envelopeProfiles.get>>;
  const gcm = envelopeProfiles.get("aes-gcm-json") as typeof fernet;

  it("refuses what JSON cannot carry", () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    rejects(() => encodePayload({ a: Number.NaN }, fernet), "RANGE");
    rejects(() => encodePayload({ a: [{ b: Number.NEGATIVE_INFINITY }] }, fernet), "RANGE");
    rejects(() => encodePayload(circular, fernet), "SCHEMA");
    rejects(() => encodePayload({ a: 1n }, fernet), "SCHEMA");
    for (const value of [null, undefined, 5, true, [1], new Date(0), () => 0]) {
      rejects(() => encodePayload(value, fernet), "SCHEMA");
    }
    assert.equal(encodePayload({ a: null }, fernet).toString(), '{"a":null}');
  });

  it("takes text as it is for Fernet, and only JSON objects for aes-gcm-json", () => {
    assert.equal(encodePayload("plain", fernet).toString(), "plain");
    assert.equal(encodePayload('{"a":1}', gcm).toString(), '{"a":1}');
    rejects(() => encodePayload("plain", gcm), "FORMAT");
    rejects(() => encodePayload(Buffer.from("[1]"), gcm), "SCHEMA");
  });
});
