import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { CborReader, cborHead } from "../../../lib/envelope/cbor-reader.js";
import { coseA128Gcm } from "../../../lib/envelope/cose-a128gcm.js";
import { coseNonce, coseSession, decryptA128Gcm, encryptA128Gcm } from "../../../lib/envelope/cose-keys.js";
import {
  coseKid,
  encStructure,
  formatCoseMessage,
  PROTECTED_HEADER,
  parseCoseMessage,
} from "../../../lib/envelope/cose-message.js";
import { type CoseVectors, coseVectorText, designExample, VECTORS_PATH } from "../../vectors/cose-a128gcm.js";
import { rejects } from "./rejects.js";

const NOW = Date.UTC(2026, 0, 1);
const hex = (text: string) => Buffer.from(text, "hex");
const vectors = JSON.parse(readFileSync(VECTORS_PATH, "utf8")) as CoseVectors;

/** As the format's first implementation, in C, computed it. */
const DESIGN_MESSAGE =
  "d08343a10101a3044873656e736f722d31064800000000000000010a480102030405060708584b50970dfbd1233fd04586f8626b67819c" +
  "8d1a459de66e8019bbcbedf6db960fcace34d0975e8de95b09b536138c40a0bbb6dbc41d9ee66783633ca844195bebb4f778efdda148ec" +
  "29d09d75";

/** github.com/cose-wg/Examples (53c9d63): aes-gcm-examples/aes-gcm-enc-01 and -04, the same with a changed tag. */
const WORKING_GROUP = {
  key: "849b57219dae48de646d07dbb533566e",
  nonce: "02d1f7e6f26c43d4868d87ce",
  aad: "8368456e63727970743043a1010140",
  ciphertext: "60973a94bb2898009ee52ecfd9ab1dd25867374b162e2c03568b41f57c3cc16f9166250a",
  plaintext: "This is the content.",
};

describe("cose-a128gcm", () => {
  it("computes the design's worked example, whose key identifier names no epoch", () => {
    const { deviceKey, counter, topic, plaintext, bootId } = designExample();
    const kid = Buffer.from("sensor-1");
    const { key, iv } = coseSession(hex(deviceKey), kid, 1, hex(bootId));
    const aad = encStructure(PROTECTED_HEADER, Buffer.from(topic.split("/").slice(-2).join("/")));
    const number = BigInt(`0x${counter}`);
    const ciphertext = encryptA128Gcm(key, coseNonce(iv, number), aad, hex(plaintext));
    const message = formatCoseMessage({ kid, counter: number, bootId: hex(bootId), ciphertext });
    assert.equal(message.toString("hex"), DESIGN_MESSAGE);
    assert.equal(designExample().message, DESIGN_MESSAGE);
  });

  it("opens the COSE working group's Encrypt0 example, and not the one with a changed tag", () => {
    const { key, nonce, aad, ciphertext, plaintext } = WORKING_GROUP;
    assert.equal(encStructure(PROTECTED_HEADER, Buffer.alloc(0)).toString("hex"), aad);
    const secret = createSecretKey(hex(key));
    const open = (text: string) => decryptA128Gcm(secret, hex(nonce), hex(aad), hex(text));
    assert.equal(open(ciphertext)?.toString(), plaintext);
    assert.equal(encryptA128Gcm(secret, hex(nonce), hex(aad), Buffer.from(plaintext)).toString("hex"), ciphertext);
    assert.equal(open(ciphertext.replace(/0a$/, "0b")), undefined);
  });

  it("refuses the working group's messages as messages: a device has one form", () => {
    const { nonce, ciphertext } = WORKING_GROUP;
    const valid = `d08343a10101a1054c${nonce}5824${ciphertext}`;
    for (const text of [valid, valid.replace(/^d0/, "d903e3"), valid.slice(2), valid.replace("43a10101", "43a10103")]) {
      rejects(() => parseCoseMessage(hex(text)), "FORMAT");
    }
  });

  it("has vectors that are what their generator writes", () => {
    assert.equal(readFileSync(VECTORS_PATH, "utf8"), coseVectorText());
    assert.ok(vectors.seal.length >= 20 && vectors.refused.length >= 40);
  });

  for (const vector of vectors.seal) {
    it(`seals and opens: ${vector.name}`, () => {
      const { deviceKey, device, epoch, bootId, topic, plaintext, message } = vector;
      const profile = coseA128Gcm.create([hex(deviceKey)]);
      const counter = BigInt(`0x${vector.counter}`);
      const kid = coseKid(device, epoch);
      const { iv } = coseSession(hex(deviceKey), kid, epoch, hex(bootId));
      assert.deepEqual(
        [kid.toString("hex"), iv.toString("hex"), coseNonce(iv, counter).toString("hex")],
        [vector.kid, vector.iv, vector.nonce],
      );
      const sealed = profile.seal(hex(plaintext), { now: NOW, topic, epoch, counter, bootId: hex(bootId) });
      assert.equal((sealed as Buffer).toString("hex"), message);
      const opened = profile.open(hex(message), { now: NOW, topic });
      assert.equal(opened.plaintext.toString("hex"), plaintext);
      assert.deepEqual(opened.sender, { device, epoch, counter });
      assert.equal(coseA128Gcm.epochOf?.(hex(message)), epoch);
    });
  }

  for (const { name, deviceKey, topic, message, code } of vectors.refused) {
    it(`refuses (${code}): ${name}`, () => {
      rejects(() => coseA128Gcm.create([hex(deviceKey)]).open(hex(message), { now: NOW, topic }), code);
    });
  }

  it("opens none of 2,600 forgeries: every bit, every length, every other topic", () => {
    const vector = vectors.seal[0] as CoseVectors["seal"][number];
    const { topic, message: text } = vector;
    const message = hex(text);
    const profile = coseA128Gcm.create([hex(vector.deviceKey)]);
    const forgeries: [Buffer, string][] = [];
    for (let bit = 0; bit < message.length * 8; bit++) {
      const changed = Buffer.from(message);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      forgeries.push([changed, topic]);
    }
    for (let length = 0; length < message.length; length++) forgeries.push([message.subarray(0, length), topic]);
    for (let at = 0; at <= message.length; at++) {
      for (const byte of [0x00, 0xff, 0x40, message[at - 1] ?? 1]) {
        forgeries.push([Buffer.concat([message.subarray(0, at), Buffer.from([byte]), message.subarray(at)]), topic]);
      }
    }
    for (let at = 0; at < message.length; at++) {
      forgeries.push([Buffer.concat([message.subarray(0, at), message.subarray(at + 1)]), topic]);
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(message);
        if (changed[at] === byte) continue;
        changed[at] = byte;
        forgeries.push([changed, topic]);
      }
    }
    for (let i = 0; i < 600; i++) {
      const [device, stream] = [i % 3 === 0 ? "pump-1" : `pump-${i}`, i % 2 === 0 ? `data${i}` : "data"];
      const other = `iot/devices/${device}/${stream}`;
      if (other !== topic) forgeries.push([message, other]);
    }
    assert.ok(forgeries.length >= 2600, `${forgeries.length}`);
    for (const [forged, on] of forgeries) {
      assert.ok(on !== topic || !forged.equals(message));
      rejects(() => profile.open(forged, { now: NOW, topic: on }), "FORMAT", "AUTH", "TOPIC_MISMATCH");
    }
    profile.open(message, { now: NOW, topic });
  });

  it("seals under a boot id and numbers of its own, and repeats neither", () => {
    const key = hex(vectors.seal[0]?.deviceKey as string);
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const profile = coseA128Gcm.create([key]);
      for (let j = 0; j < 5; j++) {
        const message = profile.seal(Buffer.from("{}"), { now: NOW, topic: "a/b" }) as Buffer;
        const { counter, bootId } = parseCoseMessage(message);
        assert.equal(counter, BigInt(j + 1));
        seen.add(`${bootId.toString("hex")}#${counter}`);
      }
    }
    assert.equal(seen.size, 200);
  });

  it("seals nothing that would not open, or would repeat a nonce", () => {
    const profile = coseA128Gcm.create([hex(vectors.seal[0]?.deviceKey as string)]);
    const plain = Buffer.from("{}");
    const seal = (context: object) => profile.seal(plain, { now: NOW, topic: "a/b", ...context });
    assert.throws(() => seal({ bootId: Buffer.alloc(8) }), /needs a counter/);
    assert.throws(() => seal({ bootId: Buffer.alloc(7), counter: 1n }), /8 bytes/);
    assert.throws(() => seal({ counter: -1n }), /2\^64/);
    assert.throws(() => seal({ counter: 1n << 64n }), /2\^64/);
    for (const epoch of [-1, 1.5, 2 ** 32]) assert.throws(() => seal({ epoch }), TypeError);
    for (const topic of ["data", "a b/data", "__proto__/data", undefined]) {
      rejects(() => seal({ topic }), "TOPIC_MISMATCH");
    }
    assert.throws(() => seal({ topic: `${"a".repeat(31)}/data` }), /32 bytes/);
    rejects(() => profile.seal(Buffer.alloc(2048), { now: NOW, topic: "a/b" }), "SIZE");
    assert.throws(() => coseA128Gcm.create([]), /at least one key/);
    assert.throws(() => coseA128Gcm.create([Buffer.alloc(16)]), /32 bytes/);
  });

  it("opens with each of its keys, and says with which", () => {
    const [first, second] = vectors.seal.filter(({ name }) => ["a reading", "another key"].includes(name));
    assert.ok(first && second);
    const profile = coseA128Gcm.create([hex(first.deviceKey), hex(second.deviceKey)]);
    const index = (message: string) => profile.open(hex(message), { now: NOW, topic: first.topic }).keyIndex;
    assert.deepEqual([index(first.message), index(second.message), index(first.message)], [0, 1, 0]);
  });
});

describe("CborReader", () => {
  const head = (text: string) => new CborReader(hex(text)).head("bytes");

  it("reads lengths in their shortest form only (RFC 8949, 4.2.1)", () => {
    const lengths = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1];
    for (const length of lengths) assert.equal(new CborReader(cborHead("bytes", length)).head("bytes"), length);
    for (const text of ["5800", "5817", "590000", "5900ff", "5a00000000", "5a0000ffff"]) {
      rejects(() => head(text), "FORMAT");
    }
    for (const text of ["5b0000000000000001", "5c", "5d", "5e", "5f", "5f41ffff", "", "58", "59ff", "5affffff"]) {
      rejects(() => head(text), "FORMAT");
    }
  });

  it("reads the type that is asked for, bytes that are there, and an end", () => {
    for (const text of ["60", "80", "a0", "c0", "e0", "f6", "00", "20"]) rejects(() => head(text), "FORMAT");
    rejects(() => new CborReader(hex("4200")).bytes(), "FORMAT");
    rejects(() => new CborReader(hex("5affffffff00")).bytes(), "FORMAT");
    const reader = new CborReader(hex("4100ff"));
    assert.equal(reader.bytes().toString("hex"), "00");
    rejects(() => reader.end(), "FORMAT");
  });
});
