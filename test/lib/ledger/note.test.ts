import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { openCheckpoint, signCheckpoint } from "../../../lib/ledger/checkpoint.js";
import { createLogKey, loadLogKey } from "../../../lib/ledger/log-key.js";
import { leafHash } from "../../../lib/ledger/merkle/hash.js";
import { type NoteSigner, noteVerifier, openNote, parseVkey, signNote } from "../../../lib/ledger/note.js";
import { anyCharacter } from "../../support/any-character.js";

describe("signed notes", () => {
  let folder: string;
  let signer: NoteSigner;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-note-"));
    signer = createLogKey(join(folder, "keys", "log.pem"), "redoubt.test/gateway-1");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("opens the note of Go's documentation with its key", () => {
    // https://pkg.go.dev/golang.org/x/mod/sumdb/note
    const verifier = parseVkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    const text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const line =
      "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert.equal(openNote(`${text}\n${line}`, verifier), text);
    assert.throws(() => openNote(`${text.replace("answer", "anzwer")}\n${line}`, verifier), /does not match/);
  });

  it("reads the key of Go's checksum database", () => {
    const vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    assert.equal(parseVkey(vkey).vkey, vkey);
    assert.equal(parseVkey(signer.vkey).vkey, signer.vkey);
    for (const wrong of [
      "",
      "x",
      vkey.replace("033de0ae", "033de0af"),
      vkey.replace("sum.", "sun."),
      `${vkey}=`,
      vkey.slice(0, -4),
      vkey.replace("+Ac4z", "+Bc4z"),
    ]) {
      assert.throws(() => parseVkey(wrong), /verifier key|no name/, wrong);
    }
    assert.throws(() => noteVerifier("two words", Buffer.alloc(32)), /no name for a log/);
  });

  it("makes the key once, privately, and refuses one that others can read or that is no such key", () => {
    const path = join(folder, "keys", "log.pem");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(loadLogKey(path, signer.name).vkey, signer.vkey);
    assert.throws(() => createLogKey(path, signer.name), /exists/);
    assert.throws(() => loadLogKey(join(folder, "none.pem"), signer.name), /missing/);
    const open = join(folder, "open.pem");
    writeFileSync(open, readFileSync(path));
    chmodSync(open, 0o644);
    assert.throws(() => loadLogKey(open, signer.name), /chmod 600/);
    writeFileSync(join(folder, "bad.pem"), "hello", { mode: 0o600 });
    assert.throws(() => loadLogKey(join(folder, "bad.pem"), signer.name), /no private key/);
  });

  it("gives back the checkpoint that was signed", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
        const checkpoint = signCheckpoint(size, Buffer.from(root), signer);
        assert.deepEqual(openCheckpoint(checkpoint.note, signer), checkpoint);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("refuses every changed, removed and added byte of a checkpoint", () => {
    const { note } = signCheckpoint(1000, leafHash(Buffer.from("root")), signer);
    const bytes = Buffer.from(note);
    const refuses = (changed: Buffer, what: string) =>
      assert.throws(() => openCheckpoint(changed.toString("utf8"), signer), Error, what);
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [0, 3, 7]) {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << bit;
        refuses(flipped, `bit ${bit} of byte ${at}`);
      }
      refuses(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]), `without byte ${at}`);
      refuses(bytes.subarray(0, at), `cut at ${at}`);
      refuses(Buffer.concat([bytes.subarray(0, at), Buffer.from("1"), bytes.subarray(at)]), `1 at ${at}`);
    }
    refuses(Buffer.concat([bytes, Buffer.from("\n")]), "a line more");
    refuses(Buffer.concat([bytes, Buffer.from("\u2014 witness AAAA\n")]), "a signature more");
  });

  it("refuses a well-signed note that is no checkpoint of this log", () => {
    const root = leafHash(Buffer.from("root")).toString("base64");
    for (const text of [
      `other.test/log\n1\n${root}\n`,
      `${signer.name}\n01\n${root}\n`,
      `${signer.name}\n-1\n${root}\n`,
      `${signer.name}\n1e3\n${root}\n`,
      `${signer.name}\n9999999999999999\n${root}\n`,
      `${signer.name}\n1\n${root.slice(4)}\n`,
      `${signer.name}\n1\n`,
      `${signer.name}\n1\n${root}\nextension\n`,
      "\n",
    ]) {
      assert.throws(() => openCheckpoint(signNote(text, signer), signer), /^Error: it/, JSON.stringify(text));
    }
    assert.throws(() => signNote("no line feed", signer), /line feed/);
  });

  it("throws nothing but errors that say what is wrong on any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        assert.throws(() => openCheckpoint(text, signer), /^Error: (there|it|the)/);
        assert.throws(() => openCheckpoint(`${signer.name}\n1\n${text}\n\n\u2014 ${text}\n`, signer), Error);
        assert.throws(() => parseVkey(text), Error);
      }),
      { seed: 1, numRuns: 150 },
    );
  });
});
