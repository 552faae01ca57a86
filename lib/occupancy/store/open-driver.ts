import { StoreFailure } from "../failure.js";
import type { StoreDriver } from "./driver.js";
import { openMysql } from "./mysql.js";
import { openPostgresql } from "./postgresql.js";
import type { ServerSettings } from "./server.js";
import { openSqlite } from "./sqlite.js";

export const STORE_KINDS = ["sqlite", "postgresql", "mysql"] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

/** Which database; `mysql` is MariaDB too. */
export type StoreSettings =
  | { kind: "sqlite" /** A file. */; path: string }
  | ({ kind: "postgresql" } & ServerSettings)
  | ({ kind: "mysql" } & ServerSettings);

/**
 * Opens a database; servers are connected when they are first asked.
 *
 * @throws {StoreFailure} SETTINGS that says what to install or set, UNREACHABLE for a SQLite file that cannot be opened.
 */
export async function openDriver(settings: StoreSettings): Promise<StoreDriver> {
  if (settings.kind === "sqlite") {
    if (!settings.path) throw new StoreFailure("SETTINGS", "SQLite needs the path of a file");
    return openSqlite(settings.path);
  }
  for (const name of ["user", "database"] as const) {
    if (!settings[name]) throw new StoreFailure("SETTINGS", `the database server needs ${name}`);
  }
  return settings.kind === "postgresql" ? await openPostgresql(settings) : await openMysql(settings);
}
