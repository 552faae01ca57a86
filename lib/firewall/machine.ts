import { readFileSync } from "node:fs";
import { endianness, networkInterfaces } from "node:os";
import { fromBytes, type IpAddress, parseIp, parsePrefix } from "./ip-address.js";
import { parseMac } from "./target.js";

/** Who this machine is and whom it depends on; canonical text. */
export interface MachineFacts {
  addresses: ReadonlySet<string>;
  macs: ReadonlySet<string>;
  /** Of the networks that this machine is in. */
  broadcasts: ReadonlySet<string>;
  gateways: ReadonlySet<string>;
  resolvers: ReadonlySet<string>;
  /** Cards of the gateways, as they were first seen. */
  gatewayMacs: ReadonlySet<string>;
}

/** Replaced in tests. */
export interface MachineSources {
  interfaces(): ReturnType<typeof networkInterfaces>;
  /** @throws {Error} with the code ENOENT where there is no such file. */
  read(path: string): string;
  hasProc: boolean;
}

export const systemSources: MachineSources = {
  interfaces: networkInterfaces,
  read: (path) => readFileSync(path, "utf8"),
  hasProc: process.platform === "linux",
};

/** Linux has these only where IPv6, or a resolver of systemd, is there. */
const OPTIONAL = new Set(["/proc/net/ipv6_route", "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]);
const ROUTE_IS_UP_BY_GATEWAY = 3;

function parseHexBytes(hex: string): number[] {
  return Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** Next hops of `/proc/net/route`, whose addresses are numbers in the byte order of the machine. */
export function ipv4Gateways(table: string, order = endianness()): string[] {
  return table.split("\n").flatMap((line) => {
    const [, , hex = "", flags = ""] = line.split(/\s+/);
    const isGateway = (Number.parseInt(flags, 16) & ROUTE_IS_UP_BY_GATEWAY) === ROUTE_IS_UP_BY_GATEWAY;
    if (!isGateway || !/^[0-9A-F]{8}$/i.test(hex) || /^0+$/.test(hex)) return [];
    const bytes = parseHexBytes(hex);
    return [fromBytes(order === "LE" ? bytes.reverse() : bytes).text];
  });
}

/** Next hops of `/proc/net/ipv6_route`, in network order. */
export function ipv6Gateways(table: string): string[] {
  return table.split("\n").flatMap((line) => {
    const hex = line.split(/\s+/)[4] ?? "";
    return /^[0-9a-f]{32}$/i.test(hex) && !/^0+$/.test(hex) ? [fromBytes(parseHexBytes(hex)).text] : [];
  });
}

/** Servers of a `resolv.conf`. */
export function nameServers(text: string): string[] {
  return [...text.matchAll(/^[ \t]*nameserver[ \t]+([0-9a-fA-F.:]+)/gm)].flatMap(([, server]) => {
    const address = parseIp(server);
    return address ? [address.text] : [];
  });
}

function broadcastOf(address: IpAddress, netmask: string): string | undefined {
  const mask = parseIp(netmask);
  if (address.family !== 4 || mask?.family !== 4 || (mask.bytes[3] as number) >= 254) return undefined;
  return address.bytes.map((byte, i) => byte | (~(mask.bytes[i] as number) & 0xff)).join(".");
}

/** Reads who the machine is, anew for each decision: addresses and routes change while it runs. */
export class Machine {
  /**
   * A card stays the gateway's for as long as we run, because whoever forges the gateway's ARP puts their own card into
   * the system's table. Only the first sight counts.
   */
  private readonly cardOfGateway = new Map<string, string>();

  constructor(private readonly sources: MachineSources = systemSources) {}

  /** @throws {Error} where it cannot be known; then nobody may be blocked. */
  facts(): MachineFacts {
    const addresses = new Set<string>();
    const macs = new Set<string>();
    const broadcasts = new Set<string>();
    for (const { address: text, netmask, mac } of Object.values(this.sources.interfaces()).flatMap(
      (all) => all ?? [],
    )) {
      const address = parseIp(text.split("%")[0]);
      if (!address) continue;
      addresses.add(address.text);
      const card = parseMac(mac);
      if (card) macs.add(card);
      const broadcast = broadcastOf(address, netmask);
      if (broadcast) broadcasts.add(broadcast);
      const network = broadcast && parsePrefix(`${address.text}/${prefixLength(netmask)}`);
      if (network) broadcasts.add(network.address.text);
    }
    const gateways = new Set(this.sources.hasProc ? this.gateways() : []);
    const resolvers = new Set(
      ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"].flatMap((path) => nameServers(this.read(path))),
    );
    return { addresses, macs, broadcasts, gateways, resolvers, gatewayMacs: this.gatewayCards(gateways) };
  }

  private gateways(): string[] {
    return [...ipv4Gateways(this.read("/proc/net/route")), ...ipv6Gateways(this.read("/proc/net/ipv6_route"))];
  }

  private gatewayCards(gateways: ReadonlySet<string>): Set<string> {
    if (this.sources.hasProc) {
      for (const line of this.read("/proc/net/arp").split("\n")) {
        const [address = "", , , card] = line.split(/\s+/);
        const mac = parseMac(card);
        if (mac && gateways.has(address) && !this.cardOfGateway.has(address)) this.cardOfGateway.set(address, mac);
      }
    }
    return new Set(this.cardOfGateway.values());
  }

  private read(path: string): string {
    try {
      return this.sources.read(path);
    } catch (error) {
      if (OPTIONAL.has(path) && (error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }
}

function prefixLength(netmask: string): number {
  const bits = netmask.split(".").map((byte) => Number(byte).toString(2).padStart(8, "0"));
  return bits.join("").replace(/0+$/, "").length;
}
