import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { formatKey, generateKey, KEY_FAMILIES, type KeyFamily, parseKey } from "../../../lib/envelope/key-family.js";
import { createKeyFile, loadKeyFile, loadOrCreateKeyFile, rotateKeyFile } from "../../../lib/envelope/key-file.js";
import { formatKeyList, parseKeyList } from "../../../lib/envelope/key-list.js";
import { KeyFailure, KeyRing, keyFingerprint } from "../../../lib/envelope/key-ring.js";
import { EnvelopeReceiver, replayCacheFor } from "../../../lib/envelope/receiver.js";
import { envelopeProfiles } from "../../../lib/envelope/registry.js";
import { anyCharacter } from "../../support/any-character.js";
import { sealRaw } from "../../support/raw-envelope.js";

const RUNS = { seed: 20260101, numRuns: 500 };

function failure(work: () => unknown, pattern: RegExp): KeyFailure {
  let failed: KeyFailure | undefined;
  try {
    work();
  } catch (error) {
    if (!(error instanceof KeyFailure)) throw error;
    failed = error;
  }
  assert.ok(failed, "it was accepted");
  assert.match(failed.message, pattern);
  return failed;
}

describe("keys", () => {
  it("read their usual spellings and nothing else", () => {
    const key = generateKey("fernet");
    assert.deepEqual(parseKey(formatKey(key, "fernet"), "fernet"), key);
    assert.equal(parseKey(key.toString("hex"), "fernet"), undefined);
    for (const family of ["aes-128", "aes-256"] as const) {
      const aes = generateKey(family);
      for (const text of [aes.toString("hex"), aes.toString("base64"), aes.toString("base64url")]) {
        assert.deepEqual(parseKey(text, family), aes);
      }
      assert.equal(parseKey(aes.toString("hex").slice(2), family), undefined);
    }
    assert.equal(parseKey("", "fernet"), undefined);
    assert.equal(parseKey(`${formatKey(key, "fernet").slice(0, 20)} ${"A".repeat(23)}`, "fernet"), undefined);
  });

  it("lists hold kids, comments and several keys; the first one is primary", () => {
    const [a, b] = [generateKey("aes-128"), generateKey("aes-128")];
    const ring = parseKeyList(`# keys\nnew:${a.toString("hex")}  # since May\n\n${b.toString("base64")}\r\n`, [
      "aes-128",
    ]);
    assert.deepEqual([ring.primary, ring.all.length, ring.kids], [a, 2, ["new", undefined]]);
    const line = parseKeyList(`${a.toString("hex")}, ${b.toString("hex")}`, ["aes-128"]);
    assert.deepEqual(line.all, [a, b]);
  });

  it("lists come back as they were written", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KEY_FAMILIES),
        fc.array(fc.option(fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/)), { minLength: 1, maxLength: 16 }),
        (family, kids) => {
          const entries = kids.map((kid) => ({ key: generateKey(family), ...(kid === null ? {} : { kid }) }));
          const ring = parseKeyList(formatKeyList(family, entries), [family]);
          assert.deepEqual(
            ring.all,
            entries.map(({ key }) => key),
          );
          assert.deepEqual(
            ring.kids,
            kids.map((kid) => kid ?? undefined),
          );
        },
      ),
      RUNS,
    );
  });

  it("lists of anything else fail without repeating it", () => {
    const secret = "correct-horse-battery-staple";
    const word = fc.oneof(fc.string({ unit: anyCharacter }), fc.constantFrom("a:b:c", ":", "#", "\0", "A".repeat(44)));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const failed = failure(() => parseKeyList(`${words.join("\n")}\n${secret}`, KEY_FAMILIES), /line|key/);
        assert.ok(!failed.message.includes(secret));
      }),
      RUNS,
    );
  });

  it("a changed key list is a ring of other keys or a KeyFailure that does not hold the key", () => {
    const text = formatKeyList("aes-256", [{ kid: "a", key: generateKey("aes-256") }, { key: generateKey("aes-256") }]);
    const secret = text.slice(2, 30);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ unit: anyCharacter, maxLength: 4 }), (at, insert) => {
        try {
          parseKeyList(text.slice(0, at) + insert + text.slice(at + 1), ["aes-256"]);
        } catch (error) {
          assert.ok(error instanceof KeyFailure);
          assert.ok(!error.message.includes(secret));
        }
      }),
      RUNS,
    );
  });

  it("published examples and patterns are refused", () => {
    const published = [
      "2b7e151628aed2a6abf7158809cf4f3c",
      "000102030405060708090a0b0c0d0e0f",
      "0f0e0d0c0b0a09080706050403020100",
      "00000000000000000000000000000000",
      "ffffffffffffffffffffffffffffffff",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "41".repeat(32),
    ];
    for (const text of published) failure(() => parseKeyList(text, ["aes-128", "aes-256"]), /published example/);
    for (const text of ["cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=", `${"A".repeat(43)}=`]) {
      const failed = failure(() => parseKeyList(text, ["fernet"]), /published example/);
      assert.ok(!failed.message.includes(text));
    }
  });

  it("rings refuse no key, too many and one that is there twice", () => {
    const key = generateKey("aes-128");
    failure(() => new KeyRing("aes-128", []), /no key/);
    failure(() => new KeyRing("aes-128", [{ key }, { key: Buffer.from(key) }]), /twice/);
    const many = Array.from({ length: 17 }, () => ({ key: generateKey("aes-128") }));
    failure(() => new KeyRing("aes-128", many), /more than 16/);
  });

  it("a ring shows fingerprints and never key bytes", () => {
    const key = generateKey("fernet");
    const ring = new KeyRing("fernet", [{ kid: "k1", key }]);
    const shown = [
      JSON.stringify({ ring }),
      inspect(ring, { depth: 9, showHidden: true, customInspect: false }),
      inspect({ ring }),
      String(ring),
      `${Object.entries(ring)}`,
    ].join("\n");
    assert.ok(shown.includes(keyFingerprint(key)));
    for (const form of [key.toString("hex"), key.toString("base64"), formatKey(key, "fernet"), inspect(key)]) {
      assert.ok(!shown.includes(form));
    }
    assert.ok(!/[0-9a-f]{2}( [0-9a-f]{2}){7}/.test(shown), "bytes of a Buffer are shown");
  });
});

describe("profiles and receivers", () => {
  for (const description of envelopeProfiles.values()) {
    it(`${description.name}: show no key bytes, after use either`, () => {
      const key = generateKey(description.keyFamilies[0] as KeyFamily);
      const profile = description.create([key]);
      const receiver = new EnvelopeReceiver(description, [key], { replayCache: replayCacheFor({}) });
      const context = { now: 0, topic: "a/b" };
      const content = Buffer.from('{"a":1}');
      if (!description.receiveOnly) profile.seal(content, context);
      receiver.receive(sealRaw(description, key, content, context), context);
      const objects = { profile, receiver };
      const shown = [
        inspect(objects, { depth: 9, showHidden: true, maxStringLength: null, maxArrayLength: null }),
        JSON.stringify(objects),
      ].join("\n");
      for (const part of [key.subarray(0, 8), key.subarray(-8)]) {
        for (const form of [part.toString("hex"), inspect(part).slice(8, -1), part.toString("base64").slice(0, 10)]) {
          assert.ok(!shown.includes(form));
        }
      }
    });
  }
});

describe("key files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-keys-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are private and never overwritten", () => {
    const path = join(folder, "deep", "a.key");
    const ring = createKeyFile(path, "aes-256");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    failure(() => createKeyFile(path, "aes-256"), /not overwritten/);
    assert.deepEqual(loadOrCreateKeyFile(path, "aes-256").all, ring.all);
    assert.deepEqual(loadKeyFile(path).family, "aes-256");
  });

  it("fail with what to do: missing, readable by others, of another family", () => {
    const path = join(folder, "a.key");
    failure(() => loadKeyFile(path), /redoubt keys generate/);
    createKeyFile(path, "aes-128");
    failure(() => loadKeyFile(path, ["fernet"]), /a\.key: line 1 is not a key of the expected kind: fernet/);
    chmodSync(path, 0o644);
    failure(() => loadKeyFile(path), /chmod 600/);
    writeFileSync(join(folder, "empty"), "# none\n", { mode: 0o600 });
    failure(() => loadKeyFile(join(folder, "empty")), /no key/);
  });

  it("rotate: a new primary, N old ones kept with their names", () => {
    const path = join(folder, "a.key");
    const first = randomBytes(32);
    writeFileSync(path, formatKeyList("fernet", [{ kid: "old", key: first }]), { mode: 0o600 });
    const rotated = rotateKeyFile(path, 1);
    assert.deepEqual([rotated.all.length, rotated.all[1], rotated.kids], [2, first, [undefined, "old"]]);
    const again = rotateKeyFile(path, 1);
    assert.deepEqual(again.all[1], rotated.primary);
    assert.ok(!again.all.some((key) => key.equals(first)));
    assert.equal(rotateKeyFile(path, 0).all.length, 1);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(readFileSync(path, "utf8").split("\n").length, 2);
    failure(() => rotateKeyFile(path, 16), /0\.\.15/);
  });
});
