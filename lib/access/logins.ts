import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import bcrypt from "bcryptjs";
import { withFileLock } from "../common/file-lock.js";
import { readSecretFile, writeFileAtomic } from "../common/files.js";
import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, parseJsonObject } from "../common/json.js";

/** An operator sees raw values and may act; a viewer sees what may leave the trusted side and only looks. */
export type Role = "operator" | "viewer";

export interface Login {
  /** bcrypt hash. */
  password: string;
  role: Role;
}

/** People who may open the editor (operators) and the dashboard (both), by user name. */
export type Logins = ReadonlyMap<string, Login>;

const BCRYPT_ROUNDS = 10;
const BCRYPT_HASH = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
const FILE = "logins.json";
const INITIAL_PASSWORDS = "initial-passwords.txt";

/**
 * Spent on unknown users, so that the time of an answer does not tell which names exist. It has the form of a hash and
 * is nobody's: checking a password against it takes as long as against a real one, and making it costs no start a
 * tenth of a second.
 */
const DECOY_HASH = `$2b$${BCRYPT_ROUNDS}$${randomBytes(27).toString("hex").slice(0, 53)}`;

/**
 * Reads `<home>/logins.json`: `{name: {password: bcrypt hash, role: "operator" | "viewer"}}`.
 *
 * @returns an empty map where the file does not exist.
 * @throws {Error} that names the file and what is wrong with it.
 */
export function loadLogins(home: string): Logins {
  const path = join(home, FILE);
  if (!existsSync(path)) return new Map();
  const logins = new Map<string, Login>();
  for (const [name, entry] of Object.entries(parseJsonObject(readSecretFile(path)))) {
    const { password, role } = isJsonObject(entry) ? entry : {};
    if (!isIdentifier(name))
      throw new Error(`${path}: a user name may only hold letters, digits, dot, dash, underscore`);
    if (typeof password !== "string" || !BCRYPT_HASH.test(password)) {
      throw new Error(`${path}: the password of ${name} is not a bcrypt hash`);
    }
    if (role !== "operator" && role !== "viewer")
      throw new Error(`${path}: the role of ${name} must be operator or viewer`);
    logins.set(name, { password, role });
  }
  return logins;
}

/**
 * Makes an `operator` and a `viewer` with random passwords where `<home>/logins.json` does not exist yet.
 * The passwords themselves stand in `initial-passwords.txt` (0600) until the user deletes it.
 *
 * @returns the path of the file with the passwords when it was written just now.
 */
export function createLogins(home: string): string | undefined {
  const path = join(home, FILE);
  if (existsSync(path)) return undefined;
  // Of two starts at the same moment one makes them, so that both files tell the same.
  return withFileLock(path, () => {
    if (existsSync(path)) return undefined;
    const logins: Record<string, Login> = {};
    let note = "Made on the first start. Delete this file once the passwords are in your password manager.\n";
    for (const role of ["operator", "viewer"] as const) {
      const password = randomBytes(15).toString("base64url");
      logins[role] = { password: bcrypt.hashSync(password, BCRYPT_ROUNDS), role };
      note += `${role} ${password}\n`;
    }
    const passwords = join(home, INITIAL_PASSWORDS);
    writeFileAtomic(passwords, note);
    writeFileAtomic(path, `${JSON.stringify(logins, null, 2)}\n`);
    return passwords;
  });
}

/** The role of a user whose password matches, else undefined. Unknown users take as long as known ones. */
export async function checkLogin(logins: Logins, user: string, password: string): Promise<Role | undefined> {
  const login = logins.get(user);
  const matches = await bcrypt.compare(password.slice(0, 256), login?.password ?? DECOY_HASH);
  return matches && login ? login.role : undefined;
}
