import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "../../../lib/common/sqlite.js";
import { type Cell, cellKey, labels, SCOPE } from "../../../lib/occupancy/cell.js";
import { deriveKey } from "../../../lib/occupancy/keys.js";
import { OccupancyStore } from "../../../lib/occupancy/occupancy-store.js";
import { DAY, MASTER, macOf, OCTOBER } from "../../support/occupancy.js";

const TABLE = "wl_idx_202610";

describe("an occupancy database that somebody changes", () => {
  let folder: string;
  let files = 0;
  let path: string;
  let store: OccupancyStore;
  let database: Database;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-tampering-"));
  });
  beforeEach(async () => {
    path = join(folder, `${++files}.db`);
    store = OccupancyStore.open({ store: { kind: "sqlite", path }, masters: [MASTER], ingest: { batchMs: 5 } });
    await store.ingest(
      Array.from({ length: 40 }, (_, i) => ({ mac: macOf(i), ap: "a", start: OCTOBER + 60 * i, duration: 60 })),
    );
    database = openDatabase(path);
  });
  afterEach(async () => {
    database.close();
    await store.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const count = () => store.count({ names: ["a"] }, OCTOBER - 3600 * 12, OCTOBER + 3600 * 12);
  /** The labels of the day's cell, as only the key's holder can know them. */
  function dayLabels(): Buffer[] {
    const salt = database.prepare("SELECT v FROM wl_meta WHERE k = 'salt'").get()?.v as Buffer;
    const cell: Cell = { scope: SCOPE.apDay, slot: Math.floor(OCTOBER / DAY), id: Buffer.from("a") };
    return labels(cellKey(deriveKey(MASTER, salt, "idx", "202610"), cell), 0, 40);
  }
  const value = (label: Buffer) =>
    database.prepare(`SELECT val FROM ${TABLE} WHERE label = ?`).get(label)?.val as Buffer;
  const set = (label: Buffer, val: Buffer) =>
    database.prepare(`UPDATE ${TABLE} SET val = ? WHERE label = ?`).run(val, label);

  it("answers right while nobody does", async () => {
    assert.equal((await count()).count, 40);
    assert.ok(dayLabels().every((label) => value(label)));
  });

  it("is found out for a changed, cut, longer or swapped value, with the table's name", async () => {
    const [first, second] = dayLabels() as [Buffer, Buffer];
    const [one, two] = [value(first), value(second)];
    const changed = Buffer.from(one);
    changed[30] = (changed[30] as number) ^ 1;
    for (const bad of [changed, one.subarray(0, -1), Buffer.concat([one, Buffer.from([0])]), Buffer.alloc(0), two]) {
      set(first, bad);
      await assert.rejects(count(), { name: "StoreFailure", code: "TAMPERED", table: TABLE });
      await assert.rejects(store.verify(), { code: "TAMPERED", table: TABLE });
    }
    set(first, two);
    set(second, one);
    await assert.rejects(count(), { code: "TAMPERED", table: TABLE });
    set(first, one);
    set(second, two);
    assert.equal((await count()).count, 40);
  });

  it("is found out for every single deleted row but a cell's last one, which verify finds", async () => {
    const all = dayLabels();
    const remove = database.prepare(`DELETE FROM ${TABLE} WHERE label = ?`);
    for (const [i, label] of all.entries()) {
      const kept = value(label);
      remove.run(label);
      if (i < all.length - 1) await assert.rejects(count(), { code: "HOLE", table: TABLE }, `row ${i}`);
      await assert.rejects(store.verify(), { code: "HOLE", table: TABLE });
      database.prepare(`INSERT INTO ${TABLE} VALUES (?, ?)`).run(label, kept);
    }
    assert.equal((await count()).count, 40);
  });

  it("is found out for a foreign row, and rows with foreign labels change no answer", async () => {
    database.prepare(`INSERT INTO ${TABLE} VALUES (?, ?)`).run(Buffer.alloc(16, 3), Buffer.alloc(68, 4));
    assert.equal((await count()).count, 40);
    await assert.rejects(store.verify(), { code: "TAMPERED" });
  });

  it("is found out for a table or the state that is gone or old", async () => {
    database.exec(`ALTER TABLE ${TABLE} RENAME TO elsewhere`);
    await assert.rejects(count(), { code: "MISSING_TABLE", table: TABLE });
    database.exec(`ALTER TABLE elsewhere RENAME TO ${TABLE}`);
    assert.equal((await count()).count, 40);
    const state = database.prepare("SELECT v FROM wl_meta WHERE k = 'state'").get()?.v as Buffer;
    const put = database.prepare("UPDATE wl_meta SET v = ? WHERE k = ?");
    const reopened = async () => {
      const other = OccupancyStore.open({ store: { kind: "sqlite", path }, masters: [MASTER] });
      await other.ready().finally(() => other.close());
    };
    const changed = Buffer.from(state);
    changed[40] = (changed[40] as number) ^ 1;
    for (const bad of [changed, state.subarray(0, 20), state.subarray(0, -1)]) {
      put.run(bad, "state");
      await assert.rejects(reopened(), { code: "TAMPERED", table: "wl_meta" });
    }
    database.prepare("DELETE FROM wl_meta WHERE k = 'state'").run();
    await assert.rejects(reopened(), { code: "TAMPERED", table: "wl_meta" });
    database.prepare("INSERT INTO wl_meta VALUES ('state', ?)").run(state);
    put.run(Buffer.alloc(32, 1), "salt");
    await assert.rejects(reopened(), { code: "WRONG_KEY" });
  });

  it("is found out for names cut from the list of access points, and sessions are taken all the same", async () => {
    await store.ingest([{ mac: macOf(50), ap: "b", start: OCTOBER, duration: 60 }]);
    const salt = database.prepare("SELECT v FROM wl_meta WHERE k = 'salt'").get()?.v as Buffer;
    const cell: Cell = { scope: SCOPE.directory, slot: 0, id: Buffer.alloc(0) };
    const [, last] = labels(cellKey(deriveKey(MASTER, salt, "idx", "000000"), cell), 0, 2) as [Buffer, Buffer];
    assert.equal(database.prepare("DELETE FROM wl_idx_000000 WHERE label = ?").run(last), 1);
    const source = { kind: "sqlite", path } as const;
    const reader = OccupancyStore.open({ store: source, masters: [MASTER], ingest: { batchMs: 5 } });
    const period = [OCTOBER - 3600, OCTOBER + 3600] as const;
    const cut = { code: "HOLE", table: "wl_idx_000000" };
    await assert.rejects(reader.accessPoints(), cut);
    await assert.rejects(reader.count("all", ...period), cut);
    await assert.rejects(reader.count({ prefix: "a" }, ...period), cut);
    assert.equal((await reader.count({ names: ["b"] }, ...period)).count, 1, "who names it needs no list");
    await reader.ingest([{ mac: macOf(51), ap: "b", start: OCTOBER, duration: 60 }]);
    assert.equal((await reader.count({ names: ["b"] }, ...period)).count, 2);
    await assert.rejects(reader.verify(), cut);
    await reader.close();
  });

  it("can put an erased session back, as the documentation says", async () => {
    const kept = database.prepare(`SELECT label, val FROM ${TABLE}`).all() as { label: Buffer; val: Buffer }[];
    await store.erase(macOf(3));
    assert.equal((await count()).count, 39);
    for (const { label, val } of kept) set(label, val);
    assert.equal((await count()).count, 40);
    await store.verify();
  });

  it("is found out for a cell of another month put in its place", async () => {
    await store.ingest([{ mac: macOf(1), ap: "a", start: OCTOBER + 31 * DAY, duration: 60 }]);
    const november = database.prepare("SELECT val FROM wl_idx_202611 LIMIT 1").get()?.val as Buffer;
    set(dayLabels()[0] as Buffer, november);
    await assert.rejects(count(), { code: "TAMPERED" });
  });
});
