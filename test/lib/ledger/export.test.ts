import assert from "node:assert/strict";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { canonicalJson } from "../../../lib/common/canonical-json.js";
import { openDatabase } from "../../../lib/common/sqlite.js";
import type { LedgerEntryData } from "../../../lib/ledger/entry.js";
import { signManifest } from "../../../lib/ledger/export/manifest.js";
import { tilePath, tilesOf } from "../../../lib/ledger/export/tile-path.js";
import { writeExport } from "../../../lib/ledger/export/write-export.js";
import type { Ledger } from "../../../lib/ledger/ledger.js";
import { createLogKey, loadLogKey } from "../../../lib/ledger/log-key.js";
import { leafHash } from "../../../lib/ledger/merkle/hash.js";
import { ExportFault } from "../../../lib/ledger/verify/fault.js";
import { verifyExport } from "../../../lib/ledger/verify/verify-export.js";
import { TrustReplay } from "../../../lib/trust/replay.js";
import { faultOf, mutateExport } from "../../support/ledger-mutations.js";
import { eventsTo, LedgerFolder, ORIGIN } from "../../support/ledgers.js";

const SIZE = 600;

/** A ledger of `size` entries, in groups, with an erased one and an anchor. */
function fill(folder: LedgerFolder, size: number): Ledger {
  const ledger = folder.open();
  const events = eventsTo(size - 1);
  for (let from = 0, group = 1; from < events.length; from += group, group = (group % 60) + 7) {
    ledger.append(events.slice(from, from + group));
  }
  ledger.erase(121, "admin", "request of the person");
  ledger.recordAnchor({
    size: 200,
    rootHash: ledger.rootAt(200).toString("hex"),
    chainId: 31337,
    contract: `0x${"a".repeat(40)}`,
    lane: `0x${"b".repeat(64)}`,
    transaction: `0x${"c".repeat(64)}`,
    blockNumber: 3,
  });
  return ledger;
}

describe("ledger export", () => {
  let folder: LedgerFolder;
  let ledger: Ledger;
  let target: string;
  const path = (name: string) => join(target, name);
  const verify = (options: { vkey?: string; anchors?: unknown } = {}) =>
    verifyExport(target, { trust: new TrustReplay(), ...options });

  before(() => {
    folder = new LedgerFolder();
    ledger = fill(folder, SIZE);
    writeExport(ledger, join(folder.path, "original"));
  });
  beforeEach(() => {
    target = mkdtempSync(join(folder.path, "copy-"));
    cpSync(join(folder.path, "original"), target, { recursive: true });
  });
  after(() => folder.remove());

  it("is verified with nothing but its files", () => {
    const report = verify({ vkey: ledger.vkey });
    assert.deepEqual(
      { ...report, rootHash: "", files: 0 },
      {
        origin: ORIGIN,
        vkey: ledger.vkey,
        keyPinned: true,
        rootHash: "",
        entries: SIZE,
        erased: 1,
        checkpoints: 19,
        devices: 7,
        anchors: 1,
        files: 0,
      },
    );
    assert.equal(verify().keyPinned, false);
  });

  it("has the layout of C2SP tlog-tiles", () => {
    assert.equal(tilePath(0, 1_234_067), "tile/0/x001/x234/067");
    assert.equal(tilePath(1, 0, 2), "tile/1/000.p/2");
    assert.equal(tilePath("entries", 5), "tile/entries/005");
    assert.deepEqual(
      [...tilesOf(70_000)].filter(({ width }) => width < 256),
      [
        { level: 0, n: 273, width: 112 },
        { level: 1, n: 1, width: 17 },
        { level: 2, n: 0, width: 1 },
      ],
    );
    for (const name of ["tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/002.p/88"]) {
      assert.ok(existsSync(path(name)), name);
    }
    const bundle = readFileSync(path("tile/entries/000"));
    const tile = readFileSync(path("tile/0/000"));
    let at = 0;
    for (let i = 0; i < 256; i++) {
      const length = bundle.readUInt16BE(at);
      const text = bundle.subarray(at + 2, at + 2 + length);
      at += 2 + length;
      if (i === 121) assert.equal(length, 0);
      else assert.deepEqual(leafHash(text), tile.subarray(32 * i, 32 * i + 32));
    }
    assert.equal(at, bundle.length);
  });

  it("is refused with another key than the one it was signed with", () => {
    const other = createLogKey(join(folder.path, "other.pem"), ORIGIN);
    assert.throws(() => verify({ vkey: other.vkey }), /file vkey: the export is of another log/);
    writeFileSync(path("vkey"), `${other.vkey}\n`);
    assert.throws(() => verify(), /checkpoint 0: it is signed by another key/);
  });

  /** Rewrites an entry and everything about it that needs no key. */
  const forge = (index: number, change: (data: LedgerEntryData) => void) => {
    const lines = readFileSync(path("entries.jsonl"), "utf8").split("\n");
    const entry = JSON.parse(lines[index] as string) as { index: number; leaf: string; data: LedgerEntryData };
    change(entry.data);
    entry.leaf = leafHash(Buffer.from(canonicalJson(entry.data))).toString("hex");
    lines[index] = canonicalJson(entry);
    writeFileSync(path("entries.jsonl"), lines.join("\n"));
  };

  it("names the entry that was changed, also where its leaf was made to fit", () => {
    const tampered = readFileSync(path("entries.jsonl"), "utf8").replace('"admin"', '"nobody"');
    const line = tampered.split("\n").findIndex((text) => text.includes("nobody"));
    const whole = readFileSync(path("entries.jsonl"));
    writeFileSync(path("entries.jsonl"), tampered);
    assert.equal(faultOf(target, ledger.vkey), `entry ${line}`);
    writeFileSync(path("entries.jsonl"), whole);

    forge(40, (data) => {
      data.detail = { forged: true };
    });
    const fault = faultOf(target, ledger.vkey) ?? "";
    assert.match(fault, /^checkpoint \d+$/);
  });

  it("names the entry whose leaf is not the one in the published tile", () => {
    const tile = readFileSync(path("tile/0/001"));
    tile[32 * 7]! ^= 1;
    writeFileSync(path("tile/0/001"), tile);
    assert.equal(faultOf(target, ledger.vkey), `entry ${256 + 7}`);
  });

  it("does not take missing data for erased data, nor a claim of erasure for one", () => {
    const lines = readFileSync(path("entries.jsonl"), "utf8").split("\n");
    const at = 180;
    lines[at] = canonicalJson({ ...(JSON.parse(lines[at] as string) as object), data: null });
    writeFileSync(path("entries.jsonl"), lines.join("\n"));
    assert.throws(() => verify(), /entry 180: its data is missing, and no later entry says/);
  });

  it("replays trust: what the log gives is what trust.jsonl must say", () => {
    const text = readFileSync(path("trust.jsonl"), "utf8");
    writeFileSync(path("trust.jsonl"), text.replace(/"score":\d+/, '"score":99'));
    assert.throws(() => verify(), /trust of sensor-0: it is not what the log gives/);
    writeFileSync(path("trust.jsonl"), text.split("\n").slice(0, -2).join("\n"));
    assert.throws(() => verify(), /trust of sensor-[56]: /);
  });

  it("catches a log that signed a false trust", () => {
    const cheat = new LedgerFolder();
    try {
      const lying = cheat.open({
        trust: {
          readRules: (rules) => rules as never,
          apply: ({ evidence = [] }) => ({
            changes: evidence.map(({ device }) => ({
              device,
              rule: "HEARTBEAT",
              previous: 50,
              score: 100,
              state: "trusted" as const,
            })),
            records: [],
          }),
        },
      });
      lying.append(eventsTo(30));
      target = join(cheat.path, "export");
      writeExport(lying, target);
      assert.match(faultOf(target, lying.vkey) ?? "", /^entry \d+$/);
    } finally {
      cheat.remove();
    }
  });

  it("holds anchors against the entries", () => {
    const root = (size: number) => ledger.rootAt(size).toString("hex");
    assert.equal(verify({ anchors: [{ size: 13, rootHash: `0x${root(13).toUpperCase()}` }] }).anchors, 2);
    assert.throws(() => verify({ anchors: [{ size: 13, rootHash: root(14) }] }), /anchor of size 13: its root is not/);
    assert.throws(() => verify({ anchors: [{ size: 9999, rootHash: root(1) }] }), /has 600 entries only/);
    for (const wrong of [{}, [1], [{ size: "1", rootHash: "" }], [{ size: 1 }], [{ rootHash: root(1) }]]) {
      assert.throws(() => verify({ anchors: wrong }), ExportFault);
    }
  });

  it("has a signed list of its files: none more, none less, none of another export", () => {
    appendFileSync(path("notes.txt"), "hello");
    assert.throws(() => verify(), /file notes.txt: the manifest does not name it/);
    rmSync(path("notes.txt"));
    const other = new LedgerFolder();
    cpSync(join(folder.path, "log.pem"), join(other.path, "log.pem"));
    const own = loadLogKey(join(other.path, "log.pem"), ORIGIN);
    writeFileSync(path("manifest"), signManifest({ size: SIZE + 1, files: [] }, own));
    assert.throws(() => verify(), /manifest: it is that of an export of 601 entries/);
    writeFileSync(path("manifest"), signManifest({ size: SIZE, files: [] }, own));
    assert.throws(() => verify(), /the manifest does not name it/);
    other.remove();
    const signer = createLogKey(join(folder.path, "own.pem"), ORIGIN);
    writeFileSync(path("manifest"), signManifest({ size: SIZE, files: [] }, signer));
    assert.throws(() => verify(), /file manifest: it is signed by another key/);
  });

  it("is not written over anything, and not at all where an entry is damaged", () => {
    assert.throws(() => writeExport(ledger, target), /exists and is not empty/);
    mkdirSync(join(folder.path, "empty"));
    assert.equal(writeExport(ledger, join(folder.path, "empty")).size, SIZE);
    const damaged = new LedgerFolder();
    const source = damaged.open();
    source.append(eventsTo(20));
    const database = openDatabase(join(damaged.path, "ledger.db"));
    database.exec("UPDATE entry SET data = replace(data, 'sensor', 'censor') WHERE idx = 12");
    database.close();
    assert.throws(() => writeExport(source, join(damaged.path, "export")), /entry 12 is damaged on disk/);
    assert.deepEqual(
      readdirSync(damaged.path).filter((name) => name.startsWith("export")),
      [],
    );
    damaged.remove();
  });

  it("can be written of a ledger without entries", () => {
    const empty = new LedgerFolder();
    try {
      target = join(empty.path, "export");
      writeExport(empty.open(), target);
      assert.equal(verify().entries, 0);
    } finally {
      empty.remove();
    }
  });

  it("shows every one of 150 random changes", () => {
    const small = new LedgerFolder();
    const { vkey } = fill(small, 260);
    const exported = join(small.path, "export");
    writeExport(small.open(), exported);
    const mutations = mutateExport(exported, vkey, 150, 5);
    small.remove();
    assert.deepEqual(
      mutations.filter(({ where }) => where === undefined),
      [],
    );
    assert.ok(new Set(mutations.map(({ what }) => what)).size >= 9);
    const inEntries = mutations.filter(({ file }) => file === "entries.jsonl");
    assert.ok(inEntries.length > 50);
    for (const { what, where } of inEntries) {
      if (what !== "delete the file") assert.match(where ?? "", /^entry \d+$/, what);
    }
  });

  it("throws nothing but faults on any entry", () => {
    const lines = readFileSync(path("entries.jsonl"), "utf8").split("\n");
    const hostile = fc.oneof(
      fc.json({ maxDepth: 4 }),
      fc.constantFrom(
        "null",
        "[]",
        "{}",
        '{"__proto__":{"index":5}}',
        '{"data":{"__proto__":1},"index":5,"leaf":"x"}',
        `{"data":${'{"a":'.repeat(50)}1${"}".repeat(50)},"index":5,"leaf":"${"0".repeat(64)}"}`,
        '{"data":1e400,"index":5,"leaf":"x"}',
        '{"data":"\\ud800","index":5,"leaf":"x"}',
        `{"data":{"kind":"erase","at":1,"erased":{"index":1,"kept":null}},"index":5,"leaf":"${"0".repeat(64)}"}`,
      ),
      fc.anything({ maxDepth: 3 }).map((data) => {
        const line = { index: 5, leaf: "0".repeat(64), data: { kind: "erase", salt: "x", erased: data } };
        try {
          const canonical = canonicalJson(line.data);
          return canonicalJson({ ...line, leaf: leafHash(Buffer.from(canonical)).toString("hex") });
        } catch {
          return "[";
        }
      }),
    );
    fc.assert(
      fc.property(hostile, (line) => {
        writeFileSync(path("entries.jsonl"), [...lines.slice(0, 5), line, ...lines.slice(6, 20)].join("\n"));
        assert.throws(() => verify(), ExportFault);
      }),
      { seed: 1, numRuns: 80 },
    );
  });
});
