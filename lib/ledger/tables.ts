import type { Database } from "../common/sqlite.js";

const VERSION = "1";

const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entry (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL, data TEXT);
  CREATE TABLE IF NOT EXISTS tile (level INTEGER, n INTEGER, hashes BLOB NOT NULL, PRIMARY KEY (level, n));
  CREATE TABLE IF NOT EXISTS checkpoint (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, note TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS trust (device TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS trust_change (device TEXT, idx INTEGER, PRIMARY KEY (device, idx)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS anchor (chain INTEGER, contract TEXT, lane TEXT, size INTEGER, record TEXT NOT NULL,
    PRIMARY KEY (chain, contract, lane, size)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS anchor_by_size ON anchor (size);
`;

/** Makes the tables of a ledger, or checks that they are of a version we know. */
export function prepareTables(database: Database): void {
  // What is erased must not stay in free pages.
  database.prepare("PRAGMA secure_delete = ON").all();
  database.exec(TABLES);
  const version = readMeta(database, "version");
  if (version === undefined) writeMeta(database, "version", VERSION);
  else if (version !== VERSION) throw new Error(`${database.path}: a ledger of version ${version}, not ${VERSION}`);
}

export function readMeta(database: Database, name: string): string | undefined {
  return database.prepare("SELECT value FROM meta WHERE name = ?").get(name)?.value as string | undefined;
}

export function writeMeta(database: Database, name: string, value: string): void {
  database
    .prepare("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
    .run(name, value);
}

/** Every statement the ledger runs again and again. */
export function ledgerStatements(database: Database) {
  const sql = (text: string) => database.prepare(text);
  return {
    size: sql("SELECT max(idx) + 1 AS size FROM entry"),
    addEntry: sql("INSERT INTO entry VALUES (?, ?, ?)"),
    eraseEntry: sql("UPDATE entry SET data = NULL WHERE idx = ?"),
    entries: sql("SELECT idx, leaf, data FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx"),
    leaves: sql("SELECT leaf FROM entry WHERE idx >= ? ORDER BY idx"),
    addTile: sql("INSERT INTO tile VALUES (?, ?, ?)"),
    tile: sql("SELECT hashes FROM tile WHERE level = ? AND n = ?"),
    putCheckpoint: sql(
      "INSERT INTO checkpoint VALUES (?, ?, ?) ON CONFLICT (number) DO UPDATE SET at = excluded.at, note = excluded.note",
    ),
    lastCheckpoints: sql("SELECT number, at, note FROM checkpoint ORDER BY number DESC LIMIT 2"),
    checkpoints: sql("SELECT note FROM checkpoint WHERE number >= ? ORDER BY number LIMIT ?"),
    putTrust: sql("INSERT INTO trust VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET record = excluded.record"),
    trust: sql("SELECT record FROM trust ORDER BY device"),
    addChange: sql("INSERT OR IGNORE INTO trust_change VALUES (?, ?)"),
    changes: sql("SELECT idx FROM trust_change WHERE device = ? ORDER BY idx DESC LIMIT ?"),
    putAnchor: sql("INSERT OR REPLACE INTO anchor VALUES (?, ?, ?, ?, ?)"),
    anchors: sql("SELECT record FROM anchor ORDER BY size, chain, contract, lane"),
    anchorsFrom: sql("SELECT record FROM anchor WHERE size >= ? ORDER BY size LIMIT ?"),
    lastAnchor: sql("SELECT record FROM anchor ORDER BY size DESC LIMIT 1"),
  };
}

export type LedgerStatements = ReturnType<typeof ledgerStatements>;
