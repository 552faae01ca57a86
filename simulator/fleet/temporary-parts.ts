import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { usersFileIn } from "../../lib/broker/accounts.js";
import { changeUsers } from "../../lib/broker/users-file.js";
import { writeFileAtomic } from "../../lib/common/files.js";
import type { Home } from "../../lib/common/home.js";
import { isJsonObject } from "../../lib/common/json.js";
import { changeRegistry, registryFileIn } from "../../lib/registry/registry-file.js";

/** Names that exist only while an attack is simulated. */
export interface TemporaryNames {
  /** Of broker users. */
  users: string[];
  /** Of registered devices. */
  devices: string[];
}

const VERSION = 1;

function namesOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === "string") : [];
}

/** What a simulated attack adds to a home, written down before it is added so that it can always be removed. */
export class TemporaryParts {
  private readonly journal: string;

  /** @param name of the journal, one for each command that may run at the same time. */
  constructor(
    private readonly home: Home,
    name = "simulated-attack.json",
  ) {
    this.journal = join(home.state, name);
  }

  remember(names: TemporaryNames): void {
    writeFileAtomic(this.journal, `${JSON.stringify({ version: VERSION, ...names })}\n`);
  }

  /** Removes what the journal names, also what a run left that was killed; without a journal nothing. */
  remove(): void {
    if (!existsSync(this.journal)) return;
    const { users, devices } = this.read();
    this.removeUsers(new Set(users));
    this.removeDevices(new Set(devices));
    rmSync(this.journal, { force: true });
  }

  private read(): TemporaryNames {
    let document: unknown;
    try {
      document = JSON.parse(readFileSync(this.journal, "utf8"));
    } catch {
      document = undefined;
    }
    if (!isJsonObject(document) || document.version !== VERSION) {
      throw new Error(
        `${this.journal} is damaged; remove the simulators' users (leaked, simulator-…) by hand, then the file`,
      );
    }
    return { users: namesOf(document.users), devices: namesOf(document.devices) };
  }

  private removeUsers(names: ReadonlySet<string>): void {
    const path = usersFileIn(this.home.root);
    if (!existsSync(path)) return;
    changeUsers(path, (users) => {
      const rest = new Map([...users].filter(([name]) => !names.has(name)));
      return rest.size < users.size ? rest : undefined;
    });
  }

  private removeDevices(names: ReadonlySet<string>): void {
    changeRegistry(registryFileIn(this.home.root), (registry) => {
      const rest = registry.devices.filter(({ id }) => !names.has(id));
      return rest.length < registry.devices.length ? { ...registry, devices: rest } : undefined;
    });
  }
}
