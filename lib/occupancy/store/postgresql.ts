import type { ClientBase, Pool } from "pg";
import { StoreFailure } from "../failure.js";
import type { Dialect, LabelledValue, Query, Row, Session, StoreDriver } from "./driver.js";
import { oneAtATime } from "./one-at-a-time.js";
import { type ServerSettings, serverFailure, tlsOf } from "./server.js";

const DEFAULT_PORT = 5432;
const CONNECT_MS = 10_000;
/** Of two that make the same table at the same moment one is refused by the table, by its type, or by the type's name. */
const MADE_BY_ANOTHER = ["42P07", "42710", "23505"];
const CODES = { taken: [...MADE_BY_ANOTHER, "40P01", "40001"], missing: ["42P01"] };

/** Arrays go as one parameter: the statement's text is the same for every number of labels. */
const array = (labels: readonly Buffer[]) => labels as unknown as Buffer;

function unnested(table: string, rows: readonly LabelledValue[], onConflict: string): Query {
  return {
    sql: `INSERT INTO ${table} SELECT * FROM unnest($1::bytea[], $2::bytea[])${onConflict}`,
    parameters: [array(rows.map(({ label }) => label)), array(rows.map(({ value }) => value))],
  };
}

export const postgresqlDialect: Dialect = {
  createMeta: "CREATE TABLE IF NOT EXISTS wl_meta (k VARCHAR(64) PRIMARY KEY, v BYTEA NOT NULL)",
  createRows: (table) => `CREATE TABLE IF NOT EXISTS ${table} (label BYTEA PRIMARY KEY, val BYTEA NOT NULL)`,
  tables: "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'wl\\_%'",
  select: (table, labels) => ({
    sql: `SELECT label, val FROM ${table} WHERE label = ANY($1::bytea[])`,
    parameters: [array(labels)],
  }),
  existing: (table, labels) => ({
    sql: `SELECT label FROM ${table} WHERE label = ANY($1::bytea[])`,
    parameters: [array(labels)],
  }),
  insert: (table, rows) => [unnested(table, rows, "")],
  put: (table, rows) => [unnested(table, rows, " ON CONFLICT (label) DO UPDATE SET val = excluded.val")],
  overwrite: (table, { label, value }) => ({
    sql: `UPDATE ${table} SET val = $2 WHERE label = $1`,
    parameters: [label, value],
  }),
  getMeta: (name, forUpdate) => ({
    sql: `SELECT v FROM wl_meta WHERE k = $1${forUpdate ? " FOR UPDATE" : ""}`,
    parameters: [name],
  }),
  putMeta: (name, value) => ({
    sql: "INSERT INTO wl_meta VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = excluded.v",
    parameters: [name, value],
  }),
  addMeta: (name, value) => ({
    sql: "INSERT INTO wl_meta VALUES ($1, $2) ON CONFLICT (k) DO NOTHING",
    parameters: [name, value],
  }),
  page: (table, after, limit) => ({
    sql: `SELECT label, val FROM ${table} WHERE label > $1 ORDER BY label LIMIT $2`,
    parameters: [after, limit],
  }),
};

async function load(): Promise<typeof import("pg")> {
  try {
    return await import("pg");
  } catch (error) {
    throw new StoreFailure(
      "SETTINGS",
      `PostgreSQL needs pg; run: npm install pg@8 (${(error as Error).message.split("\n")[0]})`,
    );
  }
}

/**
 * A PostgreSQL server. Connects when it is first asked.
 *
 * @throws {StoreFailure} SETTINGS when the driver is not installed.
 */
export async function openPostgresql(settings: ServerSettings): Promise<StoreDriver> {
  const { Pool } = await load();
  const host = settings.host ?? "127.0.0.1";
  const port = settings.port ?? DEFAULT_PORT;
  const where = `PostgreSQL at ${host}:${port}`;
  const tls = tlsOf(settings);
  const pool: Pool = new Pool({
    host,
    port,
    user: settings.user,
    database: settings.database,
    password: settings.password ?? "",
    ssl: tls ?? false,
    max: 4,
    connectionTimeoutMillis: CONNECT_MS,
    // An idle pool must not keep a process alive.
    allowExitOnIdle: true,
  });
  // A connection that breaks while nobody uses it is replaced; without a listener the process would end.
  pool.on("error", () => {});
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw serverFailure(error, where, CODES);
    }
  };
  const session = (client: ClientBase | Pool): Session => {
    const ask = (sql: string, parameters?: Query["parameters"]) =>
      attempt(() => (client as Pool).query(sql, parameters));
    return {
      exec: async (sql) => void (await ask(sql)),
      run: async ({ sql, parameters }) => (await ask(sql, parameters)).rowCount ?? 0,
      all: async ({ sql, parameters }) => (await ask(sql, parameters)).rows as Row[],
    };
  };
  const own = session(pool);
  const alone = oneAtATime();
  let closed: Promise<void> | undefined;
  return {
    kind: "postgresql",
    dialect: postgresqlDialect,
    ...own,
    transaction: (work) =>
      alone(async () => {
        const client = await attempt(() => pool.connect());
        // Same reason as the pool's listener; the statement that meets it rejects.
        const ignore = () => {};
        client.on("error", ignore);
        const own = session(client);
        let broken = false;
        try {
          await own.exec("BEGIN");
          const result = await work(own);
          await own.exec("COMMIT");
          return result;
        } catch (error) {
          await own.exec("ROLLBACK").catch(() => {
            broken = true;
          });
          throw error;
        } finally {
          client.off("error", ignore);
          client.release(broken);
        }
      }),
    purge: (table) => own.exec(`VACUUM ${table}`),
    close: () => {
      closed ??= pool.end();
      return closed;
    },
  };
}
