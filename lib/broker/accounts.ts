import { existsSync } from "node:fs";
import { join } from "node:path";
import { withFileLock } from "../common/file-lock.js";
import { readSecretFile, writeFileAtomic } from "../common/files.js";
import { isIdentifier } from "../common/identifier.js";
import { isJsonObject } from "../common/json.js";
import { generatePassword } from "./password.js";
import { anyCovers } from "./topic.js";
import { type AccessRights, addUsers, changeUsers, readUsers } from "./users-file.js";

/** What a client needs to log in. */
export interface Account {
  username: string;
  password: string;
}

/** `sensor` sends readings, `consumer` receives the masked stream. */
export const ACCOUNT_ROLES = ["sensor", "consumer"] as const;
export type AccountRole = (typeof ACCOUNT_ROLES)[number];

const RAW = "dc/temperature/raw_encrypted";
const MASKED = "dc/temperature/masked_encrypted";
const ALARMS = "dc/temperature/alarms_encrypted";
const PRIVACY = "dc/temperature/privacy";
const COMMAND = "dc/hvac/command_encrypted";
const BROKER_STATS = "redoubt/broker/stats";

const RACKS = 8;
const CONSUMED = [MASKED, ALARMS, PRIVACY];

/** The accounts of the thermal system and what each may do. */
export const THERMAL_ACCOUNTS: Readonly<Record<string, AccessRights>> = {
  ...Object.fromEntries(
    Array.from({ length: RACKS }, (_, i) => [`rack-${i + 1}`, { publish: [RAW], subscribe: [] as string[] }]),
  ),
  gateway: { publish: [MASKED, ALARMS, PRIVACY], subscribe: [RAW, BROKER_STATS] },
  hvac: { publish: [COMMAND], subscribe: CONSUMED },
  plant: { publish: [], subscribe: [COMMAND] },
  publisher: { publish: [RAW], subscribe: [] },
  subscriber: { publish: [], subscribe: CONSUMED },
};

const DEVICES = "iot/#";
const SECURITY_ALERT = "security/alert";

/**
 * The accounts of the security monitor: the gateway's own, which reads what every device publishes and publishes
 * alerts, and one for another monitor that only publishes alerts. Devices have theirs by {@link provision}.
 */
export const SECURITY_ACCOUNTS: Readonly<Record<string, AccessRights>> = {
  monitor: { publish: [SECURITY_ALERT], subscribe: [DEVICES, SECURITY_ALERT, BROKER_STATS] },
  "seed-monitor": { publish: [SECURITY_ALERT], subscribe: [] },
};

/** The device gateway's account: it reads what every device publishes, and sends commands; `control` is seed 003's name. */
export const GATEWAY_ACCOUNT = "device-gateway";
export const GATEWAY_ACCOUNTS: Readonly<Record<string, AccessRights>> = {
  [GATEWAY_ACCOUNT]: {
    publish: ["iot/devices/+/cmd", "iot/devices/+/control"],
    subscribe: ["iot/devices/+/data"],
  },
};

/** The account of the flow that watches the network: it tells alerts, and reads what seed 002's sensors publish. */
export const NETWORK_ACCOUNT = "network-monitor";
export const NETWORK_ACCOUNTS: Readonly<Record<string, AccessRights>> = {
  [NETWORK_ACCOUNT]: { publish: ["security/network"], subscribe: ["home/sensor/data"] },
};

/** Where access controllers, or their simulation, publish sessions. */
export const WIFI_TOPIC = "wifi/sessions";
/** The account of the flow which stores what access controllers publish, and theirs. */
export const OCCUPANCY_ACCOUNT = "occupancy";
export const OCCUPANCY_ACCOUNTS: Readonly<Record<string, AccessRights>> = {
  "wifi-controller": { publish: [WIFI_TOPIC], subscribe: [] },
  [OCCUPANCY_ACCOUNT]: { publish: [], subscribe: [WIFI_TOPIC] },
};

/** Where the broker's users are: salted hashes and rights. */
export function usersFileIn(home: string): string {
  return join(home, "broker", "users.json");
}

/** Where the passwords are that programs on this machine log in with. */
export function accountsFileIn(home: string): string {
  return join(home, "broker", "accounts.json");
}

/** Rights of a device of a role; a sensor may also use the topics below its own name. */
export function rightsOf(role: AccountRole, name: string): AccessRights {
  if (role === "consumer") return { publish: [], subscribe: [...CONSUMED] };
  return { publish: [RAW, `iot/devices/${name}/#`], subscribe: [`iot/devices/${name}/cmd`] };
}

/**
 * Reads the accounts that were provisioned; none yet is an empty record.
 *
 * @throws {Error} see {@link readAccountsFile}.
 */
export function readAccounts(home: string): Record<string, Account> {
  const path = accountsFileIn(home);
  return existsSync(path) ? readAccountsFile(path) : {};
}

/**
 * Reads an accounts file: `{"version": 1, "accounts": {name: {username, password}}}`.
 *
 * @throws {Error} naming the file (never its content), when it is not valid or others can read it.
 */
export function readAccountsFile(path: string): Record<string, Account> {
  let document: unknown;
  try {
    document = JSON.parse(readSecretFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`${path} is not JSON`);
    throw error;
  }
  if (!isJsonObject(document) || document.version !== 1 || !isJsonObject(document.accounts)) {
    throw new Error(`${path} is not an accounts file of version 1`);
  }
  const accounts: Record<string, Account> = {};
  for (const [name, account] of Object.entries(document.accounts)) {
    if (!isIdentifier(name) || !isJsonObject(account) || typeof account.password !== "string") {
      throw new Error(`${path} holds an account that is not valid`);
    }
    accounts[name] = { username: name, password: account.password };
  }
  return accounts;
}

/**
 * What an existing account may do, as the broker's users file says.
 *
 * @throws {Error} for a file that is not valid or an unknown name.
 */
export function rightsIn(home: string, name: string): AccessRights {
  const user = readUsers(usersFileIn(home)).get(name);
  if (!user) throw new Error(`the broker has no user "${name}"`);
  return { publish: user.publish, subscribe: user.subscribe };
}

/**
 * Lets an existing account publish on topics besides its own. A running broker knows it within two seconds.
 *
 * @throws {Error} for a file that is not valid or an unknown name.
 */
export function allowPublishing(home: string, name: string, topics: readonly string[]): void {
  changeUsers(usersFileIn(home), (users) => {
    const user = users.get(name);
    if (!user) throw new Error(`the broker has no user "${name}"`);
    const missing = topics.filter((topic) => !anyCovers(user.publish, topic));
    return missing.length > 0 ? users.set(name, { ...user, publish: [...user.publish, ...missing] }) : undefined;
  });
}

/** Both files, which several programs may want to change at once, are changed under the lock of the users' one. */
function provisionMissing(home: string, wanted: Readonly<Record<string, AccessRights>>): Record<string, Account> {
  return withFileLock(usersFileIn(home), () => provisionLocked(home, wanted));
}

/** Makes what is missing of the wanted accounts, keeps the rest; users last, so that a crash between heals itself. */
function provisionLocked(home: string, wanted: Readonly<Record<string, AccessRights>>): Record<string, Account> {
  const accounts = readAccounts(home);
  const usersFile = usersFileIn(home);
  const users = existsSync(usersFile) ? readUsers(usersFile) : new Map();
  const names = Object.keys(wanted);
  if (names.some((name) => !accounts[name])) {
    for (const name of names) accounts[name] ??= { username: name, password: generatePassword() };
    writeFileAtomic(accountsFileIn(home), `${JSON.stringify({ version: 1, accounts }, undefined, 2)}\n`);
  }
  const missing = names.filter((name) => !users.has(name));
  if (missing.length > 0) {
    addUsers(
      usersFile,
      missing.map((name) => ({ name, password: accounts[name]!.password, rights: wanted[name]! })),
    );
  }
  return accounts;
}

/**
 * Makes the accounts of every flow (thermal system, security monitor, device gateway, network monitor, occupancy) with
 * random passwords where they do not exist yet, in `<home>/broker/`: `accounts.json` (passwords, for the programs on this
 * machine) and `users.json` (hashes and rights, for the broker), both 0600. What exists, also rights that a person
 * changed, is kept.
 *
 * @param home root of the Redoubt home.
 * @returns every account, by name.
 */
export function provisionAccounts(home: string): Record<string, Account> {
  return provisionMissing(home, {
    ...THERMAL_ACCOUNTS,
    ...SECURITY_ACCOUNTS,
    ...GATEWAY_ACCOUNTS,
    ...NETWORK_ACCOUNTS,
    ...OCCUPANCY_ACCOUNTS,
  });
}

/**
 * Makes one device's account; an existing one is returned as it is. A running broker knows it within two seconds.
 *
 * @throws {Error} for a name that is no identifier.
 */
export function provision(home: string, name: string, role: AccountRole): Account {
  if (!isIdentifier(name)) throw new Error("a device name is 1 to 64 of the characters A-Z a-z 0-9 . _ -");
  return provisionMissing(home, { [name]: rightsOf(role, name) })[name]!;
}
