import type { BlockRefusal } from "../common/firewall.js";
import { type IpAddress, isWithin, type Prefix, parsePrefix } from "./ip-address.js";

type Special = Extract<
  BlockRefusal,
  "loopback" | "multicast" | "broadcast" | "unspecified" | "reserved" | "link-local"
>;

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (!parsed) throw new TypeError(`${text} is no network`);
  return parsed;
}

/** RFC 6890 and RFC 4291; the first that fits counts. */
const RANGES: readonly (readonly [Prefix, Special])[] = [
  [prefix("255.255.255.255"), "broadcast"],
  [prefix("0.0.0.0/8"), "unspecified"],
  [prefix("127.0.0.0/8"), "loopback"],
  [prefix("169.254.0.0/16"), "link-local"],
  [prefix("224.0.0.0/4"), "multicast"],
  [prefix("240.0.0.0/4"), "reserved"],
  [prefix("::"), "unspecified"],
  [prefix("::1"), "loopback"],
  // IPv4-compatible, translated (RFC 6052) and 6to4 addresses stand for IPv4 hosts that may be protected.
  [prefix("::/96"), "reserved"],
  [prefix("::ffff:0:0:0/96"), "reserved"],
  [prefix("64:ff9b::/96"), "reserved"],
  [prefix("2002::/16"), "reserved"],
  [prefix("100::/64"), "reserved"],
  [prefix("fe80::/10"), "link-local"],
  [prefix("ff00::/8"), "multicast"],
];

/** What an address is by its number alone; undefined for one that a host may have. */
export function specialUse(address: IpAddress): Special | undefined {
  return RANGES.find(([range]) => isWithin(address, range))?.[1];
}
