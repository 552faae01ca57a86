import { readSecretFile } from "../../lib/common/files.js";
import { isJsonObject } from "../../lib/common/json.js";

export interface MqttAccount {
  username: string;
  password: string;
}

/** Who logs in as what: `rack-1` ..., `plant`, `publisher`. */
export type AccountBook = (name: string) => MqttAccount | undefined;

/** One account for every client, or none at all for a broker that asks for none. */
export function sharedAccount(account: MqttAccount | undefined): AccountBook {
  return () => account;
}

/**
 * Accounts by client name from a JSON file: `{"version": 1, "accounts": {name: {username, password}}}` as
 * `redoubt start` makes it, or just the inner record.
 *
 * @throws {Error} that names the file (never its content), also when others can read it.
 */
export function accountsFromFile(path: string): AccountBook {
  let document: unknown;
  try {
    document = JSON.parse(readSecretFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`${path} is not JSON`);
    throw error;
  }
  const record = isJsonObject(document) && isJsonObject(document.accounts) ? document.accounts : document;
  if (!isJsonObject(record)) throw new Error(`${path} holds no accounts`);
  const accounts = new Map<string, MqttAccount>();
  for (const [name, account] of Object.entries(record)) {
    if (!isJsonObject(account) || typeof account.username !== "string" || typeof account.password !== "string") {
      throw new Error(`${path} holds an account without user name or password`);
    }
    accounts.set(name, { username: account.username, password: account.password });
  }
  return (name) => {
    const account = accounts.get(name);
    if (!account) throw new Error(`${path} has no account "${name}"`);
    return account;
  };
}
