import { parseCanonicalIp } from "./ip-address.js";

/** What can be blocked. Only {@link parseTarget} makes one, from text that names exactly one address. */
export interface Target {
  kind: "ipv4" | "ipv6" | "mac";
  /** Canonical: the same address is the same text. */
  text: string;
}

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** Lower case with colons; undefined for anything else, and for group addresses and zero, which no sender has. */
export function parseMac(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const mac = text.toLowerCase();
  if (!MAC.test(mac) || mac === "00:00:00:00:00:00") return undefined;
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1 ? undefined : mac;
}

/** Reads a canonical IP address or a MAC in lower case; undefined for anything else. */
export function parseTarget(text: unknown): Target | undefined {
  const address = parseCanonicalIp(text);
  if (address) return { kind: address.family === 4 ? "ipv4" : "ipv6", text: address.text };
  const mac = parseMac(text);
  return mac !== undefined && mac === text ? { kind: "mac", text: mac } : undefined;
}

/**
 * The last gate before a command: what is written into rules is parsed once more, where it is written.
 *
 * @throws {TypeError} for anything but one canonical address.
 */
export function checkedTarget({ text }: { text: string }): Target {
  const target = parseTarget(text);
  if (!target) throw new TypeError("what is to be blocked is not one canonical address");
  return target;
}
