import type { NodeAPI, NodeDef } from "node-red";
import { resolveIn } from "../../lib/common/home.js";
import { STORE_KINDS, type StoreKind, type StoreSettings } from "../../lib/occupancy/store/open-driver.js";
import { parseStoreUrl } from "../../lib/occupancy/store/store-url.js";
import { nodeHome } from "../common/home.js";

export interface StoreConfig extends NodeDef {
  kind: string;
  /** SQLite; relative ones start at the state folder of the home. */
  path: string;
  host: string;
  port: string | number;
  database: string;
  user: string;
  /** PEM file; relative ones start at the home. */
  ca: string;
}

const HOST = /^[A-Za-z0-9._-]{1,253}$|^[0-9A-Fa-f:.]{2,45}$/;

/** @throws {Error} that says which field to mend. */
export function storeSettings(RED: NodeAPI, config: StoreConfig, password: string | undefined): StoreSettings {
  const home = nodeHome(RED);
  const kind = (config.kind || "sqlite") as StoreKind;
  if (!STORE_KINDS.includes(kind)) throw new Error(`choose the kind of database: ${STORE_KINDS.join(", ")}`);
  if (kind === "sqlite")
    return parseStoreUrl(`sqlite:${resolveIn(home.state, config.path || "occupancy.db")}`, home.root);
  const host = (config.host || "127.0.0.1").trim();
  if (!HOST.test(host)) throw new Error("the host must be a name or an address");
  const port = config.port === undefined || config.port === "" ? undefined : Number(config.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw new Error("the port must be a number from 1 to 65535");
  }
  for (const name of ["user", "database"] as const) {
    if (!config[name]?.trim()) throw new Error(`a database server needs the name of the ${name}`);
  }
  const login = `${encodeURIComponent(config.user.trim())}${password ? `:${encodeURIComponent(password)}` : ""}`;
  const where = `${host.includes(":") ? `[${host}]` : host}${port === undefined ? "" : `:${port}`}`;
  const ca = config.ca?.trim() ? `?ca=${encodeURIComponent(resolveIn(home.root, config.ca.trim()))}` : "";
  return parseStoreUrl(`${kind}://${login}@${where}/${encodeURIComponent(config.database.trim())}${ca}`, home.root);
}
