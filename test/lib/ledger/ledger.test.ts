import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { LedgerEvent } from "../../../lib/common/ledger-event.js";
import type { LedgerCheckpoint } from "../../../lib/common/ledger-receipt.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { openDatabase } from "../../../lib/common/sqlite.js";
import { openCheckpoint } from "../../../lib/ledger/checkpoint.js";
import { eventOf } from "../../../lib/ledger/entry.js";
import { type EntryProof, proveEntry, verifyEntryProof } from "../../../lib/ledger/entry-proof.js";
import { GroupWriter } from "../../../lib/ledger/group-writer.js";
import { leafHash } from "../../../lib/ledger/merkle/hash.js";
import { verifyConsistency, verifyInclusion } from "../../../lib/ledger/merkle/proof.js";
import { parseVkey } from "../../../lib/ledger/note.js";
import { replayTrust } from "../../../lib/trust/replay.js";
import { eventNumber, eventsTo, LedgerFolder, ORIGIN, rulesEvent, START } from "../../support/ledgers.js";

const bytes = (hex: string) => Buffer.from(hex, "hex");

describe("ledger", () => {
  let folder: LedgerFolder;
  beforeEach(() => {
    folder = new LedgerFolder();
  });
  afterEach(() => folder.remove());
  const file = (name: string) => join(folder.path, name);

  it("gives a receipt whose checkpoint proves the entry to anybody with the key", () => {
    const ledger = folder.open();
    const verifier = parseVkey(ledger.vkey);
    assert.equal(ledger.checkpoint.size, 0);
    ledger.append([rulesEvent]);
    const receipts = ledger.append([eventNumber(3), eventNumber(4), eventNumber(1)]);
    assert.deepEqual(
      receipts.map(({ index }) => index),
      [1, 2, 3],
    );
    for (const { index, leafHash: leaf, checkpoint } of receipts) {
      const { size, rootHash } = openCheckpoint(checkpoint.note, verifier);
      assert.equal(size, 4);
      assert.ok(verifyInclusion(index, size, bytes(leaf), ledger.inclusionProof(index), bytes(rootHash)));
    }
    assert.equal(statSync(file("ledger.db")).mode & 0o777, 0o600);
    assert.equal(statSync(file("log.pem")).mode & 0o777, 0o600);
  });

  it("is the same after it was closed, and grows consistently", () => {
    let ledger = folder.open();
    const signed: LedgerCheckpoint[] = [];
    for (let i = 0, event = 0; i < 12; i++) {
      const events = i === 0 ? [rulesEvent] : Array.from({ length: i * 12 }, () => eventNumber(event++));
      signed.push(ledger.append(events)[0]!.checkpoint);
      const { vkey, size } = ledger;
      const records = ledger.trustRecords();
      ledger.close();
      ledger = folder.open();
      assert.deepEqual([ledger.vkey, ledger.size], [vkey, size]);
      assert.deepEqual(ledger.trustRecords(), records);
      assert.deepEqual(ledger.checkpoint, signed.at(-1));
    }
    assert.ok(ledger.size > 512, "more than two tiles");
    signed.forEach((older, i) => {
      const { size, rootHash } = signed.at(-1)!;
      assert.equal(ledger.rootAt(older.size).toString("hex"), older.rootHash);
      const proof = ledger.consistencyProof(older.size);
      assert.ok(verifyConsistency(older.size, size, bytes(older.rootHash), bytes(rootHash), proof), `checkpoint ${i}`);
    });
  });

  it("makes of evidence what the rules make of it, and says so in the entry", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(400));
    const entries = ledger.entries(0, 500);
    const replayed = replayTrust(entries.map(({ data }) => ({ event: eventOf(data!), claimed: data!.trust ?? [] })));
    assert.equal(replayed.length, 7);
    assert.deepEqual(ledger.trustRecords(), replayed);
    assert.deepEqual(ledger.trust("sensor-3"), replayed[3]);
    assert.equal(ledger.trust("sensor-9"), undefined);
    const [last] = ledger.trustHistory("sensor-3", 5);
    const change = last?.data?.trust?.find(({ device }) => device === "sensor-3");
    assert.equal(change?.score, ledger.trust("sensor-3")?.score);
    assert.ok(ledger.trustHistory("sensor-3", 1000).length > 20);
  });

  it("never writes two equal leaves: entries are salted", () => {
    const ledger = folder.open();
    const receipts = ledger.append(Array.from({ length: 50 }, () => eventNumber(1)));
    assert.equal(new Set(receipts.map(({ leafHash: leaf }) => leaf)).size, 50);
  });

  it("erases an entry for good; the log still proves it and trust still follows", () => {
    const ledger = folder.open();
    const secret = "Erika Mustermann, room 12";
    ledger.append(eventsTo(300));
    const { index, leafHash: leaf } = ledger.append([
      { ...eventNumber(7), kind: "incident", detail: { who: secret } },
    ])[0]!;
    const before = ledger.checkpoint;
    const records = ledger.trustRecords();
    const receipt = ledger.erase(index, "admin", "request of the person");

    assert.deepEqual(ledger.entry(index), { index, leafHash: leaf, data: null, text: null });
    assert.ok(
      verifyInclusion(index, ledger.size, bytes(leaf), ledger.inclusionProof(index), ledger.rootAt(ledger.size)),
    );
    assert.equal(ledger.rootAt(before.size).toString("hex"), before.rootHash);
    assert.deepEqual(ledger.trustRecords(), records);
    const { erased, kind } = ledger.entry(receipt.index)!.data!;
    assert.equal(kind, "erase");
    assert.deepEqual([erased?.index, erased?.leafHash, erased?.by], [index, leaf, "admin"]);
    assert.deepEqual(erased?.kept.evidence, eventNumber(7).evidence);

    assert.throws(() => ledger.erase(index, "admin", "again"), /holds no data/);
    assert.throws(() => ledger.erase(0, "admin", "the rules"), /of kind rules, which stays/);
    assert.throws(() => ledger.erase(receipt.index, "admin", "the erasure"), /of kind erase, which stays/);
    assert.throws(() => ledger.erase(9999, "admin", "none"), /holds no data/);
    ledger.close();
    for (const name of ["ledger.db", "ledger.db-wal"]) {
      if (existsSync(file(name))) assert.ok(!readFileSync(file(name)).includes("Mustermann"), name);
    }
    folder.open();
  });

  it("records all events of a call or none", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(20));
    const before = { size: ledger.size, checkpoint: ledger.checkpoint, records: ledger.trustRecords() };
    const wrongs: unknown[] = [
      { kind: "alert" },
      { kind: "erase", at: START },
      { kind: "gossip", at: START },
      { kind: "alert", at: 1.5 },
      { kind: "alert", at: START, trust: [] },
      { kind: "alert", at: START, salt: "x" },
      { kind: "alert", at: START, evidence: [{ device: "a b", event: "ANOMALY", authenticated: true }] },
      { kind: "alert", at: START, evidence: [{ device: "a", event: "TAMPER", authenticated: true }] },
      { kind: "alert", at: START, evidence: [{ device: "a", event: "ANOMALY" }] },
      { kind: "batch", at: START, evidence: [{ device: "a", event: "BATCH_RECEIPT", authenticated: true }] },
      { kind: "operator", at: START },
      { kind: "operator", at: START, operator: { action: "release", device: "a", by: "admin", reason: " " } },
      { kind: "alert", at: START, operator: { action: "release", device: "a", by: "admin", reason: "x" } },
      { kind: "batch", at: START, detail: { number: Number.NaN } },
      { kind: "batch", at: START, detail: { text: "\ud800" } },
      { kind: "batch", at: START, detail: { big: "x".repeat(65_536) } },
      JSON.parse(`{"kind":"batch","at":1,"detail":${'{"a":'.repeat(20)}1${"}".repeat(20)}}`),
      null,
      [],
      "alert",
    ];
    for (const wrong of wrongs) {
      assert.throws(() => ledger.append([eventNumber(1), wrong as LedgerEvent]), Rejection, JSON.stringify(wrong));
    }
    const noRules = { ...rulesEvent, rules: { points: {} } } as unknown as LedgerEvent;
    assert.throws(() => ledger.append([eventNumber(1), noRules]), /SECURITY_ALERT has no rule/);
    assert.deepEqual({ size: ledger.size, checkpoint: ledger.checkpoint, records: ledger.trustRecords() }, before);
    ledger.append([eventNumber(1)]);
    assert.equal(ledger.size, before.size + 1);
    assert.deepEqual(ledger.append([]), []);
  });

  it("keeps one checkpoint per interval and always the last", () => {
    let now = START;
    const ledger = folder.open({ checkpointIntervalSec: 60, now: () => now });
    for (let i = 0; i < 100; i++) {
      ledger.append([eventNumber(i)]);
      now += 10_000;
    }
    const notes = ledger.snapshot(({ checkpoints }) => checkpoints(0, 1000));
    assert.ok(notes.length >= 16 && notes.length <= 18, `${notes.length} of 100`);
    assert.equal(notes.at(-1), ledger.checkpoint.note);
    const sizes = notes.map((note) => openCheckpoint(note, parseVkey(ledger.vkey)).size);
    assert.deepEqual(
      sizes,
      [...sizes].sort((a, b) => a - b),
    );
    assert.equal(new Set(sizes).size, sizes.length);
  });

  it("lets two processes write one after the other", () => {
    const [one, two] = [folder.open(), folder.open()];
    one.append(eventsTo(10));
    for (let i = 0; i < 60; i++) (i % 3 ? one : two).append([eventNumber(i)]);
    assert.equal(two.append([eventNumber(1)])[0]?.index, 70);
    assert.deepEqual(folder.open().checkpoint, two.checkpoint);
  });

  it("does not open what is damaged, and says what to do", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(600));
    ledger.close();
    const damages: [string, RegExp][] = [
      ["DELETE FROM entry WHERE idx = 599", /damaged \(599 entries, 600 signed\); restore it from the backup/],
      ["UPDATE entry SET leaf = zeroblob(32) WHERE idx = 598", /not those that were signed/],
      ["UPDATE tile SET hashes = zeroblob(8192) WHERE n = 1", /not those that were signed/],
      ["DELETE FROM tile WHERE n = 0", /tile 0\/0 is missing/],
      ["UPDATE tile SET hashes = zeroblob(33) WHERE n = 0", /this is no tile/],
      // The line of the size alone: the digits may be in the signature too.
      [
        "UPDATE checkpoint SET note = replace(note, char(10) || '600' || char(10), char(10) || '601' || char(10))",
        /signature does not match/,
      ],
      ["DELETE FROM checkpoint", /0 signed/],
      ["UPDATE meta SET value = 'x' WHERE name = 'version'", /of version x/],
    ];
    damages.forEach(([damage, reason], i) => {
      const copy = { path: file(`${i}.db`), keyPath: file("log.pem") };
      for (const end of ["", "-wal"])
        if (existsSync(file(`ledger.db${end}`))) cpSync(file(`ledger.db${end}`), copy.path + end);
      const database = openDatabase(copy.path);
      database.exec(damage);
      database.close();
      assert.throws(() => folder.open(copy), reason, damage);
    });
    assert.equal(folder.open().size, 600);
  });

  it("does not give out an entry that was changed on disk", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(20));
    const database = openDatabase(file("ledger.db"));
    database.exec("UPDATE entry SET data = replace(data, 'sensor', 'censor') WHERE idx = 12");
    database.close();
    assert.throws(() => ledger.entry(12), /entry 12 is damaged on disk/);
    assert.ok(ledger.entry(11));
  });

  it("begins no second history under the same key, and takes no other key or origin for the same history", () => {
    folder.open().append([rulesEvent]);
    assert.throws(() => folder.open({ origin: "redoubt.test/other" }), /check its origin and its key file/);
    assert.throws(() => folder.open({ keyPath: file("none.pem") }), /private key is missing; restore it/);
    assert.equal(existsSync(file("none.pem")), false);
    assert.throws(() => folder.open({ path: file("other.db") }), /has signed a log that is missing/);
    renameSync(file("log.pem"), file("first.pem"));
    assert.equal(folder.open({ keyPath: file("first.pem") }).origin, ORIGIN);
  });

  it("remembers where roots were anchored", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(20));
    const anchor = {
      size: 12,
      rootHash: ledger.rootAt(12).toString("hex"),
      chainId: 31337,
      contract: `0x${"a".repeat(40)}`,
      lane: `0x${"b".repeat(64)}`,
      transaction: `0x${"c".repeat(64)}`,
      blockNumber: 3,
    };
    ledger.recordAnchor(anchor);
    ledger.recordAnchor({ ...anchor, blockNumber: 5 });
    assert.deepEqual(ledger.anchors(), [{ ...anchor, blockNumber: 5 }]);
    assert.throws(() => ledger.recordAnchor({ ...anchor, size: 13 }), /has another root/);
  });

  it("proves an entry to somebody who has nothing but the key and the proof", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(50));
    ledger.erase(7, "admin", "request");
    const rootHash = ledger.checkpoint.rootHash;
    for (const index of [0, 7, 31, 50]) {
      const proof = JSON.parse(JSON.stringify(proveEntry(ledger, index))) as EntryProof;
      assert.deepEqual(verifyEntryProof(proof, ledger.vkey), { size: 51, rootHash });
      const refuses = (change: Partial<EntryProof>, reason: RegExp) =>
        assert.throws(() => verifyEntryProof({ ...proof, ...change }, ledger.vkey), reason);
      refuses({ index: index + 1 }, /does not lead/);
      refuses({ text: "{}" }, /not what its leaf/);
      refuses({ text: null, leafHash: "00".repeat(32) }, /does not lead/);
      refuses({ proof: proof.proof.slice(1) }, /does not lead/);
      refuses({ proof: ["", ...proof.proof] }, /does not lead/);
      refuses({ checkpoint: proof.checkpoint.replace("51", "52") }, /signature/);
      assert.throws(() => verifyEntryProof(proof, folder.open().vkey.replace("gateway-1", "gateway-2")), /key id/);
    }
    assert.throws(() => proveEntry(ledger, 51), /no entry 51/);
  });

  it("hashes entries as RFC 6962 leaves of their canonical text", () => {
    const ledger = folder.open();
    ledger.append([eventNumber(2)]);
    const database = openDatabase(file("ledger.db"), { readOnly: true });
    const row = database.prepare("SELECT data FROM entry").get();
    database.close();
    const text = row?.data as string;
    assert.match(text, /^\{"at":\d+,"detail":\{"batch_hash":.*"kind":.*"salt":"[\w-]{22}"\}$/);
    assert.equal(leafHash(Buffer.from(text)).toString("hex"), ledger.entry(0)?.leafHash);
  });
});

describe("group writer", () => {
  let folder: LedgerFolder;
  beforeEach(() => {
    folder = new LedgerFolder();
  });
  afterEach(() => folder.remove());

  it("commits callers together, each with its own receipts", async () => {
    const ledger = folder.open();
    const writer = new GroupWriter(ledger, { maxWaitMs: 5 });
    const receipts = await Promise.all([
      writer.append([rulesEvent]),
      writer.append([eventNumber(1), eventNumber(2)]),
      writer.append([eventNumber(3)]),
    ]);
    assert.deepEqual(
      receipts.map((some) => some.map(({ index }) => index)),
      [[0], [1, 2], [3]],
    );
    assert.equal(new Set(receipts.flat().map(({ checkpoint }) => checkpoint.note)).size, 1);
    assert.deepEqual(await writer.append([]), []);
  });

  it("does not wait when a group is full, nor on closing", async () => {
    const ledger = folder.open();
    const writer = new GroupWriter(ledger, { maxWaitMs: 3_600_000, maxEvents: 4 });
    await Promise.all([writer.append(eventsTo(3)), writer.append([eventNumber(1)])]);
    const last = writer.append([eventNumber(2)]);
    writer.close();
    assert.equal((await last)[0]?.index, 4);
    await assert.rejects(writer.append([eventNumber(2)]), /closed/);
  });

  it("makes only the caller pay whose event cannot be recorded", async () => {
    const ledger = folder.open();
    const writer = new GroupWriter(ledger, { maxWaitMs: 5 });
    const tooLarge: LedgerEvent = { kind: "batch", at: START, detail: { big: "x".repeat(70_000) } };
    const results = await Promise.allSettled([
      writer.append([rulesEvent]),
      writer.append([eventNumber(1), tooLarge]),
      writer.append([{ kind: "gossip" } as unknown as LedgerEvent]),
      writer.append([eventNumber(2)]),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "rejected", "fulfilled"],
    );
    assert.equal(ledger.size, 2);
  });

  it("tells every caller when nothing can be written", async () => {
    const writer = new GroupWriter({
      append: () => {
        throw new Error("disk full");
      },
    });
    const results = await Promise.allSettled([writer.append([rulesEvent]), writer.append([rulesEvent])]);
    assert.ok(results.every((result) => result.status === "rejected" && /disk full/.test(String(result.reason))));
    writer.close();
  });
});
