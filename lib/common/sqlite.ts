import { accessSync, closeSync, constants, existsSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { ensurePrivateFolder } from "./files.js";

/** What SQLite stores; integers beyond 2^53 are not used here, and texts with NUL are refused: libsql would cut them. */
export type SqlValue = number | string | Uint8Array | null;
/** What it returns: blobs as Buffer. */
export type SqlRow = Record<string, number | string | Buffer | null>;

export interface Statement {
  /** @returns how many rows were changed. */
  run(...parameters: SqlValue[]): number;
  get(...parameters: SqlValue[]): SqlRow | undefined;
  all(...parameters: SqlValue[]): SqlRow[];
}

export interface Database {
  readonly driver: "node:sqlite" | "libsql";
  readonly path: string;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** Runs `work` in one transaction that takes the write lock first: all of it happens or nothing. Not nestable. */
  transaction<T>(work: () => T): T;
  /** Runs `work`, which only reads, on one state of the database; nobody who writes has to wait. Not nestable. */
  snapshot<T>(work: () => T): T;
  /** May be called twice. */
  close(): void;
}

export interface DatabaseOptions {
  /** FULL: a commit has reached the disk when it returns. NORMAL: power loss may take the last commits, never half of one. */
  synchronous?: "FULL" | "NORMAL";
  /** How long to wait for another connection's lock, milliseconds. */
  busyTimeoutMs?: number;
  /** Refuses writing, and a file that does not exist. */
  readOnly?: boolean;
}

/** What both drivers offer; their own types differ in the rest. */
interface DriverStatement {
  run(...parameters: SqlValue[]): { changes: number | bigint };
  get(...parameters: SqlValue[]): unknown;
  all(...parameters: SqlValue[]): unknown[];
}

interface DriverDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): DriverStatement;
  close(): unknown;
}

type Driver = new (path: string) => DriverDatabase;

const DEFAULT_BUSY_TIMEOUT_MS = 5000;
const WAL_RETRY_MS = 5;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** `node:sqlite` is there without a flag from Node 22.13 on; before, libsql brings the same engine without a compiler. */
function loadDriver(): { name: Database["driver"]; open: Driver } {
  const builtin = process.getBuiltinModule as ((id: string) => object | undefined) | undefined;
  const sqlite = builtin?.("node:sqlite") as { DatabaseSync: Driver } | undefined;
  if (sqlite) return { name: "node:sqlite", open: sqlite.DatabaseSync };
  try {
    return { name: "libsql", open: require("libsql") as Driver };
  } catch (error) {
    throw new Error(
      `no SQLite on this machine: use Node 22.13 or later, or let npm install "libsql" (${(error as Error).message})`,
    );
  }
}

/** One shape for both drivers: libsql gives blobs as ArrayBuffer and adds a property of its own to `get`. */
function rowOf(row: unknown): SqlRow {
  const result: SqlRow = {};
  for (const [name, value] of Object.entries(row as Record<string, unknown>)) {
    if (name === "_metadata") continue;
    if (value instanceof ArrayBuffer) result[name] = Buffer.from(value);
    else if (value instanceof Uint8Array) result[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    else result[name] = value as number | string | null;
  }
  return result;
}

function checked(parameters: SqlValue[]): SqlValue[] {
  for (const value of parameters) {
    if (typeof value === "string" && value.includes("\0")) throw new Error("a text holds NUL");
  }
  return parameters;
}

function failure(what: string, path: string, error: unknown): Error {
  return new Error(`${path}: ${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

class SqliteDatabase implements Database {
  private open = true;
  private inTransaction = false;

  constructor(
    readonly driver: Database["driver"],
    readonly path: string,
    private readonly database: DriverDatabase,
  ) {}

  exec(sql: string): void {
    try {
      this.database.exec(sql);
    } catch (error) {
      throw failure("the database refused", this.path, error);
    }
  }

  prepare(sql: string): Statement {
    const attempt = <T>(work: () => T): T => {
      try {
        return work();
      } catch (error) {
        throw failure("the database refused", this.path, error);
      }
    };
    const statement = attempt(() => this.database.prepare(sql));
    // libsql takes a lone blob for named parameters and ends the process; an array it takes for the parameters.
    const bound = (parameters: SqlValue[]) =>
      this.driver === "libsql" ? [checked(parameters) as unknown as SqlValue] : checked(parameters);
    return {
      run: (...parameters) => attempt(() => Number(statement.run(...bound(parameters)).changes)),
      get: (...parameters) =>
        attempt(() => {
          const row = statement.get(...bound(parameters));
          return row === undefined ? undefined : rowOf(row);
        }),
      all: (...parameters) => attempt(() => statement.all(...bound(parameters)).map(rowOf)),
    };
  }

  transaction<T>(work: () => T): T {
    return this.between("BEGIN IMMEDIATE", work);
  }

  snapshot<T>(work: () => T): T {
    return this.between("BEGIN", work);
  }

  private between<T>(begin: string, work: () => T): T {
    if (this.inTransaction) throw new Error(`${this.path}: a transaction is open already`);
    this.exec(begin);
    this.inTransaction = true;
    try {
      const result = work();
      this.exec("COMMIT");
      return result;
    } catch (error) {
      try {
        this.database.exec("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself (full disk, I/O error): the first error is the one that tells why.
      }
      throw error;
    } finally {
      this.inTransaction = false;
    }
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.database.close();
  }
}

/**
 * Makes a file unless it is there. One that is must not be opened here: with any descriptor of a file that a process
 * closes it lets go of all its locks on it, those of its other connections too. Another process would take itself for
 * the last one then, and delete the log that they go on writing to.
 */
function createPrivate(path: string): void {
  ensurePrivateFolder(dirname(path));
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
}

/**
 * Switches a database to WAL, which it stays in. Of several processes that open a new file at the same moment SQLite
 * refuses all but one at once, whatever the busy timeout: whoever reads the file already may not wait for a writer.
 */
function switchToWal(database: Database, patienceMs: number): void {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      // By prepare: libsql's exec does not take a PRAGMA that returns a row.
      database.prepare("PRAGMA journal_mode = WAL").all();
      return;
    } catch (error) {
      if (!/database is locked/.test((error as Error).message) || performance.now() > deadline) throw error;
      Atomics.wait(sleeper, 0, 0, WAL_RETRY_MS);
    }
  }
}

/**
 * Opens a SQLite database in WAL mode; a new file is private to its owner (0600, and so are its WAL and index).
 *
 * @param path file, or `:memory:`.
 * @throws {Error} that names the file and what SQLite said.
 */
export function openDatabase(path: string, options: DatabaseOptions = {}): Database {
  const { synchronous = "NORMAL", busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, readOnly = false } = options;
  const driver = loadDriver();
  let database: SqliteDatabase | undefined;
  try {
    if (path !== ":memory:") {
      if (readOnly) accessSync(path, constants.R_OK);
      else createPrivate(path);
    }
    database = new SqliteDatabase(driver.name, path, new driver.open(path));
    database.prepare(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`).all();
    if (readOnly) {
      database.prepare("PRAGMA query_only = ON").all();
      // Reads the header: a file that is no database is refused here.
      database.prepare("PRAGMA schema_version").all();
    } else {
      switchToWal(database, busyTimeoutMs);
      database.prepare(`PRAGMA synchronous = ${synchronous}`).all();
    }
    return database;
  } catch (error) {
    database?.close();
    throw failure("cannot be opened as a database", path, (error as Error).cause ?? error);
  }
}
