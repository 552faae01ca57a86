import { isIP } from "node:net";

/** Whether a host name or address of a URL or a form is this machine, by its text alone: no name is looked up. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "localhost" || name === "::1";
}
