import { isIP } from "node:net";

/** A Host header of somebody who asks for this very machine. */
export const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Whether an address to listen on can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

export interface Binding {
  host: string;
  hasEditorLogin: boolean;
  hasDashboardLogin: boolean;
}

/**
 * Refuses to open an unprotected editor or dashboard to the network: either would hand the keys to anyone.
 *
 * @throws {Error} one line that says how to set the logins.
 */
export function assertSafeBinding(binding: Binding): void {
  if (isLoopback(binding.host)) return;
  const missing = [
    ...(binding.hasEditorLogin ? [] : ["an editor login"]),
    ...(binding.hasDashboardLogin ? [] : ["a dashboard login"]),
  ];
  if (missing.length === 0) return;
  throw new Error(
    `refusing to listen on ${binding.host} without ${missing.join(" and ")}: run \`redoubt start\` once on 127.0.0.1 ` +
      "to create both, then set REDOUBT_DASHBOARD_LOGIN=required",
  );
}
