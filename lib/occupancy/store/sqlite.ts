import { realpathSync } from "node:fs";
import { type Database, openDatabase, type Statement } from "../../common/sqlite.js";
import { StoreFailure } from "../failure.js";
import type { Dialect, Query, Row, Session, StoreDriver } from "./driver.js";
import { oneAtATime } from "./one-at-a-time.js";

const MAX_STATEMENTS = 128;
const CACHE_KIB = 65_536;
/** Random labels touch nearly every page: fewer, longer checkpoints write each of them less often. */
const CHECKPOINT_PAGES = 8000;

const marks = (count: number) => Array(count).fill("?").join(",");

export const sqliteDialect: Dialect = {
  createMeta: "CREATE TABLE IF NOT EXISTS wl_meta (k VARCHAR(64) PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
  createRows: (table) =>
    `CREATE TABLE IF NOT EXISTS ${table} (label BLOB PRIMARY KEY, val BLOB NOT NULL) WITHOUT ROWID`,
  tables: "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'wl\\_%' ESCAPE '\\'",
  select: (table, labels) => ({
    sql: `SELECT label, val FROM ${table} WHERE label IN (${marks(labels.length)})`,
    parameters: labels,
  }),
  existing: (table, labels) => ({
    sql: `SELECT label FROM ${table} WHERE label IN (${marks(labels.length)})`,
    parameters: labels,
  }),
  insert: (table, rows) =>
    rows.map(({ label, value }) => ({ sql: `INSERT INTO ${table} VALUES (?, ?)`, parameters: [label, value] })),
  put: (table, rows) =>
    rows.map(({ label, value }) => ({
      sql: `INSERT OR REPLACE INTO ${table} VALUES (?, ?)`,
      parameters: [label, value],
    })),
  overwrite: (table, { label, value }) => ({
    sql: `UPDATE ${table} SET val = ? WHERE label = ?`,
    parameters: [value, label],
  }),
  getMeta: (name) => ({ sql: "SELECT v FROM wl_meta WHERE k = ?", parameters: [name] }),
  putMeta: (name, value) => ({ sql: "INSERT OR REPLACE INTO wl_meta VALUES (?, ?)", parameters: [name, value] }),
  addMeta: (name, value) => ({ sql: "INSERT OR IGNORE INTO wl_meta VALUES (?, ?)", parameters: [name, value] }),
  page: (table, after, limit) => ({
    sql: `SELECT label, val FROM ${table} WHERE label > ? ORDER BY label LIMIT ?`,
    parameters: [after, limit],
  }),
};

function failureOf(error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const text = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  const missing = /no such table: (\w+)/.exec(text)?.[1];
  if (missing) return new StoreFailure("MISSING_TABLE", `the table ${missing} is gone`, missing, options);
  if (/UNIQUE constraint failed/.test(text)) return new StoreFailure("LABEL_TAKEN", text, undefined, options);
  if (/database is locked|SQLITE_BUSY/.test(text)) return new StoreFailure("UNREACHABLE", text, undefined, options);
  return new StoreFailure("DATABASE", text, undefined, options);
}

/** One connection with its prepared statements. */
class Connection implements Session {
  private readonly statements = new Map<string, Statement>();

  constructor(private readonly database: Database) {
    database.prepare(`PRAGMA cache_size = -${CACHE_KIB}`).all();
  }

  async exec(sql: string): Promise<void> {
    this.attempt(() => this.database.exec(sql));
  }

  async run({ sql, parameters }: Query): Promise<number> {
    return this.attempt(() => this.prepared(sql).run(...parameters));
  }

  async all({ sql, parameters }: Query): Promise<Row[]> {
    return this.attempt(() => this.prepared(sql).all(...parameters));
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }

  private attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw failureOf(error);
    }
  }

  private prepared(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (!statement) {
      if (this.statements.size >= MAX_STATEMENTS) this.statements.clear();
      statement = this.database.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

/** Who writes to a file from this process, by its path. */
const writers = new Map<string, { alone: ReturnType<typeof oneAtATime>; count: number }>();

/**
 * The queue of those that write to a file. A statement between those of a transaction would become part of it, and one
 * of another store of this process would wait for a lock whose holder cannot go on before it has given up.
 */
function joinWriters(path: string): { alone: ReturnType<typeof oneAtATime>; leave: () => void } {
  const queue = writers.get(path) ?? { alone: oneAtATime(), count: 0 };
  writers.set(path, queue);
  queue.count++;
  const leave = () => {
    if (--queue.count === 0) writers.delete(path);
  };
  return { alone: queue.alone, leave };
}

/**
 * The embedded database: one connection writes, another reads, so that a query never sees half a batch.
 *
 * @param path a file.
 * @throws {StoreFailure} UNREACHABLE for a file that cannot be opened.
 */
export function openSqlite(path: string): StoreDriver {
  const connect = (): Connection => {
    try {
      const database = openDatabase(path, { synchronous: "FULL" });
      database.prepare(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`).all();
      // Overwritten ciphertexts must not stay in free pages.
      database.prepare("PRAGMA secure_delete = ON").all();
      return new Connection(database);
    } catch (error) {
      throw new StoreFailure("UNREACHABLE", (error as Error).message, undefined, { cause: error });
    }
  };
  const writer = connect();
  const reader = connect();
  const { alone, leave } = joinWriters(realpathSync(path));
  let closed: Promise<void> | undefined;
  return {
    kind: "sqlite",
    dialect: sqliteDialect,
    exec: (sql) => alone(() => writer.exec(sql)),
    run: (query) => alone(() => writer.run(query)),
    all: (query) => reader.all(query),
    transaction: (work) =>
      alone(async () => {
        await writer.exec("BEGIN IMMEDIATE");
        try {
          const result = await work(writer);
          await writer.exec("COMMIT");
          return result;
        } catch (error) {
          // SQLite may have rolled back by itself (full disk): the first error is the one that tells why.
          await writer.exec("ROLLBACK").catch(() => {});
          throw error;
        }
      }),
    purge: () => alone(async () => void (await writer.all({ sql: "PRAGMA wal_checkpoint(TRUNCATE)", parameters: [] }))),
    close: () => {
      closed ??= alone(async () => writer.close()).then(() => {
        leave();
        reader.close();
      });
      return closed;
    },
  };
}
