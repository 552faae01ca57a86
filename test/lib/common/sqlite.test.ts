import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "../../../lib/common/sqlite.js";

describe("sqlite", () => {
  let folder: string;
  const opened: Database[] = [];
  const open = (...parameters: Parameters<typeof openDatabase>) => {
    const database = openDatabase(...parameters);
    opened.push(database);
    return database;
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-sqlite-"));
  });
  after(() => {
    for (const database of opened) database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("makes a private file in WAL mode, with the durability asked for", () => {
    const path = join(folder, "new", "a.db");
    const database = open(path, { synchronous: "FULL", busyTimeoutMs: 1234 });
    database.exec("CREATE TABLE t (x)");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(`${path}-wal`).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, "new")).mode & 0o777, 0o700);
    const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {});
    assert.deepEqual([pragma("journal_mode"), pragma("synchronous"), pragma("busy_timeout")], [["wal"], [2], [1234]]);
    assert.deepEqual(Object.values(open(join(folder, "b.db")).prepare("PRAGMA synchronous").get() ?? {}), [1]);
  });

  it("gives back what was stored: numbers, texts, blobs as Buffer, null", () => {
    const database = open(":memory:");
    database.exec("CREATE TABLE t (a INTEGER PRIMARY KEY, b, c, d)");
    const add = database.prepare("INSERT INTO t VALUES (?, ?, ?, ?)");
    assert.equal(add.run(2 ** 52, 0.1, "\u20ac\u0001x", Buffer.from([0, 255])), 1);
    add.run(1, null, "", new Uint8Array());
    const rows = database.prepare("SELECT * FROM t ORDER BY a DESC").all();
    assert.deepEqual(rows, [
      { a: 2 ** 52, b: 0.1, c: "\u20ac\u0001x", d: Buffer.from([0, 255]) },
      { a: 1, b: null, c: "", d: Buffer.alloc(0) },
    ]);
    assert.deepEqual(database.prepare("SELECT b FROM t WHERE a = ?").get(1), { b: null });
    assert.deepEqual(database.prepare("SELECT a FROM t WHERE d = ?").get(Buffer.from([0, 255])), { a: 2 ** 52 });
    assert.equal(database.prepare("SELECT b FROM t WHERE a = ?").get(7), undefined);
    assert.equal(database.prepare("UPDATE t SET b = 3").run(), 2);
    assert.throws(() => database.prepare("UPDATE t SET c = ?").run("a\u0000b"), /holds NUL/);
  });

  it("does all of a transaction or nothing, and can go on", () => {
    const database = open(join(folder, "transaction.db"));
    database.exec("CREATE TABLE t (a INTEGER PRIMARY KEY)");
    const add = database.prepare("INSERT INTO t VALUES (?)");
    const count = () => database.prepare("SELECT count(*) AS n FROM t").get()?.n;
    assert.equal(
      database.transaction(() => add.run(1) + add.run(2)),
      2,
    );
    assert.throws(() => database.transaction(() => add.run(3) + add.run(1)), /transaction.db: .*UNIQUE/);
    assert.equal(count(), 2);
    assert.throws(() => database.transaction(() => database.transaction(() => 1)), /open already/);
    database.transaction(() => add.run(4));
    assert.equal(count(), 3);
  });

  it("reads one state in a snapshot while another connection writes", () => {
    const path = join(folder, "snapshot.db");
    const writer = open(path);
    writer.exec("CREATE TABLE t (a)");
    const reader = open(path, { readOnly: true });
    const count = () => reader.prepare("SELECT count(*) AS n FROM t").get()?.n;
    reader.snapshot(() => {
      assert.equal(count(), 0);
      writer.transaction(() => writer.prepare("INSERT INTO t VALUES (1)").run());
      assert.equal(count(), 0);
    });
    assert.equal(count(), 1);
  });

  it("writes nothing when it is read-only, and says what is no database", () => {
    const path = join(folder, "read-only.db");
    open(path).exec("CREATE TABLE t (a)");
    assert.throws(() => open(path, { readOnly: true }).exec("INSERT INTO t VALUES (1)"), /readonly/);
    assert.throws(() => openDatabase(join(folder, "none.db"), { readOnly: true }), /none.db: cannot be opened.*ENOENT/);
    const other = join(folder, "other.db");
    writeFileSync(other, "no database ".repeat(1000));
    for (const readOnly of [true, false]) {
      assert.throws(() => openDatabase(other, { readOnly }), /other.db: cannot be opened.*not a database/);
    }
    assert.throws(() => open(path).prepare("SELECT nothing"), /read-only.db: the database refused/);
  });

  it("keeps what it writes after another process has come and gone, however often it opened the file", () => {
    const path = join(folder, "shared.db");
    const database = open(path);
    database.exec("CREATE TABLE t (a)");
    open(path).prepare("SELECT * FROM t").all();
    open(path, { readOnly: true }).prepare("SELECT * FROM t").all();
    // Without this package's code, so that it starts soon.
    const script = `const builtin = process.getBuiltinModule?.("node:sqlite");
      const database = new (builtin?.DatabaseSync ?? require("libsql"))(process.argv[1]);
      console.log(database.prepare("SELECT count(*) AS n FROM t").get().n);
      database.close();`;
    const count = () => {
      const { stdout, stderr } = spawnSync(process.execPath, ["-e", script, path], { encoding: "utf8" });
      assert.match(stdout, /^\d\n$/, stderr);
      return Number(stdout);
    };
    for (const expected of [1, 2]) {
      database.exec("INSERT INTO t VALUES (1)");
      assert.equal(count(), expected);
    }
  });

  it("may be closed twice", () => {
    const database = open(join(folder, "closed.db"));
    database.close();
    database.close();
  });
});
