import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import { Rejection } from "../../../lib/common/rejection.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { aesGcmJson } from "../../../lib/envelope/aes-gcm-json.js";
import { encodeBase64Url } from "../../../lib/envelope/base64.js";
import { fernet } from "../../../lib/envelope/fernet.js";
import { createKeyFile, loadKeyFile } from "../../../lib/envelope/key-file.js";
import { requireOnMachine } from "../../setup.js";

const PYTHON = "/usr/bin/python3";
const NOW_SECONDS = 1_767_268_800;
const NOW = NOW_SECONDS * 1000;

/** Python's side: one JSON job per line in, one JSON answer per line out. */
const ORACLE = `
import base64, json, sys
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
for line in sys.stdin:
    job = json.loads(line)
    if job["do"] == "encrypt":
        out = Fernet(job["key"]).encrypt_at_time(bytes.fromhex(job["hex"]), job["now"]).decode()
    elif job["do"] == "decrypt":
        try:
            out = Fernet(job["key"]).decrypt_at_time(bytes.fromhex(job["token"]), 60, job["now"]).hex()
        except (InvalidToken, ValueError):
            out = None
    elif job["do"] == "file":
        out = Fernet(open(job["path"], "rb").read()).encrypt_at_time(b"{}", job["now"]).decode()
    elif job["do"] == "gcm-encrypt":
        iv = bytes.fromhex(job["iv"])
        out = (iv + AESGCM(bytes.fromhex(job["key"])).encrypt(iv, bytes.fromhex(job["hex"]), job["aad"].encode())).hex()
    else:
        message = bytes.fromhex(job["message"])
        try:
            out = AESGCM(bytes.fromhex(job["key"])).decrypt(message[:12], message[12:], job["aad"].encode()).hex()
        except InvalidTag:
            out = None
    print(json.dumps(out))
`;

function python(jobs: object[]): (string | null)[] {
  const input = jobs.map((job) => `${JSON.stringify(job)}\n`).join("");
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-c", ORACLE], { input, encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(status, 0, stderr);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as string | null);
}

let hasCryptography: boolean | undefined;

function requireCryptography(context: Context): void {
  hasCryptography ??= spawnSync(PYTHON, ["-c", "import cryptography"]).status === 0;
  requireOnMachine(context, hasCryptography, "Python's cryptography (apt install python3-cryptography)");
}

const key = randomBytes(32);
const keyText = encodeBase64Url(key);
const profile = fernet.create([key]);
const hexOf = (text: string) => Buffer.from(text, "latin1").toString("hex");

/** Our verdict on a token: the plaintext in hex, or the code. */
function verdict(token: string): { hex: string | null; code?: string; reason?: string } {
  try {
    return { hex: profile.open(Buffer.from(token, "latin1"), { now: NOW }).plaintext.toString("hex") };
  } catch (error) {
    if (error instanceof Rejection) return { hex: null, code: error.code, reason: error.reason };
    throw error;
  }
}

/** One random change to a token: half to its bytes, half to its spelling. */
function mutate(token: string, random: SeededRandom): string {
  const at = random.integer(token.length);
  const raw = Buffer.from(token, "base64url");
  switch (random.integer(8)) {
    case 0:
      raw[random.integer(raw.length)]! ^= 1 << random.integer(8);
      return encodeBase64Url(raw);
    case 1:
      return encodeBase64Url(raw.subarray(0, random.integer(raw.length)));
    case 2:
      return token.slice(0, at) + String.fromCharCode(random.integer(256)) + token.slice(at + 1);
    case 3:
      return token.slice(0, at) + String.fromCharCode(random.integer(256)) + token.slice(at);
    case 4:
      return token.replaceAll("-", "+").replaceAll("_", "/");
    case 5:
      return `${token}${"=".repeat(1 + random.integer(4))}`;
    case 6:
      return `${token.slice(0, at)}\n${token.slice(at)}`;
    default:
      return token.slice(0, at) + token.slice(at + 1 + random.integer(4));
  }
}

describe("crossing with Python's cryptography", () => {
  it("Fernet tokens of both sides open on the other: 256 lengths each way", function () {
    requireCryptography(this);
    const plaintexts = Array.from({ length: 256 }, (_, length) => randomBytes(length));
    const theirs = python(
      plaintexts.map((text) => ({ do: "encrypt", key: keyText, hex: text.toString("hex"), now: NOW_SECONDS })),
    );
    const expected = plaintexts.map((text) => text.toString("hex"));
    assert.deepEqual(
      theirs.map((token) => verdict(token as string).hex),
      expected,
    );
    const ours = plaintexts.map((text) => profile.seal(text, { now: NOW }) as string);
    const opened = python(
      ours.map((token) => ({ do: "decrypt", key: keyText, token: hexOf(token), now: NOW_SECONDS })),
    );
    assert.deepEqual(opened, expected);
  });

  it("of mutated tokens Python accepts more only where the spelling is not canonical, and never less", function () {
    requireCryptography(this);
    const random = new SeededRandom(7);
    const tokens = Array.from({ length: 1500 }, (_, i) => {
      const token = profile.seal(randomBytes(20 + (i % 60)), { now: NOW }) as string;
      return mutate(token, random);
    });
    const theirs = python(
      tokens.map((token) => ({ do: "decrypt", key: keyText, token: hexOf(token), now: NOW_SECONDS })),
    );
    let refused = 0;
    let stricter = 0;
    for (const [i, token] of tokens.entries()) {
      const ours = verdict(token);
      if (theirs[i] === ours.hex) {
        if (ours.hex === null) refused++;
        continue;
      }
      assert.equal(ours.hex, null, "we accepted what Python refuses, or opened it to something else");
      assert.equal(ours.code, "FORMAT");
      assert.match(ours.reason ?? "", /canonical/);
      stricter++;
    }
    assert.ok(refused >= 500, `only ${refused} refused by both`);
    assert.ok(stricter >= 100, `only ${stricter} spellings that Python lets through`);
  });

  it("reads our key file as it is", function () {
    requireCryptography(this);
    const folder = mkdtempSync(join(tmpdir(), "redoubt-keys-"));
    try {
      const path = join(folder, "secret.key");
      createKeyFile(path, "fernet");
      const [token] = python([{ do: "file", path, now: NOW_SECONDS }]);
      const opened = fernet.create(loadKeyFile(path).all).open(Buffer.from(token as string), { now: NOW });
      assert.equal(opened.plaintext.toString(), "{}");
      assert.equal(readFileSync(path, "latin1").trim().length, 44);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("AES-GCM messages of both sides open on the other, with the topic bound", function () {
    requireCryptography(this);
    const aad = "dc/Temperatur-ä/raw";
    for (const bytes of [16, 32]) {
      const gcmKey = randomBytes(bytes);
      const gcm = aesGcmJson.create([gcmKey]);
      const jobs = Array.from({ length: 64 }, (_, length) => ({
        do: "gcm-encrypt",
        key: gcmKey.toString("hex"),
        iv: randomBytes(12).toString("hex"),
        hex: randomBytes(length).toString("hex"),
        aad,
      }));
      for (const [i, message] of python(jobs).entries()) {
        const opened = gcm.open(Buffer.from(message as string, "hex"), { now: NOW, topic: aad });
        assert.equal(opened.plaintext.toString("hex"), jobs[i]?.hex);
      }
      const ours = jobs.map(({ hex }) => gcm.seal(Buffer.from(hex, "hex"), { now: NOW, topic: aad }) as Buffer);
      const open = (topic: string) =>
        python(ours.map((m) => ({ do: "gcm", key: gcmKey.toString("hex"), message: m.toString("hex"), aad: topic })));
      assert.deepEqual(
        open(aad),
        jobs.map(({ hex }) => hex),
      );
      assert.ok(open("dc/other").every((plaintext) => plaintext === null));
    }
  });
});
