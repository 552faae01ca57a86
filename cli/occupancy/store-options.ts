import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { readSecretFile } from "../../lib/common/files.js";
import { type Home, homeAt } from "../../lib/common/home.js";
import { Rejection } from "../../lib/common/rejection.js";
import { loadKeyFile } from "../../lib/envelope/key-file.js";
import { KeyFailure } from "../../lib/envelope/key-ring.js";
import { isStoreFailure } from "../../lib/occupancy/failure.js";
import { type OccupancyOptions, OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import type { StoreSettings } from "../../lib/occupancy/store/open-driver.js";
import { parseStoreUrl } from "../../lib/occupancy/store/store-url.js";
import { CommandFailure, UsageFailure } from "../failure.js";

export interface StoreFlags {
  database?: string;
  passwordFile?: string;
  keyFile?: string;
  json?: boolean;
}

/** Options that say which database and which key. */
export function withStore(command: Command): Command {
  return command
    .option(
      "--database <url>",
      "sqlite:FILE or postgresql://… or mysql://… without a password (default: REDOUBT_OCCUPANCY_URL, else state/occupancy.db of the home)",
    )
    .option("--password-file <file>", "file with the database's password, readable by its owner only")
    .option("--key-file <file>", "the proxy's keys (default: keys/occupancy.key of the home)")
    .option("--json", "print one JSON object");
}

function home(): Home {
  return homeAt(process.env.REDOUBT_HOME, process.cwd());
}

export function keyFileOf(flags: StoreFlags): string {
  return flags.keyFile ?? join(home().keys, "occupancy.key");
}

function settingsOf(flags: StoreFlags): StoreSettings {
  const given = flags.database ?? process.env.REDOUBT_OCCUPANCY_URL;
  const settings: StoreSettings = given
    ? parseStoreUrl(given, process.cwd())
    : { kind: "sqlite", path: join(home().state, "occupancy.db") };
  if (settings.kind === "sqlite") {
    if (flags.passwordFile !== undefined) throw new UsageFailure("--password-file is for database servers");
    return settings;
  }
  if (flags.database !== undefined && settings.password !== undefined) {
    throw new UsageFailure(
      "--database must not hold a password, which others could see; use --password-file or REDOUBT_OCCUPANCY_URL",
    );
  }
  if (flags.passwordFile === undefined) return settings;
  return { ...settings, password: readSecretFile(flags.passwordFile).replace(/\r?\n$/, "") };
}

/** One line for people, whatever went wrong with files, keys, the database or what was asked. */
function explained(error: unknown): unknown {
  if (error instanceof Rejection) return new UsageFailure(error.reason);
  if (isStoreFailure(error, "SETTINGS")) return new UsageFailure(error.message);
  if (error instanceof KeyFailure || isStoreFailure(error)) return new CommandFailure(error.message);
  if (error instanceof Error && (error as NodeJS.ErrnoException).code) return new CommandFailure(error.message);
  return error;
}

/** What a command needs beyond a database that is there. */
export interface StoreNeeds extends Omit<OccupancyOptions, "store" | "masters"> {
  /** Makes a SQLite file where there is none. */
  mayCreate?: boolean;
}

/**
 * Opens the store, does the work and closes it.
 *
 * @throws {UsageFailure} for a wrong command line, {CommandFailure} with one line for everything else that a person can
 *   mend.
 */
export async function withOpenStore<T>(
  flags: StoreFlags,
  { mayCreate = false, ...options }: StoreNeeds,
  work: (store: OccupancyStore) => Promise<T>,
): Promise<T> {
  try {
    const settings = settingsOf(flags);
    const masters = loadKeyFile(keyFileOf(flags), ["aes-256"]).all;
    // Opening would make an empty one, whose answers would be wrong.
    if (settings.kind === "sqlite" && !mayCreate && !existsSync(settings.path)) {
      throw new CommandFailure(`${settings.path}: there is no occupancy database; name it with --database`);
    }
    const store = OccupancyStore.open({ ...options, store: settings, masters });
    try {
      await store.ready();
      return await work(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    throw explained(error);
  }
}
