import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { encodeBase64Url } from "../../../lib/envelope/base64.js";
import { fernet } from "../../../lib/envelope/fernet.js";
import { HmacSha256 } from "../../../lib/envelope/hmac-sha256.js";
import { rejects } from "./rejects.js";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const key = Buffer.from("9f1c4be2a7d35068e41b7c2f90a6d8531e7fb04cc92d5a8613f7e0b46a8d215c", "hex");
const other = Buffer.from("c3a91e04d86b527f1c9a40e7b35d8f602b7ed4916afc083517e2b9604dcf8a13", "hex");
const text = JSON.stringify({ device_id: "rack-1", temperature_C: 24.5 });

const profile = fernet.create([key]);
const seal = (plaintext = text, now = NOW) => profile.seal(Buffer.from(plaintext), { now }) as string;
const open = (token: string | Buffer, now = NOW) => profile.open(Buffer.from(token), { now });

describe("fernet", () => {
  it("opens what it sealed, for every length around the block size", () => {
    for (let length = 0; length <= 50; length++) {
      const plaintext = randomBytes(length);
      const opened = open(profile.seal(plaintext, { now: NOW + 999 }) as string);
      assert.deepEqual(opened.plaintext, plaintext);
      assert.equal(opened.issuedAt, NOW);
    }
  });

  it("never repeats an IV, also beyond the pool's end", () => {
    const ivs = new Set(Array.from({ length: 3000 }, () => Buffer.from(seal(), "base64url").toString("hex", 9, 25)));
    assert.equal(ivs.size, 3000);
  });

  it("accepts one spelling of a token only", () => {
    let token = seal();
    while (!/[-_]/.test(token) || !token.endsWith("=")) token = seal(`${text}${" ".repeat(token.length % 40)}`);
    const spellings = [
      token.replaceAll("-", "+").replaceAll("_", "/"),
      token.replace(/=+$/, ""),
      `${token}=`,
      `${token}\n`,
      ` ${token}`,
      `${token.slice(0, 40)}\n${token.slice(40)}`,
      `${token.slice(0, 40)}!!!!${token.slice(40)}`,
      `${token.slice(0, 40)}Ł${token.slice(41)}`,
      `${token}====`,
    ];
    for (const spelling of spellings) {
      assert.notEqual(spelling, token);
      rejects(() => open(spelling), "FORMAT");
    }
    assert.equal(open(token).keyIndex, 0);
  });

  it("refuses stray bits behind the last character", () => {
    let token = seal();
    for (let pad = ""; !token.endsWith("="); pad += " ") token = seal(text + pad.repeat(16));
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const at = token.indexOf("=") - 1;
    const next = alphabet[alphabet.indexOf(token[at] as string) + 1] as string;
    const twin = token.slice(0, at) + next + token.slice(at + 1);
    assert.deepEqual(Buffer.from(twin, "base64url"), Buffer.from(token, "base64url"));
    rejects(() => open(twin), "FORMAT");
  });

  it("refuses every bit flip, cut and extension of a token: 0 of at least 1,900", () => {
    const raw = Buffer.from(seal(), "base64url");
    const encode = (bytes: Buffer) => bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
    let tried = 0;
    const refuse = (bytes: Buffer) => {
      rejects(() => open(encode(bytes)), "FORMAT", "AUTH", "STALE");
      tried++;
    };
    for (let bit = 0; bit < raw.length * 8; bit++) {
      const flipped = Buffer.from(raw);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      refuse(flipped);
    }
    for (let length = 0; length < raw.length; length++) refuse(raw.subarray(0, length));
    for (let first = 1; first < raw.length; first++) refuse(raw.subarray(first));
    for (let extra = 1; extra <= 64; extra++) {
      for (let i = 0; i < 14; i++) refuse(Buffer.concat([raw, randomBytes(extra)]));
    }
    assert.ok(tried >= 1900, `only ${tried} tried`);
    assert.equal(open(encode(raw)).plaintext.toString(), text);
  });

  it("counts age and skew in whole seconds, as Python does", () => {
    const token = seal();
    assert.ok(open(token, NOW + 60_999));
    rejects(() => open(token, NOW + 61_000), "STALE");
    assert.ok(open(token, NOW - 60_000));
    rejects(() => open(token, NOW - 60_001), "STALE");
  });

  it("judges authenticity before age, so that a forged token never counts as old", () => {
    const forged = fernet.create([other]).seal(Buffer.from(text), { now: 0 }) as string;
    rejects(() => open(forged), "AUTH");
  });

  it("tries the keys in order and seals with the first", () => {
    const rotated = fernet.create([other, key]);
    assert.equal(rotated.open(Buffer.from(seal()), { now: NOW }).keyIndex, 1);
    const fresh = rotated.seal(Buffer.from(text), { now: NOW }) as string;
    assert.equal(rotated.open(Buffer.from(fresh), { now: NOW }).keyIndex, 0);
    rejects(() => open(fresh), "AUTH");
  });

  it("refuses large messages before working on them, and does not make them", () => {
    rejects(() => open(Buffer.alloc(65_537, 0x41)), "SIZE");
    rejects(() => profile.seal(Buffer.alloc(60_000), { now: NOW }), "SIZE");
    const longest = seal("x".repeat(49_000));
    assert.equal(open(longest).plaintext.length, 49_000);
  });

  it("refuses another version, also when it is authentic", () => {
    const raw = Buffer.from(seal(), "base64url");
    raw[0] = 0x81;
    new HmacSha256(key.subarray(0, 16)).signInto(raw.subarray(0, -32), raw, raw.length - 32);
    rejects(() => open(encodeBase64Url(raw)), "FORMAT");
  });

  it("needs keys of 32 bytes", () => {
    assert.throws(() => fernet.create([]), TypeError);
    assert.throws(() => fernet.create([randomBytes(16)]), TypeError);
  });
});
