import { isIPv4, isIPv6 } from "node:net";

/** An address that was parsed; nothing else is ever put into a rule. */
export interface IpAddress {
  family: 4 | 6;
  /** Network order: 4 or 16 bytes. */
  bytes: readonly number[];
  /** Dotted decimal, or RFC 5952. */
  text: string;
}

const GROUPS = 8;

function groupsOf(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const parse = (part: string) =>
    part === ""
      ? []
      : part.split(":").flatMap((group) => (group.includes(".") ? pairsOf(group) : [parseInt(group, 16)]));
  const before = parse(head);
  if (tail === undefined) return before;
  const after = parse(tail);
  return [...before, ...new Array<number>(GROUPS - before.length - after.length).fill(0), ...after];
}

function pairsOf(dotted: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** Start and length of the longest run of zeros, the first of equal ones; a single zero is no run (RFC 5952 4.2). */
function longestRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < GROUPS; start++) {
    let length = 0;
    while (start + length < GROUPS && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

function formatGroups(groups: readonly number[]): string {
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  const { start, length } = longestRun(groups);
  if (start < 0) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/**
 * Reads an address in any notation that `net.isIP` takes. Zones (`fe80::1%eth0`) are none: they name an interface of
 * one machine. IPv4 in IPv6 notation (`::ffff:10.0.0.5`) is none either: no packet has such a source.
 *
 * @returns undefined for anything else.
 */
export function parseIp(text: unknown): IpAddress | undefined {
  if (typeof text !== "string" || text.length > 45) return undefined;
  if (isIPv4(text)) return { family: 4, bytes: text.split(".").map(Number), text };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const groups = groupsOf(text);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return undefined;
  return { family: 6, bytes: groups.flatMap((group) => [group >> 8, group & 255]), text: formatGroups(groups) };
}

/** Like {@link parseIp}, for text that must be canonical already, as packets are read. */
export function parseCanonicalIp(text: unknown): IpAddress | undefined {
  const address = parseIp(text);
  return address?.text === text ? address : undefined;
}

/** An address and how many of its first bits count. */
export interface Prefix {
  address: IpAddress;
  length: number;
}

/** Whether the address is in the network. */
export function isWithin(address: IpAddress, { address: network, length }: Prefix): boolean {
  if (address.family !== network.family) return false;
  for (let bit = 0; bit < length; bit += 8) {
    const mask = length - bit >= 8 ? 0xff : 0xff & (0xff << (8 - (length - bit)));
    const index = bit >> 3;
    if (((address.bytes[index] as number) & mask) !== ((network.bytes[index] as number) & mask)) return false;
  }
  return true;
}

/**
 * Reads `10.0.0.0/24`, or an address as a network of one. Bits beyond the length are cleared.
 *
 * @returns undefined for anything else.
 */
export function parsePrefix(text: unknown): Prefix | undefined {
  if (typeof text !== "string") return undefined;
  const [base, bits, ...more] = text.split("/");
  const given = parseIp(base);
  if (!given || more.length > 0) return undefined;
  const width = given.bytes.length * 8;
  if (bits === undefined) return { address: given, length: width };
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > width) return undefined;
  const length = Number(bits);
  const bytes = given.bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, length - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return { address: fromBytes(bytes), length };
}

/** @param bytes 4 or 16 of them. */
export function fromBytes(bytes: readonly number[]): IpAddress {
  if (bytes.length === 4) return { family: 4, bytes, text: bytes.join(".") };
  const groups = Array.from(
    { length: GROUPS },
    (_, i) => (bytes[2 * i] as number) * 256 + (bytes[2 * i + 1] as number),
  );
  return { family: 6, bytes, text: formatGroups(groups) };
}
