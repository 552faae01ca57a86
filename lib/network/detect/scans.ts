import { PROTOCOL } from "../packet.js";
import { type DetectorContext, seconds } from "./context.js";
import { hashText, mix } from "./hash.js";
import { Marks } from "./marks.js";
import { hostOf, networkOf, ProbedPorts } from "./probed-ports.js";
import { ScatteredHosts } from "./scattered-hosts.js";
import { PerSource, type Source } from "./sources.js";
import type { DetectedKind } from "./thresholds.js";

/** Networks of one source whose probes are kept. */
const MAX_NETWORKS = 8;
/** In a scan of many hosts at once: so many times the threshold in pairs of host and port. */
const PAIRS_FACTOR = 4;
const PING_FACTOR = 2;
const SCATTERED_FACTOR = 4;
const USED_BITS = 16;
const MAX_WANTED = 4096;
/** A router asks by ARP for whom it has a packet, three times a second apart, and again when it gave up. */
const WANTED_S = 10;

/** Instead of an IP protocol number, for requests by ARP, or by neighbour discovery for IPv6. */
export const BY_ARP = 0;

interface Group {
  key: string;
  probed: ProbedPorts;
}

interface ScanState {
  groups: Group[];
  lastAddress: string;
  lastGroup: Group | undefined;
  scattered: ScatteredHosts;
  /** When a scan of ports in a short time was seen last. */
  scannedAt: number;
}

interface Attempt {
  source: Source;
  address: string;
  port: number;
  protocol: number;
  kind: DetectedKind;
}

/**
 * Scans of ports and hosts: counts the different ports that a source tried without success. A try counts when it is
 * made and is taken back when it succeeds; what succeeded once never counts again, so that a client of a server that
 * went down is none.
 */
export class ScanDetector {
  private readonly states = new PerSource<ScanState>(() => ({
    groups: [],
    lastAddress: "",
    lastGroup: undefined,
    scattered: new ScatteredHosts(),
    scannedAt: Number.NEGATIVE_INFINITY,
  }));
  private readonly used = new Marks(USED_BITS);
  /** Hosts that were tried, by whom last and when. */
  private readonly wanted = new Map<string, { by: string; time: number }>();

  constructor(private readonly context: DetectorContext) {}

  /** A port was tried; ports and ARP requests of hosts without a port are 0. */
  tried(source: Source, address: string, port: number, protocol: number, kind: DetectedKind): void {
    const { now, thresholds } = this.context;
    if (protocol !== BY_ARP) this.want(address, source.address);
    const state = this.states.of(source);
    const group = this.group(state, address, protocol);
    const host = hostOf(address);
    if (!group.probed.add(host, port, now, thresholds[kind].seconds)) return;
    if (this.used.has(usedKey(source, address, port, protocol))) {
      group.probed.remove(host, port);
      return;
    }
    const attempt: Attempt = { source, address, port, protocol, kind };
    if (kind !== "host-scan") this.judgePorts(attempt, state, group, host);
    this.judgeHosts(attempt, state, group, host);
  }

  /** Whether somebody else than who asks for it has just tried a host: a router asks for whom it has a packet. */
  isWanted(address: string, asker: string): boolean {
    const known = this.wanted.get(address);
    return known !== undefined && known.by !== asker && this.context.now - known.time <= WANTED_S;
  }

  /** A try was answered as by something that is there. */
  succeeded(source: Source, address: string, port: number, protocol: number): void {
    this.used.add(usedKey(source, address, port, protocol));
    const state = this.states.peek(source);
    if (state === undefined) return;
    state.scattered.succeeded(port);
    const key = groupKey(address, protocol);
    state.groups.find((group) => group.key === key)?.probed.remove(hostOf(address), port);
  }

  /** A try that is no probe after all, without saying anything about the port. */
  takeBack(source: Source, address: string, port: number, protocol: number): void {
    const key = groupKey(address, protocol);
    const state = this.states.peek(source);
    state?.groups.find((group) => group.key === key)?.probed.remove(hostOf(address), port);
  }

  private want(address: string, by: string): void {
    const { now } = this.context;
    const known = this.wanted.get(address);
    if (known !== undefined) {
      known.by = by;
      known.time = now;
      return;
    }
    if (this.wanted.size >= MAX_WANTED) this.wanted.delete(this.wanted.keys().next().value as string);
    this.wanted.set(address, { by, time: now });
  }

  private judgePorts(attempt: Attempt, state: ScanState, group: Group, host: number): void {
    const { incidents, now, thresholds } = this.context;
    const { source, address, kind, port } = attempt;
    const { count, seconds: window } = thresholds[kind];
    const recent = group.probed.count(host, port, now, window);
    const isOfHost = recent.ports >= count;
    // Many hosts at once, a few ports of each so far: more pairs than hosts asked for one port would make.
    const isOfMany = recent.pairs >= PAIRS_FACTOR * count && recent.pairs > 2 * recent.hosts;
    if (!isOfHost && !isOfMany) {
      this.judgeSlow(attempt, state, group, host);
      return;
    }
    state.scannedAt = now;
    const value = isOfHost ? recent.ports : recent.pairs;
    if (incidents.goesOn(source, kind, value)) return;
    const limit = isOfHost ? count : PAIRS_FACTOR * count;
    const what = isOfHost ? `ports of ${address}` : `ports of several hosts, ${address} among them,`;
    this.context.report(source, kind, {
      value,
      threshold: limit,
      firstSeen: recent.first,
      target: { address },
      reasons: [
        `${value} ${what} tried in vain in ${seconds(recent.first, now)}; ${limit} within ${window} s are a scan`,
      ],
    });
  }

  private judgeSlow({ source, address, port }: Attempt, state: ScanState, group: Group, host: number): void {
    const { incidents, now, thresholds } = this.context;
    const { count, seconds: window } = thresholds["slow-scan"];
    if (now - state.scannedAt <= window) return;
    const recent = group.probed.count(host, port, now, window);
    if (recent.ports < count || incidents.goesOn(source, "slow-scan", recent.ports)) return;
    this.context.report(source, "slow-scan", {
      value: recent.ports,
      firstSeen: recent.first,
      target: { address },
      reasons: [
        `${recent.ports} ports of ${address} tried in vain in ${seconds(recent.first, now)}; ${count} within ${window} s are a scan`,
      ],
    });
  }

  private judgeHosts({ source, address, port, protocol }: Attempt, state: ScanState, group: Group, host: number): void {
    const { incidents, now, thresholds } = this.context;
    const { count, seconds: window } = thresholds["host-scan"];
    const hosts = group.probed.count(host, port, now, window).hosts;
    const isPing = protocol === PROTOCOL.ICMP || protocol === PROTOCOL.ICMPV6;
    const limit = isPing ? PING_FACTOR * count : count;
    const scattered = state.scattered.add(hashText(address), mix(protocol, port), now, window);
    const scatterLimit = SCATTERED_FACTOR * count;
    if (hosts < limit && scattered < scatterLimit) return;
    const value = Math.max(hosts >= limit ? hosts : 0, scattered >= scatterLimit ? scattered : 0);
    if (incidents.goesOn(source, "host-scan", value)) return;
    const first = group.probed.count(host, port, now, window).first;
    const how = protocol === BY_ARP ? "by ARP" : isPing ? "by ping" : `for port ${port}`;
    this.context.report(source, "host-scan", {
      value,
      threshold: hosts >= limit ? limit : scatterLimit,
      firstSeen: first,
      target: {
        address: `${networkOf(address)}${address.includes(":") ? "::/112" : ".0/24"}`,
        ...(port > 0 ? { port } : {}),
      },
      reasons: [
        `${value} hosts asked ${how} in vain in ${seconds(first, now)}; ${hosts >= limit ? limit : scatterLimit} within ${window} s are a scan`,
      ],
    });
  }

  private group(state: ScanState, address: string, protocol: number): Group {
    if (
      state.lastGroup !== undefined &&
      state.lastAddress === address &&
      state.lastGroup.key.startsWith(`${protocol} `)
    ) {
      return state.lastGroup;
    }
    const key = groupKey(address, protocol);
    const index = state.groups.findIndex((one) => one.key === key);
    const group = index < 0 ? { key, probed: new ProbedPorts() } : (state.groups.splice(index, 1)[0] as Group);
    state.groups.push(group);
    if (state.groups.length > MAX_NETWORKS) state.groups.shift();
    state.lastAddress = address;
    state.lastGroup = group;
    return group;
  }
}

function groupKey(address: string, protocol: number): string {
  return `${protocol} ${networkOf(address)}`;
}

function usedKey(source: Source, address: string, port: number, protocol: number): number {
  return mix(mix(hashText(source.key), hashText(address)), (protocol << 16) | port);
}
