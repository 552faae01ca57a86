import { type Packet, PROTOCOL, TCP } from "../packet.js";

/** Ports that Zeek's scripts call servers' (likely_server_ports of its base protocols). */
const TCP_SERVERS: ReadonlySet<number> = new Set([
  21, 22, 25, 53, 80, 81, 88, 135, 139, 143, 389, 443, 445, 502, 514, 563, 585, 587, 614, 631, 636, 989, 990, 992, 993,
  995, 1080, 1433, 1434, 1812, 1883, 2811, 3128, 3268, 3306, 3389, 5060, 5061, 5222, 5223, 5269, 5432, 6379, 6666, 6667,
  6668, 6669, 8000, 8080, 8888, 20000,
]);
const UDP_SERVERS: ReadonlySet<number> = new Set([
  53, 67, 68, 69, 88, 123, 137, 161, 162, 389, 443, 514, 1812, 2123, 2152, 3389, 3544, 4011, 4789, 5060, 5072, 5353,
  5355, 20000,
]);

const BROADCAST = "255.255.255.255";

/**
 * Whether the source of a flow's first packet is the responder rather than the originator, by Zeek's rules: a SYN names
 * the originator; else a likely server is the responder. A SYN-ACK between two likely servers may be a stealthy scan.
 */
export function startsWithAnswer(packet: Packet): boolean {
  if (packet.destination === BROADCAST) return false;
  if (packet.protocol === PROTOCOL.UDP) {
    return UDP_SERVERS.has(packet.sourcePort) && !UDP_SERVERS.has(packet.destinationPort);
  }
  if (packet.protocol !== PROTOCOL.TCP) return false;
  const syn = (packet.flags & TCP.SYN) !== 0;
  if (syn && !(packet.flags & TCP.ACK)) return false;
  if (!TCP_SERVERS.has(packet.sourcePort)) return false;
  if (!TCP_SERVERS.has(packet.destinationPort)) return true;
  return !syn && packet.sourcePort < packet.destinationPort;
}

// Echo, time stamp, information, address mask; router advertisement and solicitation (RFC 792, 950, 1256).
const ICMP_ANSWERS: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [0, 8],
  [13, 14],
  [14, 13],
  [15, 16],
  [16, 15],
  [17, 18],
  [18, 17],
  [9, 10],
  [10, 9],
]);
// Echo, multicast listener, router and neighbour discovery, node information (RFC 4443, 2710, 4861, 4620).
const ICMPV6_ANSWERS: ReadonlyMap<number, number> = new Map([
  [128, 129],
  [129, 128],
  [130, 131],
  [131, 130],
  [133, 134],
  [134, 133],
  [135, 136],
  [136, 135],
  [139, 140],
  [140, 139],
]);

/** The ICMP type that answers a packet's, which stands for its destination port; undefined where there is none. */
export function icmpAnswer(packet: Packet): number | undefined {
  return (packet.protocol === PROTOCOL.ICMP ? ICMP_ANSWERS : ICMPV6_ANSWERS).get(packet.sourcePort);
}
