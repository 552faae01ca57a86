import { createHash, timingSafeEqual } from "node:crypto";
import { isIdentifier } from "../../lib/common/identifier.js";

/** Who may deliver: gateways by name, each with the hash of its token. */
export type GatewayTokens = ReadonlyMap<string, Buffer>;

const SHORTEST_TOKEN = 16;

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/**
 * Reads lines of `<gateway> <token>`.
 *
 * @throws {Error} that names the line and quotes none of it.
 */
export function readTokens(text: string): GatewayTokens {
  const tokens = new Map<string, Buffer>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const [gateway, token, ...rest] = line.trim().split(/\s+/);
    const where = `line ${index + 1} of the tokens`;
    if (!isIdentifier(gateway) || token === undefined || rest.length > 0) {
      throw new Error(`${where} is not "<gateway> <token>"`);
    }
    if (token.length < SHORTEST_TOKEN) throw new Error(`${where}: a token has at least ${SHORTEST_TOKEN} characters`);
    if (tokens.has(gateway)) throw new Error(`${where}: this gateway stands there twice`);
    tokens.set(gateway, hashOf(token));
  }
  if (tokens.size === 0) throw new Error("enter a token for each gateway, as lines of: <gateway> <token>");
  return tokens;
}

/** The gateway whose token an `Authorization` header bears. All tokens are compared, each in constant time. */
export function gatewayOf(tokens: GatewayTokens, authorization: string | undefined): string | undefined {
  const token = /^Bearer ([\x21-\x7e]{1,1024})$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return undefined;
  const hash = hashOf(token);
  let found: string | undefined;
  for (const [gateway, expected] of tokens) if (timingSafeEqual(hash, expected)) found = gateway;
  return found;
}

/** @throws {Error} for what is no path of its own. */
export function readPath(path: string): string {
  if (/^(\/[A-Za-z0-9._-]+){1,8}$/.test(path) && !path.includes("..")) return path;
  throw new Error("the path is not like /api/batches");
}
