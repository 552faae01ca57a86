import { existsSync } from "node:fs";
import { withFileLock } from "../common/file-lock.js";
import { readSecretFile, writeFileAtomic } from "../common/files.js";
import { isIdentifier } from "../common/identifier.js";
import { isJsonObject } from "../common/json.js";
import { hashPassword, isPasswordHash, type PasswordHash } from "./password.js";
import { isTopicFilter } from "./topic.js";

/** What a user may do: MQTT topic filters. A will and a retained message count as publishing. */
export interface AccessRights {
  publish: string[];
  subscribe: string[];
}

export interface UserRecord extends PasswordHash, AccessRights {}

export type Users = Map<string, UserRecord>;

function readFilters(name: string, key: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw new Error(`user "${name}": "${key}" is not a list`);
  return value.map((filter: unknown) => {
    if (typeof filter === "string" && isTopicFilter(filter)) return filter;
    throw new Error(`user "${name}": "${key}" holds something that is not a topic filter`);
  });
}

function readUser(name: string, value: unknown): UserRecord {
  if (!isIdentifier(name)) throw new Error("a user name has characters other than A-Z a-z 0-9 . _ - or is too long");
  if (!isJsonObject(value)) throw new Error(`user "${name}" is not an object`);
  if (!isPasswordHash(value)) throw new Error(`user "${name}" has no valid salt and hash`);
  for (const key of Object.keys(value)) {
    if (!["salt", "hash", "publish", "subscribe"].includes(key)) throw new Error(`user "${name}": unknown "${key}"`);
  }
  const { salt, hash } = value;
  const publish = readFilters(name, "publish", value.publish);
  return { salt, hash, publish, subscribe: readFilters(name, "subscribe", value.subscribe) };
}

/**
 * Reads the broker's users: `{"version":1,"users":{"<name>":{"salt","hash","publish":[filter],"subscribe":[filter]}}}`.
 *
 * @throws {Error} naming the file and what is wrong in it (never its content), also when others can read it.
 */
export function readUsers(path: string): Users {
  const text = readSecretFile(path);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Error(`${path} is not JSON`);
  }
  if (!isJsonObject(document) || document.version !== 1 || !isJsonObject(document.users)) {
    throw new Error(`${path} is not a users file of version 1`);
  }
  try {
    return new Map(Object.entries(document.users).map(([name, value]) => [name, readUser(name, value)]));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

/** Writes the users file with mode 0600, at once or not at all. */
export function writeUsers(path: string, users: Users): void {
  writeFileAtomic(path, `${JSON.stringify({ version: 1, users: Object.fromEntries(users) }, undefined, 2)}\n`);
}

/**
 * Changes the users while no other process does; a missing file is one without users.
 *
 * @param change returns the users to be, or undefined to leave the file as it is.
 * @throws {Error} see {@link readUsers}, and what `change` throws.
 */
export function changeUsers(path: string, change: (users: Users) => Users | undefined): void {
  withFileLock(path, () => {
    const changed = change(existsSync(path) ? readUsers(path) : new Map());
    if (changed) writeUsers(path, changed);
  });
}

/** A user as {@link addUsers} takes it. */
export interface NewUser {
  name: string;
  password: string;
  rights: AccessRights;
}

/**
 * Adds users, or replaces those that exist. A running broker takes them over within two seconds and closes the
 * connections of users whose record changed.
 *
 * @throws {Error} for a bad name, filter or password, before anything is written.
 */
export function addUsers(path: string, additions: readonly NewUser[]): void {
  const added = additions.map(({ name, password, rights }): [string, UserRecord] => [
    name,
    readUser(name, { ...hashPassword(password), ...rights }),
  ]);
  changeUsers(path, (users) => new Map([...users, ...added]));
}

/** {@link addUsers} for one. */
export function addUser(path: string, name: string, password: string, rights: AccessRights): void {
  addUsers(path, [{ name, password, rights }]);
}
