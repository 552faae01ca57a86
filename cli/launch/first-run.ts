import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createLogins } from "../../lib/access/logins.js";
import { type Account, provisionAccounts } from "../../lib/broker/accounts.js";
import { ensurePrivateFolder, readSecretFile, writeFileAtomic } from "../../lib/common/files.js";
import type { Home } from "../../lib/common/home.js";
import type { KeyFamily } from "../../lib/envelope/key-family.js";
import { createKeyFile } from "../../lib/envelope/key-file.js";
import { FLEET_KEY_FAMILY, FLEET_KEY_FILE } from "../../lib/registry/device-key.js";

/**
 * The three keys of the thermal pipeline, of which nobody but the gateway holds more than one; the fleet key, which the
 * gateway alone holds: devices get keys derived from it; and the key that opens the occupancy database, which never
 * gets it.
 */
const KEY_FILES: Readonly<Record<string, KeyFamily>> = {
  "raw.key": "fernet",
  "masked.key": "fernet",
  "hvac.key": "fernet",
  [FLEET_KEY_FILE]: FLEET_KEY_FAMILY,
  "occupancy.key": "aes-256",
};

export interface Secrets {
  credentialSecret: string;
  accounts: Record<string, Account>;
  /** By which the central server knows the device gateway of the same home. */
  gatewayToken: string;
  /** Path of the file with the people's passwords, when it was written just now. */
  newPasswords: string | undefined;
}

/** A secret in a file, made when it is first asked for. */
function secretIn(path: string): string {
  if (!existsSync(path)) writeFileAtomic(path, `${randomBytes(32).toString("base64url")}\n`);
  return readSecretFile(path).trim();
}

/**
 * Creates what a first start needs and keeps what exists: keys, accounts, logins, the gateway's token and Node-RED's
 * credentialSecret, all private to the user.
 */
export function prepareHome(home: Home): Secrets {
  const own = ["logs", "captures"].map((name) => join(home.root, name));
  for (const folder of [home.root, home.keys, home.models, home.state, home.nodeRed, ...own]) {
    ensurePrivateFolder(folder);
  }
  // Node-RED looks for palette modules here; without the folder it warns at each start.
  mkdirSync(join(home.nodeRed, "node_modules"), { recursive: true });
  for (const [name, family] of Object.entries(KEY_FILES)) {
    const path = join(home.keys, name);
    if (!existsSync(path)) createKeyFile(path, family);
  }
  return {
    credentialSecret: secretIn(join(home.root, "credential-secret")),
    gatewayToken: secretIn(join(home.keys, "gateway.token")),
    accounts: provisionAccounts(home.root),
    newPasswords: createLogins(home.root),
  };
}
