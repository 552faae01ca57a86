import { isIPv6 } from "node:net";

/** The first 64 bits of an IPv6 address in full notation: what one customer of a provider is given. */
function ipv6Prefix(address: string): string {
  const [head = "", tail] = (address.split("%")[0] as string).split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    while (groups.length + after.length < 8) groups.push("0");
    groups.push(...after);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

export interface RemoteAddress {
  /** What limits are counted by: an IPv4 address, or the /64 network of an IPv6 address. */
  key: string;
  isLoopback: boolean;
}

/** @param address as `socket.remoteAddress` gives it; IPv4 in IPv6 notation counts as IPv4. */
export function remoteAddress(address: string | undefined): RemoteAddress {
  const plain = (address ?? "unknown").replace(/^::ffff:(?=\d+\.)/i, "");
  if (plain === "::1" || /^127\./.test(plain)) return { key: plain, isLoopback: true };
  return { key: isIPv6(plain) ? `${ipv6Prefix(plain)}::/64` : plain, isLoopback: false };
}
