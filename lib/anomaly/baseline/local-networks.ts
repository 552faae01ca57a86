import { BlockList, isIP } from "node:net";
import { Rejection } from "../../common/rejection.js";

/** Addresses that no router of the Internet passes on: private, link-local, loopback, groups and broadcast. */
const ALWAYS_LOCAL = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "127.0.0.0/8",
  "0.0.0.0/8",
  "224.0.0.0/4",
  "255.255.255.255/32",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
  "::/127",
] as const;
const MAX_NETWORKS = 64;
const MAX_CACHED = 10_000;

/** @returns the network, or undefined for what is no address and no network like 203.0.113.0/24. */
function networkOf(text: unknown): { address: string; bits: number; family: "ipv4" | "ipv6" } | undefined {
  if (typeof text !== "string") return undefined;
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (family === 0 || bits < 0 || bits > most || rest.length > 0) return undefined;
  return { address, bits, family: family === 4 ? "ipv4" : "ipv6" };
}

/** Which addresses are the user's own devices, and not the Internet. */
export class LocalNetworks {
  private readonly list = new BlockList();
  private readonly known = new Map<string, boolean>();

  /**
   * @param own networks beside the private ones.
   * @throws {Rejection} SCHEMA for what is no network.
   */
  constructor(readonly own: readonly string[] = []) {
    if (own.length > MAX_NETWORKS) throw new Rejection("SCHEMA", `local: more than ${MAX_NETWORKS} networks`);
    for (const text of [...ALWAYS_LOCAL, ...own]) {
      const network = networkOf(text);
      if (!network) throw new Rejection("SCHEMA", "local: a network like 203.0.113.0/24 is expected");
      this.list.addSubnet(network.address, network.bits, network.family);
    }
  }

  has(address: string): boolean {
    let isLocal = this.known.get(address);
    if (isLocal === undefined) {
      const family = isIP(address.split("%")[0] as string);
      isLocal = family !== 0 && this.list.check(address, family === 4 ? "ipv4" : "ipv6");
      if (this.known.size >= MAX_CACHED) this.known.clear();
      this.known.set(address, isLocal);
    }
    return isLocal;
  }
}

/** The /24 or /64 that an address is in, as text that can be compared. */
export function neighbourhood(address: string): string {
  if (isIP(address) === 4) return `${address.slice(0, address.lastIndexOf("."))}.0/24`;
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...first, ...Array<string>(Math.max(0, 8 - first.length - last.length)).fill("0"), ...last];
  return `${groups.slice(0, 4).join(":")}::/64`;
}
