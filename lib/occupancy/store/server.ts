import { isIP } from "node:net";
import { StoreFailure } from "../failure.js";

/** Where a database server is and who asks it. */
export interface ServerSettings {
  /** Name or address; 127.0.0.1 unless told otherwise. */
  host?: string;
  port?: number;
  user: string;
  password?: string;
  database: string;
  /** PEM of the authority that signed the server's certificate, where the system's list does not have it. */
  ca?: string;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/i;

/**
 * TLS with a checked certificate for every server that is not this machine; there is no switch that turns it off. On
 * the loopback interface it is used where `ca` is given.
 */
export function tlsOf(
  settings: ServerSettings,
): { ca?: string; rejectUnauthorized: true; servername?: string } | undefined {
  const host = settings.host ?? "127.0.0.1";
  if (LOOPBACK.test(host) && settings.ca === undefined) return undefined;
  return {
    rejectUnauthorized: true,
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    ...(isIP(host) ? {} : { servername: host }),
  };
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "PROTOCOL_CONNECTION_LOST",
  "ER_SERVER_SHUTDOWN",
  "ER_CON_COUNT_ERROR",
  "57P01",
  "57P02",
  "57P03",
  "53300",
]);
const UNREACHABLE_TEXT = /Connection terminated|connection is in closed state|timeout exceeded when trying to connect/i;

/** What went wrong, from the codes of a server's driver. */
export function serverFailure(
  error: unknown,
  where: string,
  codes: { taken: readonly string[]; missing: readonly string[] },
): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  const options = { cause: error };
  if (codes.taken.includes(code)) return new StoreFailure("LABEL_TAKEN", message, undefined, options);
  if (codes.missing.includes(code)) {
    const table = /\bwl_\w+/.exec(message)?.[0];
    return new StoreFailure("MISSING_TABLE", `${where}: the table ${table ?? ""} is gone`, table, options);
  }
  const text = message || (error as { errors?: Error[] }).errors?.[0]?.message || code;
  if (UNREACHABLE.has(code) || UNREACHABLE_TEXT.test(message)) {
    return new StoreFailure("UNREACHABLE", `${where} cannot be reached: ${text}`, undefined, options);
  }
  return new StoreFailure("DATABASE", `${where}: ${text}`, undefined, options);
}
