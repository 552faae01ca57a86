import { join } from "node:path";
import { type Account, provision, usersFileIn } from "../../lib/broker/accounts.js";
import { generatePassword } from "../../lib/broker/password.js";
import { addUsers } from "../../lib/broker/users-file.js";
import type { Home } from "../../lib/common/home.js";
import { loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { FLEET_KEY_FAMILY, FLEET_KEY_FILE } from "../../lib/registry/device-key.js";
import { FIRST_EPOCH } from "../../lib/registry/epochs.js";
import { readRegistry, registryFileIn } from "../../lib/registry/registry-file.js";
import type { AccountBook } from "../common/accounts.js";
import { bookOf, registerDevices, usersOf } from "../fleet/preparation.js";
import { TemporaryParts } from "../fleet/temporary-parts.js";
import type { GatewayDevice } from "./gateway-device.js";

/** A login that leaked: it may publish and hear below `iot/#`, and holds no key. */
export const INTRUDER = "simulator-intruder";
const INTRUDER_RIGHTS = { publish: ["iot/#"], subscribe: ["iot/#"] };
const JOURNAL = "simulated-devices-attack.json";

export interface PreparedDevices {
  /** 32 bytes; only the gateway and this simulator hold it. */
  fleetKey: Buffer;
  accounts: AccountBook;
  /** Key epoch of each device, as the registry has it. */
  epochOf: (id: string) => number;
  /** Whether something changed that running programs have to take over first. */
  changed: boolean;
  /** Removes what was made for the time of the attack. Safe to call twice. */
  cleanUp(): void;
}

export interface DevicesPreparation {
  home: Home;
  fleet: readonly GatewayDevice[];
  /** Devices that attackers hold, for the time of the attack; none where nobody attacks. */
  held: readonly GatewayDevice[];
  /** Logins on a broker whose users are not in this home. */
  foreignAccounts?: AccountBook;
}

/**
 * Makes what the devices need and keeps what exists: the fleet key, entries in the registry, broker accounts. Those of
 * honest devices stay; held devices and the leaked login are written down first, so that they can always be removed.
 *
 * @throws {Error} where a name is taken by another kind of device, or a file cannot be read; nothing temporary is left.
 */
export function prepareDevices({ home, fleet, held, foreignAccounts }: DevicesPreparation): PreparedDevices {
  const parts = new TemporaryParts(home, JOURNAL);
  parts.remove();
  const fleetKey = loadOrCreateKeyFile(join(home.keys, FLEET_KEY_FILE), FLEET_KEY_FAMILY).all[0] as Buffer;
  const registryFile = registryFileIn(home.root);
  const isAttack = held.length > 0;
  try {
    let changed = registerDevices(registryFile, fleet);
    const users = usersOf(home);
    const login = isAttack && !foreignAccounts ? [INTRUDER] : [];
    if (isAttack) parts.remember({ users: login, devices: held.map(({ id }) => id) });
    changed = registerDevices(registryFile, held) || changed;
    const accounts = foreignAccounts ?? ownAccounts(home, fleet, login);
    changed ||= !foreignAccounts && fleet.some(({ id }) => !users.has(id));
    const epochs = new Map(readRegistry(registryFile).devices.map(({ id, epoch }) => [id, epoch ?? FIRST_EPOCH]));
    return {
      fleetKey,
      accounts,
      changed: changed || isAttack,
      epochOf: (id) => epochs.get(id) ?? FIRST_EPOCH,
      cleanUp: () => parts.remove(),
    };
  } catch (error) {
    parts.remove();
    throw error;
  }
}

function ownAccounts(home: Home, fleet: readonly GatewayDevice[], temporary: readonly string[]): AccountBook {
  const accounts = new Map<string, Account>(fleet.map(({ id }) => [id, provision(home.root, id, "sensor")]));
  for (const username of temporary) accounts.set(username, { username, password: generatePassword() });
  if (temporary.length > 0) {
    addUsers(
      usersFileIn(home.root),
      temporary.map((name) => ({ name, password: accounts.get(name)?.password ?? "", rights: INTRUDER_RIGHTS })),
    );
  }
  return bookOf(accounts);
}
