import { hashText } from "./hash.js";

const MAX_PORTS = 64;

/** How many of the recent probes belong to one host or one port. */
export interface ProbeCounts {
  /** Ports of the host that were probed. */
  ports: number;
  /** Hosts that were asked for the port. */
  hosts: number;
  /** Pairs of host and port. */
  pairs: number;
  first: number;
}

/** The last 64 pairs of host and port of one network that a source probed without success, each counted once. */
export class ProbedPorts {
  private readonly hosts: number[] = [];
  private readonly ports: number[] = [];
  private readonly times: number[] = [];
  private next = 0;

  /** @returns false if the pair was probed within the last `seconds` already. */
  add(host: number, port: number, now: number, seconds: number): boolean {
    const known = this.find(host, port);
    if (known >= 0) {
      const isNew = now - (this.times[known] as number) > seconds;
      this.times[known] = now;
      return isNew;
    }
    const place = this.hosts.length < MAX_PORTS ? this.hosts.length : this.next;
    this.next = (place + 1) % MAX_PORTS;
    this.hosts[place] = host;
    this.ports[place] = port;
    this.times[place] = now;
    return true;
  }

  /** The pair was answered after all. */
  remove(host: number, port: number): void {
    const known = this.find(host, port);
    if (known >= 0) this.times[known] = Number.NEGATIVE_INFINITY;
  }

  /** Counts what is no older than `seconds`. */
  count(host: number, port: number, now: number, seconds: number): ProbeCounts {
    const counts: ProbeCounts = { ports: 0, hosts: 0, pairs: 0, first: now };
    for (let i = 0; i < this.hosts.length; i++) {
      const time = this.times[i] as number;
      if (now - time > seconds) continue;
      counts.pairs += 1;
      const isHost = this.hosts[i] === host;
      if (isHost) counts.ports += 1;
      if (this.ports[i] === port) counts.hosts += 1;
      if (time < counts.first) counts.first = time;
    }
    return counts;
  }

  private find(host: number, port: number): number {
    for (let i = this.hosts.length - 1; i >= 0; i--) if (this.hosts[i] === host && this.ports[i] === port) return i;
    return -1;
  }
}

/** Network of an address, for neighbours to be counted together: IPv4 /24, IPv6 all but the last group. */
export function networkOf(address: string): string {
  const end = address.lastIndexOf(address.includes(":") ? ":" : ".");
  return address.slice(0, end);
}

/** What tells a host from its neighbours. */
export function hostOf(address: string): number {
  const isIpv6 = address.includes(":");
  const rest = address.slice(address.lastIndexOf(isIpv6 ? ":" : ".") + 1);
  return isIpv6 ? hashText(rest) & 0x3fffffff : Number(rest);
}
