import { statSync } from "node:fs";
import { checkPassword, unmatchableHash } from "./password.js";
import { readUsers, type UserRecord, type Users } from "./users-file.js";

/** The users file as a running broker sees it: read again when it changed. */
export class UserStore {
  private users: Users;
  private version: string;
  private readonly nobody = unmatchableHash();
  /** Checks run one after another: scrypt in parallel would cost 4 MiB for each thread. */
  private lastCheck: Promise<unknown> = Promise.resolve();

  /**
   * @param onWarning told, once per change, when a changed file is not valid; the users read before stay in force.
   * @throws {Error} when the file cannot be read or is not valid at the start.
   */
  constructor(
    private readonly path: string,
    private readonly onWarning: (message: string) => void = () => {},
  ) {
    this.version = this.fileVersion();
    this.users = readUsers(path);
  }

  private fileVersion(): string {
    const { mtimeMs, size, ino } = statSync(this.path);
    return `${mtimeMs} ${size} ${ino}`;
  }

  /** Reads the file again if it changed. @returns the names whose record changed or is gone. */
  refresh(): string[] {
    try {
      const version = this.fileVersion();
      if (version === this.version) return [];
      this.version = version;
      const before = this.users;
      this.users = readUsers(this.path);
      return [...before.keys()].filter(
        (name) => JSON.stringify(before.get(name)) !== JSON.stringify(this.users.get(name)),
      );
    } catch (error) {
      const message = (error as NodeJS.ErrnoException).code
        ? `${this.path} cannot be read (${(error as NodeJS.ErrnoException).code})`
        : (error as Error).message;
      if (message !== this.lastWarning) this.onWarning(message);
      this.lastWarning = message;
      return [];
    }
  }

  private lastWarning: string | undefined;

  /**
   * Checks a login; an unknown name takes as long as a known one.
   *
   * @returns the user's rights, or undefined when name or password is wrong.
   */
  verify(name: string, password: Uint8Array): Promise<UserRecord | undefined> {
    const check = this.lastCheck.then(async () => {
      const user = this.users.get(name);
      const matches = await checkPassword(password, user ?? this.nobody);
      return matches ? user : undefined;
    });
    this.lastCheck = check.catch(() => undefined);
    return check;
  }
}
