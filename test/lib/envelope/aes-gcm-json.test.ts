import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { aesGcmJson } from "../../../lib/envelope/aes-gcm-json.js";
import { rejects } from "./rejects.js";

const text = Buffer.from(JSON.stringify({ device_id: "rack-1", temperature_C: 24.5 }));

describe("aes-gcm-json", () => {
  for (const bytes of [16, 32]) {
    it(`opens what it sealed with AES-${bytes * 8}, under the same topic only`, () => {
      const profile = aesGcmJson.create([randomBytes(bytes)]);
      const message = profile.seal(text, { now: 0, topic: "dc/a" }) as Buffer;
      assert.equal(message.length, 12 + text.length + 16);
      assert.deepEqual(profile.open(message, { now: 0, topic: "dc/a" }).plaintext, text);
      rejects(() => profile.open(message, { now: 0, topic: "dc/b" }), "AUTH");
      rejects(() => profile.open(message, { now: 0 }), "AUTH");
    });
  }

  it("refuses every bit flip and every length", () => {
    const profile = aesGcmJson.create([randomBytes(16)]);
    const message = profile.seal(text, { now: 0 }) as Buffer;
    for (let bit = 0; bit < message.length * 8; bit++) {
      const flipped = Buffer.from(message);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      rejects(() => profile.open(flipped, { now: 0 }), "AUTH");
    }
    for (let length = 0; length < message.length; length++) {
      rejects(() => profile.open(message.subarray(0, length), { now: 0 }), length < 28 ? "FORMAT" : "AUTH");
    }
    rejects(() => profile.open(Buffer.concat([message, Buffer.alloc(1)]), { now: 0 }), "AUTH");
    rejects(() => profile.open(Buffer.alloc(65_537), { now: 0 }), "SIZE");
  });

  it("opens with an old key after rotation, and with no foreign one", () => {
    const [old, fresh, foreign] = [randomBytes(32), randomBytes(32), randomBytes(32)];
    const message = aesGcmJson.create([old]).seal(text, { now: 0 }) as Buffer;
    assert.equal(aesGcmJson.create([fresh, old]).open(message, { now: 0 }).keyIndex, 1);
    rejects(() => aesGcmJson.create([foreign]).open(message, { now: 0 }), "AUTH");
  });
});
