import type { Pool, PoolConnection, ResultSetHeader } from "mysql2/promise";
import { StoreFailure } from "../failure.js";
import type { Dialect, LabelledValue, Query, Row, Session, StoreDriver } from "./driver.js";
import { oneAtATime } from "./one-at-a-time.js";
import { type ServerSettings, serverFailure, tlsOf } from "./server.js";

const DEFAULT_PORT = 3306;
const CONNECT_MS = 10_000;
const INSERT_ROWS = 1000;
const CODES = {
  taken: ["ER_DUP_ENTRY", "ER_LOCK_DEADLOCK", "ER_LOCK_WAIT_TIMEOUT", "ER_CHECKREAD"],
  missing: ["ER_NO_SUCH_TABLE"],
};

const marks = (count: number) => Array(count).fill("?").join(",");

function inserts(table: string, rows: readonly LabelledValue[], onDuplicate = ""): Query[] {
  const queries: Query[] = [];
  for (let at = 0; at < rows.length; at += INSERT_ROWS) {
    const some = rows.slice(at, at + INSERT_ROWS);
    queries.push({
      sql: `INSERT INTO ${table} (label, val) VALUES ${Array(some.length).fill("(?,?)").join(",")}${onDuplicate}`,
      parameters: some.flatMap(({ label, value }) => [label, value]),
    });
  }
  return queries;
}

/** MySQL and MariaDB. A roll-up needs 1564 bytes, so `val` is wider than a record. */
export const mysqlDialect: Dialect = {
  createMeta: "CREATE TABLE IF NOT EXISTS wl_meta (k VARCHAR(64) PRIMARY KEY, v MEDIUMBLOB NOT NULL) ENGINE=InnoDB",
  createRows: (table) =>
    `CREATE TABLE IF NOT EXISTS ${table} (label BINARY(16) PRIMARY KEY, val VARBINARY(2048) NOT NULL) ENGINE=InnoDB`,
  tables:
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'wl\\_%'",
  select: (table, labels) => ({
    sql: `SELECT label, val FROM ${table} WHERE label IN (${marks(labels.length)})`,
    parameters: labels,
  }),
  existing: (table, labels) => ({
    sql: `SELECT label FROM ${table} WHERE label IN (${marks(labels.length)})`,
    parameters: labels,
  }),
  insert: (table, rows) => inserts(table, rows),
  put: (table, rows) => inserts(table, rows, " ON DUPLICATE KEY UPDATE val = VALUES(val)"),
  overwrite: (table, { label, value }) => ({
    sql: `UPDATE ${table} SET val = ? WHERE label = ?`,
    parameters: [value, label],
  }),
  getMeta: (name, forUpdate) => ({
    sql: `SELECT v FROM wl_meta WHERE k = ?${forUpdate ? " FOR UPDATE" : ""}`,
    parameters: [name],
  }),
  putMeta: (name, value) => ({
    sql: "INSERT INTO wl_meta (k, v) VALUES (?, ?) ON DUPLICATE KEY UPDATE v = VALUES(v)",
    parameters: [name, value],
  }),
  addMeta: (name, value) => ({ sql: "INSERT IGNORE INTO wl_meta (k, v) VALUES (?, ?)", parameters: [name, value] }),
  page: (table, after, limit) => ({
    sql: `SELECT label, val FROM ${table} WHERE label > ? ORDER BY label LIMIT ?`,
    parameters: [after, limit],
  }),
};

async function load(): Promise<typeof import("mysql2/promise")> {
  try {
    return await import("mysql2/promise");
  } catch (error) {
    throw new StoreFailure(
      "SETTINGS",
      `MariaDB and MySQL need mysql2; run: npm install mysql2@3 (${(error as Error).message.split("\n")[0]})`,
    );
  }
}

/**
 * A MariaDB or MySQL server. Connects when it is first asked.
 *
 * @throws {StoreFailure} SETTINGS when the driver is not installed.
 */
export async function openMysql(settings: ServerSettings): Promise<StoreDriver> {
  const mysql = await load();
  const host = settings.host ?? "127.0.0.1";
  const port = settings.port ?? DEFAULT_PORT;
  const where = `MariaDB/MySQL at ${host}:${port}`;
  const tls = tlsOf(settings);
  const pool: Pool = mysql.createPool({
    host,
    port,
    user: settings.user,
    database: settings.database,
    password: settings.password ?? "",
    ...(tls ? { ssl: tls } : {}),
    connectionLimit: 4,
    connectTimeout: CONNECT_MS,
    // An update counts the rows it found, as in the other databases, not those whose bytes changed.
    flags: ["FOUND_ROWS"],
  });
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw serverFailure(error, where, CODES);
    }
  };
  const session = (client: Pool | PoolConnection): Session => {
    // The text protocol: bytes go as X'…', which no character set touches.
    const ask = async (sql: string, parameters: Query["parameters"] = []) =>
      (await attempt(() => client.query(sql, parameters)))[0];
    return {
      exec: async (sql) => void (await ask(sql)),
      run: async ({ sql, parameters }) => ((await ask(sql, parameters)) as ResultSetHeader).affectedRows,
      all: async ({ sql, parameters }) => (await ask(sql, parameters)) as Row[],
    };
  };
  const alone = oneAtATime();
  let closed: Promise<void> | undefined;
  return {
    kind: "mysql",
    dialect: mysqlDialect,
    ...session(pool),
    transaction: (work) =>
      alone(async () => {
        const client = await attempt(() => pool.getConnection());
        const own = session(client);
        try {
          // REPEATABLE READ would show the state before the lock was got.
          await own.exec("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
          await own.exec("START TRANSACTION");
          const result = await work(own);
          await own.exec("COMMIT");
          client.release();
          return result;
        } catch (error) {
          await own.exec("ROLLBACK").then(
            () => client.release(),
            () => client.destroy(),
          );
          throw error;
        }
      }),
    // InnoDB's purge threads do it by themselves.
    purge: async () => {},
    close: () => {
      closed ??= pool.end();
      return closed;
    },
  };
}
