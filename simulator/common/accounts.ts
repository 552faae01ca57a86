import { type Account, readAccountsFile } from "../../lib/broker/accounts.js";

/** Who logs in as what: `rack-1` ..., `plant`, `publisher`. */
export type AccountBook = (name: string) => Account | undefined;

/** One account for every client, or none at all for a broker that asks for none. */
export function sharedAccount(account: Account | undefined): AccountBook {
  return () => account;
}

/**
 * Accounts by client name from the file that `redoubt start` makes.
 *
 * @throws {Error} that names the file (never its content), also when others can read it.
 */
export function accountsFromFile(path: string): AccountBook {
  const accounts = new Map(Object.entries(readAccountsFile(path)));
  return (name) => {
    const account = accounts.get(name);
    if (!account) throw new Error(`${path} has no account "${name}"`);
    return account;
  };
}
