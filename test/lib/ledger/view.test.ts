import assert from "node:assert/strict";
import { join } from "node:path";
import type { AnchorRecord } from "../../../lib/common/ledger-receipt.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { openDatabase } from "../../../lib/common/sqlite.js";
import { verifyEntryProof } from "../../../lib/ledger/entry-proof.js";
import { LINES, logView } from "../../../lib/ledger/log-view.js";
import { showProof } from "../../../lib/ledger/shown-proof.js";
import { eventsTo, LedgerFolder, ORIGIN, START } from "../../support/ledgers.js";

/** Changes the file under an open ledger, as somebody with access to the disk can. */
function changeRow(folder: LedgerFolder, sql: string): void {
  const database = openDatabase(join(folder.path, "ledger.db"));
  database.exec(sql);
  database.close();
}

function anchorOf(size: number, rootHash: string): AnchorRecord {
  const [contract, lane, transaction] = ["0xc0", "0x1a", `0x${size.toString(16).padStart(64, "0")}`];
  return { size, rootHash, chainId: 31_337, contract, lane, transaction, blockNumber: 1 };
}

describe("ledger for a page", () => {
  let folder: LedgerFolder;
  beforeEach(() => {
    folder = new LedgerFolder();
  });
  afterEach(() => folder.remove());

  it("shows the newest entries, with who they are about and where they are anchored", () => {
    const ledger = folder.open();
    assert.deepEqual(logView(ledger, 7).entries, []);
    ledger.append(eventsTo(60));
    for (const size of [40, 55]) ledger.recordAnchor(anchorOf(size, ledger.rootAt(size).toString("hex")));
    const view = logView(ledger, START);
    assert.deepEqual([view.origin, view.vkey, view.checkpoint], [ORIGIN, ledger.vkey, ledger.checkpoint]);
    assert.equal(view.entries.length, LINES);
    assert.deepEqual(
      view.entries.map(({ index }) => index),
      Array.from({ length: LINES }, (_, i) => 59 - i),
    );
    assert.equal(view.anchored?.size, 55);
    const line = (index: number) => view.entries.find((entry) => entry.index === index);
    assert.equal(line(59)?.anchor, null);
    assert.equal(line(54)?.anchor?.transaction, anchorOf(55, "").transaction);
    assert.equal(line(39)?.anchor?.transaction, anchorOf(40, "").transaction);
    const entry = ledger.entry(30)?.data;
    assert.deepEqual(line(30), {
      ...{ index: 30, at: entry?.at, kind: entry?.kind, devices: [entry?.evidence?.[0]?.device], deviceCount: 1 },
      leafHash: ledger.entry(30)?.leafHash,
      batchHash: entry?.detail?.batch_hash,
      ...{ state: "kept", anchor: line(39)?.anchor },
    });
  });

  it("names a few of many devices, and the source of an incident", () => {
    const ledger = folder.open();
    const evidence = Array.from({ length: 9 }, (_, i) => {
      return { device: `d-${i}`, event: "HEARTBEAT" as const, authenticated: true };
    });
    const detail = { source: `<b>${"x".repeat(100)}` };
    ledger.append([
      { kind: "heartbeat", at: START, evidence },
      { kind: "incident", at: START, detail },
    ]);
    const [incident, heartbeat] = logView(ledger, START).entries;
    assert.deepEqual([heartbeat?.devices.length, heartbeat?.deviceCount], [5, 9]);
    assert.deepEqual(incident?.devices, [detail.source.slice(0, 64)]);
  });

  it("shows what was erased, and that a row was changed", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(4));
    ledger.erase(2, "admin", "asked for");
    changeRow(folder, "UPDATE entry SET data = replace(data, 'sensor', 'fensor') WHERE idx = 3");
    const states = logView(ledger, START).entries.map(({ index, state, kind }) => [index, state, kind]);
    assert.deepEqual(states, [
      [4, "kept", "erase"],
      [3, "damaged", null],
      [2, "erased", null],
      [1, "kept", "alert"],
      [0, "kept", "rules"],
    ]);
    assert.throws(() => ledger.entry(3), /damaged/);
  });

  it("proves every entry, also an erased one, to somebody who has the key", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(20));
    ledger.erase(5, "admin", "asked for");
    ledger.recordAnchor(anchorOf(10, ledger.rootAt(10).toString("hex")));
    for (let index = 0; index < ledger.size; index++) {
      const shown = showProof(ledger, index);
      assert.equal(shown.problem, null, `entry ${index}`);
      assert.equal(verifyEntryProof(shown, ledger.vkey).size, ledger.size);
      assert.equal(shown.anchor?.size ?? null, index < 10 ? 10 : null);
      assert.equal(shown.text === null, index === 5);
    }
  });

  it("gives out what is on the disk, and says that it does not fit, after any change", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(8));
    changeRow(folder, "UPDATE entry SET data = replace(data, 'sensor', 'fensor') WHERE idx = 3");
    const changed = showProof(ledger, 3);
    assert.match(changed.text ?? "", /fensor/);
    assert.match(changed.problem ?? "", /not what its leaf is the hash of/);
    // Whoever changes the hash as well does not get to the root that is signed.
    changeRow(folder, "UPDATE entry SET leaf = (SELECT leaf FROM entry WHERE idx = 4) WHERE idx = 5");
    changeRow(folder, "UPDATE entry SET data = (SELECT data FROM entry WHERE idx = 4) WHERE idx = 5");
    assert.match(showProof(ledger, 5).problem ?? "", /does not lead to the signed root/);
    assert.equal(showProof(ledger, 4).problem, null);
  });

  it("refuses what is no number of an entry", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(3));
    for (const [index, code] of [
      ["1", "SCHEMA"],
      [1.5, "SCHEMA"],
      [Number.NaN, "SCHEMA"],
      [null, "SCHEMA"],
      [{ valueOf: () => 1 }, "SCHEMA"],
      [-1, "RANGE"],
      [3, "RANGE"],
      [Number.MAX_SAFE_INTEGER, "RANGE"],
    ] as const) {
      assert.throws(
        () => showProof(ledger, index),
        (error: unknown) => error instanceof Rejection && error.code === code,
      );
    }
  });
});
