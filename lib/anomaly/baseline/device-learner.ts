import { type LocalNetworks, neighbourhood } from "./local-networks.js";
import { ANY_LOCAL, ANY_OUTSIDE, type Deed, isRegistered, type Protocol, portRange, type Service } from "./service.js";
import { DIMENSION } from "./shape.js";

/** From so many on, addresses of the Internet are a service's own choice: pools and content networks change them. */
const MANY_OUTSIDE = 3;
const MANY_LOCAL = 17;
/** So many ports of programs with one protocol are chosen freely, as by remote procedure calls. */
const MANY_PORTS = 8;
/** From so many services on, ports are kept by their half only. */
const MANY_SERVICES = 256;

interface Learnt {
  protocol: Protocol;
  low: number;
  high: number;
  local: Set<string>;
  outside: Set<string>;
  flows: number;
  firstSeen: number;
  largest: Float64Array;
}

/** What one device does, while that is learnt; memory is bounded. */
export class DeviceLearner {
  private services = new Map<string, Learnt>();
  flows = 0;

  constructor(
    readonly id: string,
    private readonly local: LocalNetworks,
  ) {}

  add({ protocol, port, peer }: Deed, shape: Float64Array, time: number): void {
    this.flows++;
    const [low, high] = portRange(protocol, port, this.services.size >= MANY_SERVICES);
    const key = `${protocol} ${low}-${high}`;
    let learnt = this.services.get(key);
    if (learnt === undefined) {
      learnt = empty(protocol, low, high, time);
      this.services.set(key, learnt);
    }
    learnt.flows++;
    for (let f = 0; f < DIMENSION; f++) {
      learnt.largest[f] = Math.max(learnt.largest[f] as number, shape[f] as number);
    }
    const [peers, many] = this.local.has(peer) ? [learnt.local, MANY_LOCAL] : [learnt.outside, MANY_OUTSIDE];
    if (peers.size < many) peers.add(peer);
  }

  /** Forgets what was first done from a time on. */
  forgetSince(time: number): void {
    for (const [key, { firstSeen, flows }] of this.services) {
      if (firstSeen < time) continue;
      this.services.delete(key);
      this.flows -= flows;
    }
  }

  /** The services, with ports and peers as widely as they varied. */
  profile(): Service[] {
    const merged = new Map<string, Learnt>();
    for (const learnt of this.services.values()) {
      const [low, high] = this.variesPorts(learnt)
        ? portRange(learnt.protocol, learnt.low, true)
        : [learnt.low, learnt.high];
      const key = `${learnt.protocol} ${low}-${high}`;
      const into = merged.get(key) ?? empty(learnt.protocol, low, high, learnt.firstSeen);
      merged.set(key, into);
      into.flows += learnt.flows;
      for (const peer of learnt.local) into.local.add(peer);
      for (const peer of learnt.outside) into.outside.add(peer);
      for (let f = 0; f < DIMENSION; f++) {
        into.largest[f] = Math.max(into.largest[f] as number, learnt.largest[f] as number);
      }
    }
    return Array.from(merged.values(), ({ protocol, low, high, local, outside, flows, largest }) => ({
      protocol,
      low,
      high,
      peers: [...peersOf(local, MANY_LOCAL, ANY_LOCAL), ...outsidePeers(outside)],
      flows,
      largest,
    }));
  }

  private variesPorts({ protocol, low, high }: Learnt): boolean {
    if (protocol === "icmp" || !isRegistered(low) || low !== high) return false;
    let ports = 0;
    for (const other of this.services.values()) {
      if (other.protocol === protocol && isRegistered(other.low) && other.low === other.high) ports++;
    }
    return ports > MANY_PORTS;
  }
}

function empty(protocol: Protocol, low: number, high: number, firstSeen: number): Learnt {
  const largest = new Float64Array(DIMENSION);
  return { protocol, low, high, local: new Set(), outside: new Set(), flows: 0, firstSeen, largest };
}

function peersOf(peers: ReadonlySet<string>, many: number, any: string): string[] {
  return peers.size >= many ? [any] : [...peers];
}

/** One or two servers are likely to get a neighbour as their successor. */
function outsidePeers(peers: ReadonlySet<string>): string[] {
  if (peers.size >= MANY_OUTSIDE) return [ANY_OUTSIDE];
  return [...new Set([...peers].map(neighbourhood))];
}
