import { ipv6Text } from "../capture/address-text.js";
import { type Packet, PROTOCOL } from "../packet.js";
import type { DetectorContext } from "./context.js";
import { DatagramFloodDetector } from "./datagram-flood.js";
import { hashText, mix } from "./hash.js";
import { Marks } from "./marks.js";
import { looksLikeAnswer } from "./roles.js";
import { BY_ARP, type ScanDetector } from "./scans.js";

const ENDPOINT_BITS = 17;
/** UDP ports that traceroute counts up, three to a hop (IANA: traceroute 33434). */
const TRACEROUTE_FIRST = 33_434;
const TRACEROUTE_LAST = 33_690;
/** ICMP requests: echo, timestamp, information, address mask; ICMPv6 echo. */
const REQUESTS = new Set([8, 13, 15, 17]);
const ECHO_REQUEST_V6 = 128;
const ECHO_REPLIES = new Set([0, 14, 16, 18]);
const ECHO_REPLY_V6 = 129;
/** Neighbour discovery, which is the ARP of IPv6 (RFC 4861 sections 4.3 and 4.4). */
const SOLICITATION = 135;
const ADVERTISEMENT = 136;
const UNSPECIFIED = "::";
const ADDRESS_BYTES = 16;

/** UDP and ICMP: what is sent to somebody who does not answer. */
export class DatagramDetector {
  private readonly udp: DatagramFloodDetector;
  private readonly icmp: DatagramFloodDetector;
  /** Addresses and ports that sent something: whoever sends to them talks to somebody who is there. */
  private readonly endpoints = new Marks(ENDPOINT_BITS);

  constructor(
    private readonly context: DetectorContext,
    private readonly scans: ScanDetector,
  ) {
    this.udp = new DatagramFloodDetector(context, "udp-flood", "UDP conversations opened in vain");
    this.icmp = new DatagramFloodDetector(context, "icmp-flood", "ICMP requests");
  }

  udpPacket(p: Packet): void {
    const origin = mix(hashText(p.source), p.sourcePort);
    if (!this.endpoints.has(origin)) {
      this.endpoints.add(origin);
      this.answered(p);
    }
    if (isGroup(p)) return;
    if (this.endpoints.has(mix(hashText(p.destination), p.destinationPort))) return;
    // Half a conversation: the other direction was not captured, or its beginning was not.
    if (looksLikeAnswer(p)) return;
    const source = this.context.sources.of(p.source, p.sourceMac, this.context.now);
    this.udp.sent(p, source, p.sourcePort * 65_536 + p.destinationPort);
    if (source === undefined) return;
    if (p.destinationPort < TRACEROUTE_FIRST || p.destinationPort > TRACEROUTE_LAST)
      this.scans.tried(source, p.destination, p.destinationPort, PROTOCOL.UDP, "udp-scan");
  }

  icmpPacket(p: Packet): void {
    const isV6 = p.protocol === PROTOCOL.ICMPV6;
    const type = p.sourcePort;
    if (isV6 && (type === SOLICITATION || type === ADVERTISEMENT)) {
      this.neighbour(p, type);
      return;
    }
    if (isV6 ? type === ECHO_REPLY_V6 : ECHO_REPLIES.has(type)) {
      const asker = this.context.sources.get(p.destination);
      if (asker !== undefined) this.scans.succeeded(asker, p.source, 0, p.protocol);
      return;
    }
    if (isV6 ? type !== ECHO_REQUEST_V6 : !REQUESTS.has(type)) return;
    const source = this.context.sources.of(p.source, p.sourceMac, this.context.now);
    // To all at once as well: each answers the forged sender of a smurf attack.
    this.icmp.sent(p, source, undefined);
    if (source !== undefined && !isGroup(p)) this.scans.tried(source, p.destination, 0, p.protocol, "host-scan");
  }

  private neighbour(p: Packet, type: number): void {
    if (p.payload.length < ADDRESS_BYTES || p.source === UNSPECIFIED) return;
    const target = ipv6Text(p.payload, 0);
    const { now, sources } = this.context;
    if (type === ADVERTISEMENT) {
      const asker = sources.get(p.destination);
      if (asker !== undefined) this.scans.succeeded(asker, target, 0, BY_ARP);
      return;
    }
    if (this.scans.isWanted(target, p.source)) return;
    const source = sources.of(p.source, p.sourceMac, now);
    if (source !== undefined) this.scans.tried(source, target, 0, BY_ARP, "host-scan");
  }

  /** An endpoint spoke for the first time: who tried it before had success. */
  private answered(p: Packet): void {
    const asker = this.context.sources.get(p.destination);
    if (asker !== undefined) this.scans.succeeded(asker, p.source, p.sourcePort, PROTOCOL.UDP);
  }
}

/** Multicast and broadcast: nobody in particular is asked. */
export function isGroup(p: Packet): boolean {
  const mac = p.destinationMac;
  // The lowest bit of the first byte of a group's MAC (IEEE 802).
  if (mac !== "" && (Number.parseInt(mac.charAt(1), 16) & 1) === 1) return true;
  const { destination } = p;
  if (destination.includes(":")) return destination.startsWith("ff");
  const first = Number.parseInt(destination, 10);
  return first >= 224;
}
