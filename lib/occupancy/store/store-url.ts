import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { StoreFailure } from "../failure.js";
import type { StoreSettings } from "./open-driver.js";

const KINDS: Readonly<Record<string, "postgresql" | "mysql">> = {
  "postgresql:": "postgresql",
  "postgres:": "postgresql",
  "mysql:": "mysql",
  "mariadb:": "mysql",
};
const FORMS = "sqlite:FILE, postgresql://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE";

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new StoreFailure("SETTINGS", "user, password and database are percent-encoded in the database's URL");
  }
}

/**
 * Reads `sqlite:FILE`, `postgresql://user:password@host:port/database` or `mysql://…` (also `mariadb://…`), with
 * `?ca=FILE` for the authority that signed the server's certificate.
 *
 * @param folder where relative files start.
 * @throws {StoreFailure} SETTINGS; the text never holds the URL, which may hold a password.
 */
export function parseStoreUrl(text: string, folder: string): StoreSettings {
  const file = (path: string) => (isAbsolute(path) ? path : join(folder, path));
  if (text.startsWith("sqlite:")) {
    const path = text.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "");
    if (path === "" || path.includes("\0")) throw new StoreFailure("SETTINGS", "sqlite: needs the path of a file");
    return { kind: "sqlite", path: file(path) };
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const kind = url && KINDS[url.protocol];
  if (!url || !kind) throw new StoreFailure("SETTINGS", `the database must be ${FORMS}`);
  const unknown = [...url.searchParams.keys()].find((name) => name !== "ca");
  if (unknown !== undefined || url.hash)
    throw new StoreFailure("SETTINGS", "the database's URL takes no option but ca");
  const user = decoded(url.username);
  const database = decoded(url.pathname.slice(1));
  if (!user || !database || database.includes("/")) {
    throw new StoreFailure("SETTINGS", `the database's URL must name user and database: ${FORMS}`);
  }
  const ca = url.searchParams.get("ca");
  return {
    kind,
    user,
    database,
    ...(url.hostname ? { host: url.hostname.replace(/^\[(.*)\]$/, "$1") } : {}),
    ...(url.port ? { port: Number(url.port) } : {}),
    ...(url.password ? { password: decoded(url.password) } : {}),
    ...(ca ? { ca: authority(file(ca)) } : {}),
  };
}

function authority(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StoreFailure("SETTINGS", `the authority's certificate cannot be read: ${(error as Error).message}`);
  }
}
