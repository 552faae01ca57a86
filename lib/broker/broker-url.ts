import type { Account } from "./accounts.js";

/** Where a broker is, without secrets, and the login that its URL held. */
export interface BrokerTarget {
  /** Scheme, host and port; safe to print and to put in a process's arguments. */
  url: URL;
  login?: Account;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error("the user name or password in it is not percent-encoded UTF-8");
  }
}

/**
 * Takes a broker's URL apart: `scheme://[user[:password]@]host[:port][/path]`, user name and password
 * percent-encoded as in RFC 3986 section 3.2.1.
 *
 * @param schemes those that are allowed, with the colon, e.g. `mqtt:`.
 * @throws {Error} that says what is wrong and quotes none of the text, which may hold a password.
 */
export function parseBrokerUrl(text: string, schemes: readonly string[]): BrokerTarget {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error("it is no URL; special characters of a password must be percent-encoded");
  }
  if (!schemes.includes(url.protocol) || !url.hostname) {
    throw new Error(`it must start with ${schemes.map((scheme) => `${scheme}//`).join(" or ")} and name a host`);
  }
  // mqtt://user:12/34@host is a legal URL of the host "user": what follows would print half of a password.
  if (/@/.test(url.pathname + url.search + url.hash)) {
    throw new Error("special characters of a password must be percent-encoded");
  }
  const username = decoded(url.username);
  const password = decoded(url.password);
  url.username = "";
  url.password = "";
  return username === "" ? { url } : { url, login: { username, password } };
}
