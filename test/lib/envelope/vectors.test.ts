import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "mocha";
import { aesGcmJson } from "../../../lib/envelope/aes-gcm-json.js";
import { openBatchLine, sealBatchLine } from "../../../lib/envelope/batch.js";
import { fernet } from "../../../lib/envelope/fernet.js";
import { HmacSha256 } from "../../../lib/envelope/hmac-sha256.js";
import { requireOnMachine, sharedData } from "../../setup.js";
import { rejects } from "./rejects.js";

function vectors<T>(context: Context, ...path: string[]): T {
  const file = join(sharedData, "vectors", ...path);
  requireOnMachine(context, existsSync(file), `reference data ${path.join("/")}`);
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

interface FernetVector {
  desc?: string;
  token: string;
  now: string;
  ttl_sec?: number;
  iv?: number[];
  src: string;
  secret: string;
}

interface Wycheproof<T> {
  testGroups: { ivSize: number; keySize: number; tagSize: number; tests: T[] }[];
}

interface AeadVector {
  tcId: number;
  key: string;
  iv: string;
  aad: string;
  msg: string;
  ct: string;
  tag: string;
  result: "valid" | "invalid" | "acceptable";
}

const hex = (text: string) => Buffer.from(text, "hex");

describe("published vectors", () => {
  it("Fernet specification: generate", function () {
    for (const { token, now, iv, src, secret } of vectors<FernetVector[]>(this, "fernet", "generate.json")) {
      const profile = fernet.create([Buffer.from(secret, "base64url")]);
      assert.equal(profile.seal(Buffer.from(src), { now: Date.parse(now), iv: Buffer.from(iv ?? []) }), token);
      const line = JSON.stringify({ key: secret, message: src, now, iv });
      assert.deepEqual(sealBatchLine(Buffer.from(line), fernet), { ok: true, message: token });
    }
  });

  it("Fernet specification: verify", function () {
    for (const { token, now, ttl_sec, src, secret } of vectors<FernetVector[]>(this, "fernet", "verify.json")) {
      const profile = fernet.create([Buffer.from(secret, "base64url")], { ttl: ttl_sec ?? 60 });
      assert.equal(profile.open(Buffer.from(token), { now: Date.parse(now) }).plaintext.toString(), src);
      const line = JSON.stringify({ key: secret, message: token, now, ttl: ttl_sec });
      assert.deepEqual(openBatchLine(Buffer.from(line), fernet), { ok: true, hex: Buffer.from(src).toString("hex") });
    }
  });

  it("Fernet specification: each invalid token for its own reason", function () {
    const expected: Record<string, string> = {
      "incorrect mac": "AUTH",
      "too short": "FORMAT",
      "invalid base64": "FORMAT",
      "payload size not multiple of block size": "FORMAT",
      "payload padding error": "FORMAT",
      "far-future TS (unacceptable clock skew)": "STALE",
      "expired TTL": "STALE",
      "incorrect IV (causes padding error)": "FORMAT",
    };
    const cases = vectors<FernetVector[]>(this, "fernet", "invalid.json");
    const codes = cases.map(({ token, now, ttl_sec, secret }) => {
      const profile = fernet.create([Buffer.from(secret, "base64url")], { ttl: ttl_sec ?? 60 });
      return rejects(() => profile.open(Buffer.from(token), { now: Date.parse(now) })).code;
    });
    assert.deepEqual(Object.fromEntries(cases.map(({ desc }, i) => [desc, codes[i]])), expected);
  });

  it("Wycheproof AES-GCM: 96-bit IVs as they say, every other size refused", function () {
    const { testGroups } = vectors<Wycheproof<AeadVector>>(this, "wycheproof", "aes_gcm_test.json");
    let opened = 0;
    let refused = 0;
    for (const { ivSize, keySize, tests } of testGroups) {
      for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
        if (keySize === 192) {
          assert.throws(() => aesGcmJson.create([hex(key)]), TypeError, `test ${tcId}`);
          refused++;
          continue;
        }
        const profile = aesGcmJson.create([hex(key)]);
        const message = hex(iv + ct + tag);
        const context = { now: 0, topic: hex(aad) };
        if (ivSize === 96 && result === "valid") {
          assert.equal(profile.open(message, context).plaintext.toString("hex"), msg, `test ${tcId}`);
          assert.deepEqual(profile.seal(hex(msg), { ...context, iv: hex(iv) }), message, `test ${tcId}`);
          opened++;
        } else {
          rejects(() => profile.open(message, context), "AUTH", "FORMAT");
          refused++;
        }
      }
    }
    assert.ok(opened >= 60, `only ${opened} valid cases`);
    assert.equal(opened + refused, 316);
  });

  it("Wycheproof HMAC-SHA-256: full tags as they say, shortened tags never", function () {
    type Vector = { tcId: number; key: string; msg: string; tag: string; result: string };
    const { testGroups } = vectors<Wycheproof<Vector>>(this, "wycheproof", "hmac_sha256_test.json");
    let count = 0;
    for (const { tagSize, tests } of testGroups) {
      for (const { tcId, key, msg, tag, result } of tests) {
        const valid = tagSize === 256 && result === "valid";
        assert.equal(new HmacSha256(hex(key)).verify(hex(msg), hex(tag)), valid, `test ${tcId}`);
        count++;
      }
    }
    assert.equal(count, 174);
  });
});
