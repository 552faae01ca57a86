// Messages as the devices of other systems make them, made here by Python.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Context } from "mocha";
import { aesEcbCrc } from "../../../lib/envelope/aes-ecb-crc.js";
import { coseA128Gcm } from "../../../lib/envelope/cose-a128gcm.js";
import { hmacJson } from "../../../lib/envelope/hmac-json.js";
import { EnvelopeReceiver } from "../../../lib/envelope/receiver.js";
import { requireOnMachine } from "../../setup.js";
import { sealEcbCrc } from "../../support/raw-envelope.js";
import { type CoseVectors, VECTORS_PATH } from "../../vectors/cose-a128gcm.js";
import { rejects } from "./rejects.js";

const PYTHON = "/usr/bin/python3";
const NOW = Date.UTC(2026, 0, 1);
const AES_KEY = Buffer.from("91c6d05ae2477fb8036e1d9a54f2880b", "hex");
const HMAC_KEY = Buffer.from("3d90e6c1f7284ab55e0d17c9836f2ba4d1e87503ba6c9f2840d5e7138ac6b29f", "hex");

function python(script: string, input: object): string[] {
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-c", script], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 1 << 24,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as string[];
}

function requirePython(context: Context, module: string): void {
  const present = spawnSync(PYTHON, ["-c", `import ${module}`]).status === 0;
  requireOnMachine(context, present, "Python's cryptography (apt install python3-cryptography)");
}

const ECB = `
import json, sys, zlib
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
job = json.load(sys.stdin)
out = []
for text in job["texts"]:
    padded = ("%s|%08X" % (text, zlib.crc32(text.encode()))).encode()
    padded += b"\\0" * (-len(padded) % 16)
    encryptor = Cipher(algorithms.AES(bytes.fromhex(job["key"])), modes.ECB()).encryptor()
    out.append((encryptor.update(padded) + encryptor.finalize()).hex())
print(json.dumps(out))
`;

const HMAC = `
import hashlib, hmac, json, sys
job = json.load(sys.stdin)
out = []
for body in job["bodies"]:
    signed = json.dumps(body)[:-1]
    tag = hmac.new(bytes.fromhex(job["key"]), signed.encode(), hashlib.sha256).hexdigest()
    out.append(signed + ',"sig":"' + tag + '"}')
print(json.dumps(out))
`;

const COSE = `
import json, sys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
out = []
for case in json.load(sys.stdin):
    raw = {name: bytes.fromhex(case[name]) for name in ("deviceKey", "kid", "bootId", "counter", "aad", "plaintext")}
    info = b"env/v1" + bytes([len(raw["kid"])]) + raw["kid"] + case["epoch"].to_bytes(4, "big")
    okm = HKDF(hashes.SHA256(), 28, raw["bootId"], info).derive(raw["deviceKey"])
    nonce = bytes(a ^ b for a, b in zip(okm[16:], bytes(4) + raw["counter"]))
    out.append(AESGCM(okm[:16]).encrypt(nonce, raw["plaintext"], raw["aad"]).hex())
print(json.dumps(out))
`;

const TEXTS = [
  '{"temp":25.50,"hum":60.00,"id":"ESP32_Sensor_001"}',
  '{"temp":-3.00,"hum":0.00,"id":"a"}',
  '{"a":"|00000000"}',
  // The checksum ends with the block: no padding.
  '{"a":1}',
  '{"a":"\\u00e9"}',
];

describe("aes-ecb-crc", () => {
  const receiver = new EnvelopeReceiver(aesEcbCrc, [AES_KEY]);

  it("opens what a sketch with AES-ECB and a CRC-32 sends, and proves nothing", function () {
    requirePython(this, "cryptography");
    const messages = python(ECB, { key: AES_KEY.toString("hex"), texts: TEXTS });
    for (const [index, message] of messages.entries()) {
      const received = receiver.receive(Buffer.from(message, "hex"), { now: NOW });
      assert.deepEqual(received.payload, JSON.parse(TEXTS[index] as string));
      assert.equal(received.authenticated, false);
      assert.equal(received.sender, undefined);
      assert.equal(message, sealEcbCrc(AES_KEY, Buffer.from(TEXTS[index] as string)).toString("hex"));
    }
  });

  it("takes a checksum without leading zeros, and no other", () => {
    let n = 0;
    while (crc32(`{"n":${n}}`) >= 0x0100_0000) n++;
    const text = Buffer.from(`{"n":${n}}`);
    const message = sealEcbCrc(AES_KEY, text, 1);
    assert.deepEqual(receiver.receive(message, { now: NOW }).payload, { n });
    assert.deepEqual(receiver.receive(sealEcbCrc(AES_KEY, text), { now: NOW }).payload, { n });
    for (let bit = 0; bit < message.length * 8; bit++) {
      const changed = Buffer.from(message);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      rejects(() => receiver.receive(changed, { now: NOW }), "AUTH");
    }
    for (const length of [0, 1, 15, 17]) {
      rejects(() => receiver.receive(Buffer.alloc(length, 1), { now: NOW }), "FORMAT");
    }
    rejects(() => receiver.receive(Buffer.alloc(32), { now: NOW }), "AUTH");
    rejects(() => new EnvelopeReceiver(aesEcbCrc, [AES_KEY], { maxBytes: 15 }).receive(message, { now: NOW }), "SIZE");
  });

  it("knows its limits: equal readings look alike, and copies pass", () => {
    const message = sealEcbCrc(AES_KEY, Buffer.from(TEXTS[0] as string));
    assert.deepEqual(message, sealEcbCrc(AES_KEY, Buffer.from(TEXTS[0] as string)));
    receiver.receive(message, { now: NOW });
    receiver.receive(message, { now: NOW });
    assert.throws(() => aesEcbCrc.create([AES_KEY]).seal(Buffer.from("{}"), { now: NOW }), /receiving/);
    assert.throws(() => aesEcbCrc.create([HMAC_KEY]), /16 bytes/);
    assert.throws(() => aesEcbCrc.create([]), /at least one/);
  });
});

describe("hmac-json", () => {
  const BODIES = [
    {
      device_id: "esp32_1",
      user_id: "u1",
      timestamp: 0,
      sequence_number: 7,
      sensors: { temperature: 21.5, motion: true },
      system: { battery_level: 99, cpu_usage: 11, wifi_signal: -60 },
    },
    { device_id: "flat", timestamp: "2026-01-01T00:00:00Z", sequence_no: 1, cpu_usage: 3, battery_level: 88 },
    { device_id: "ü", note: 'a","sig":"b', sequence_no: 0 },
  ];
  const profile = hmacJson.create([HMAC_KEY]);

  it("opens what Python signs with hmac, byte for byte", () => {
    for (const [index, message] of python(HMAC, { key: HMAC_KEY.toString("hex"), bodies: BODIES }).entries()) {
      const opened = profile.open(Buffer.from(message), { now: NOW });
      assert.deepEqual(JSON.parse(opened.plaintext.toString()), BODIES[index]);
      // The other way round: the same text gives the same message.
      assert.equal(profile.seal(opened.plaintext, { now: NOW }), message);
    }
  });

  it("opens none of 1,900 forgeries", () => {
    const message = Buffer.from(profile.seal(Buffer.from(JSON.stringify(BODIES[0])), { now: NOW }) as string);
    let forged = 0;
    const refuse = (changed: Buffer) => {
      forged++;
      rejects(() => profile.open(changed, { now: NOW }), "FORMAT", "AUTH");
    };
    for (let bit = 0; bit < message.length * 8; bit++) {
      const changed = Buffer.from(message);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      refuse(changed);
    }
    for (let length = 0; length < message.length; length++) refuse(message.subarray(0, length));
    for (const end of [" ", "}", "\n", "\0"]) refuse(Buffer.concat([message, Buffer.from(end)]));
    // A second signature over a signed message is not one over what it carries.
    refuse(Buffer.from(`${message.toString().slice(0, -1)},"sig":"${"0".repeat(64)}"}`));
    assert.ok(forged >= 1900, `${forged}`);
  });

  it("signs JSON objects with something in them, with a key of 32 bytes", () => {
    for (const text of ["", "{}", "{ }", "[1]", "1"]) {
      rejects(() => profile.seal(Buffer.from(text), { now: NOW }), "SCHEMA");
    }
    assert.throws(() => hmacJson.create([AES_KEY]), /32 bytes/);
    assert.throws(() => hmacJson.create([]), /at least one/);
    const small = hmacJson.create([HMAC_KEY], { maxBytes: 100 });
    rejects(() => small.seal(Buffer.from(`{"a":"${"x".repeat(30)}"}`), { now: NOW }), "SIZE");
    rejects(() => small.open(Buffer.alloc(101), { now: NOW }), "SIZE");
  });
});

describe("cose-a128gcm in Python", () => {
  it("gives the ciphertexts of the vectors", function () {
    requirePython(this, "cryptography.hazmat.primitives.kdf.hkdf");
    const { seal } = JSON.parse(readFileSync(VECTORS_PATH, "utf8")) as CoseVectors;
    const ciphertexts = python(COSE, seal);
    for (const [index, { message, name, deviceKey, topic, plaintext }] of seal.entries()) {
      assert.ok(message.endsWith(ciphertexts[index] as string), name);
      const opened = coseA128Gcm.create([Buffer.from(deviceKey, "hex")]).open(Buffer.from(message, "hex"), {
        now: NOW,
        topic,
      });
      assert.equal(opened.plaintext.toString("hex"), plaintext);
    }
  });
});
