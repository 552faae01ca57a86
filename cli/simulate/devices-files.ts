import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readSecretFile } from "../../lib/common/files.js";
import type { Home } from "../../lib/common/home.js";
import type { OwnServer } from "../../simulator/common/http-exchange.js";
import type { BatchTarget } from "../../simulator/devices/attacks/context.js";
import type { JudgeFiles } from "../../simulator/devices/judge/judge.js";

/** Where the shipped flows keep a gateway's token for its server. */
const TOKEN_FILE = "gateway.token";

/** Where the simulated devices keep their counters. */
export function flashFolderOf(home: Home): string {
  return join(home.state, "simulated-devices");
}

/**
 * Databases that the run is judged by: as named, else those of the home.
 *
 * @throws {Error} that says which option to give.
 */
export function judgeFiles(home: Home, flags: { store?: string; ledger?: string }): JudgeFiles {
  const ledger = flags.ledger ?? join(home.state, "ledger.db");
  const files = { store: flags.store ?? newestStore(home.state), ledger };
  for (const [option, path] of Object.entries(files)) {
    if (!existsSync(path)) throw new Error(`${path} is not there; name another one with --${option}`);
  }
  return files;
}

function newestStore(folder: string): string {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^batches-.*\.db$/.test(name)) : [];
  const byAge = names.map((name) => join(folder, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (byAge[0] === undefined) {
    throw new Error(`no batch-in node has a store in ${folder}; name its database with --store`);
  }
  return byAge[0];
}

/** @throws {Error} for a token file that cannot be read. */
export function batchTarget(
  home: Home,
  server: OwnServer,
  flags: { server?: string; tokenFile?: string; gatewayId: string },
): BatchTarget {
  const url = flags.server ?? `${server.origin}/api/batches`;
  const own = join(home.keys, TOKEN_FILE);
  const path = flags.tokenFile ?? (existsSync(own) ? own : undefined);
  const target = { url, gatewayId: flags.gatewayId, own: server };
  return path === undefined ? target : { ...target, token: readSecretFile(path).trim() };
}
