import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Account, provision, rightsOf, usersFileIn } from "../../lib/broker/accounts.js";
import { generatePassword } from "../../lib/broker/password.js";
import { type AccessRights, addUsers, readUsers } from "../../lib/broker/users-file.js";
import type { Home } from "../../lib/common/home.js";
import { loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { changeRegistry, type DeviceEntry, registryFileIn } from "../../lib/registry/registry-file.js";
import type { AccountBook } from "../common/accounts.js";
import type { FleetDevice } from "./device.js";
import { TemporaryParts } from "./temporary-parts.js";

/** A running broker and a running flow have seen a change of their files after this. */
export const RELOAD_MS = 2500;

/** A login of an installer that leaked: what it can reach is what an insider without keys can do. */
export const LEAKED = "leaked";
/** Reads the monitor's alerts for the evaluation. */
export const JUDGE = "simulator-judge";

const RIGHTS: Readonly<Record<string, AccessRights>> = {
  [LEAKED]: { publish: ["iot/#"], subscribe: ["iot/#"] },
  [JUDGE]: { publish: [], subscribe: ["security/alert"] },
};

export interface Prepared {
  /** 32 bytes; only the gateway and this simulator hold it. */
  fleetKey: Buffer;
  accounts: AccountBook;
  /** Whether something changed that running programs have to take over first. */
  changed: boolean;
}

export interface Preparation {
  home: Home;
  fleet: readonly FleetDevice[];
  /** Logins on a broker whose users are not in this home. */
  foreignAccounts?: AccountBook;
}

/** Registers what is missing of the devices; an entry that is there stays as it is. */
export function registerDevices(path: string, devices: readonly Pick<DeviceEntry, "id" | "profile">[]): boolean {
  let registered = false;
  changeRegistry(path, (registry) => {
    const known = new Map(registry.devices.map((entry) => [entry.id, entry]));
    for (const { id, profile } of devices) {
      const entry = known.get(id);
      if (entry && (entry.profile !== profile || entry.topics)) {
        throw new Error(`${path} has another device "${id}"; choose other names with --prefix`);
      }
    }
    const missing = devices.filter(({ id }) => !known.has(id)).map(({ id, profile }) => ({ id, profile }));
    registered = missing.length > 0;
    return registered ? { ...registry, devices: [...registry.devices, ...missing] } : undefined;
  });
  return registered;
}

/** Names of the broker's users. */
export function usersOf(home: Home): ReadonlySet<string> {
  const path = usersFileIn(home.root);
  return new Set(existsSync(path) ? readUsers(path).keys() : []);
}

/**
 * Makes what an honest fleet needs and keeps what exists: the fleet key, an entry in the registry and a broker account
 * for each device. They stay, as those of real devices would.
 *
 * @throws {Error} where a name is taken by another kind of device, or a file cannot be read.
 */
export function prepareFleet({ home, fleet, foreignAccounts }: Preparation): Prepared {
  const fleetKey = loadOrCreateKeyFile(join(home.keys, "fleet.key"), "aes-256").all[0] as Buffer;
  const registered = registerDevices(registryFileIn(home.root), fleet);
  if (foreignAccounts) return { fleetKey, accounts: foreignAccounts, changed: registered };
  const users = usersOf(home);
  const accounts = new Map(fleet.map(({ id }) => [id, provision(home.root, id, "sensor")]));
  const changed = registered || fleet.some(({ id }) => !users.has(id));
  return { fleetKey, accounts: bookOf(accounts), changed };
}

/** What {@link prepareAttack} made beyond the fleet, to be taken away again. */
export interface PreparedAttack extends Prepared {
  /** Removes the attackers' devices and logins. Safe to call twice. */
  cleanUp(): void;
}

/**
 * {@link prepareFleet}, and for the time of the attack: devices that attackers hold, the leaked login and the judge's.
 * A journal remembers them, so that the next run removes what a killed one left.
 *
 * @throws {Error} as {@link prepareFleet}; nothing temporary is left then.
 */
export function prepareAttack(preparation: Preparation, compromised: readonly FleetDevice[]): PreparedAttack {
  const { home, foreignAccounts } = preparation;
  const parts = new TemporaryParts(home);
  parts.remove();
  const prepared = prepareFleet(preparation);
  const ids = compromised.map(({ id }) => id);
  const logins = foreignAccounts ? [] : [...ids, LEAKED, JUDGE];
  const users = usersOf(home);
  const taken = logins.find((name) => users.has(name));
  if (taken !== undefined) throw new Error(`the broker already has a user "${taken}", which is not the simulator's`);
  parts.remember({ users: logins, devices: ids });
  try {
    registerDevices(registryFileIn(home.root), compromised);
    const made = logins.map((name): [string, Account] => [name, { username: name, password: generatePassword() }]);
    if (made.length > 0) {
      addUsers(
        usersFileIn(home.root),
        made.map(([name, { password }]) => ({ name, password, rights: RIGHTS[name] ?? rightsOf("sensor", name) })),
      );
    }
    const book = bookOf(new Map(made));
    const accounts: AccountBook = (name) => (logins.includes(name) ? book(name) : prepared.accounts(name));
    return { ...prepared, accounts, changed: true, cleanUp: () => parts.remove() };
  } catch (error) {
    parts.remove();
    throw error;
  }
}

export function bookOf(accounts: ReadonlyMap<string, Account>): AccountBook {
  return (name) => {
    const account = accounts.get(name);
    if (!account) throw new Error(`there is no account "${name}"`);
    return account;
  };
}
