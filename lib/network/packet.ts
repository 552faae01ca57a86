/** TCP flag bits as on the wire (RFC 9293 3.1, RFC 3168 6.1). */
export const TCP = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128 } as const;

/** IP protocol numbers that are read beyond the IP header (IANA). */
export const PROTOCOL = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;

/** An ARP packet for Ethernet and IPv4 (RFC 826); addresses as text. */
export interface ArpFields {
  /** 1 request, 2 reply. */
  operation: number;
  senderMac: string;
  senderAddress: string;
  targetMac: string;
  targetAddress: string;
}

/**
 * One packet as it was read. The reader uses one object and one buffer for all of them: keep nothing of it beyond the
 * call that got it, except its strings and numbers.
 */
export interface Packet {
  /** Capture time, seconds since the Unix epoch as a double, as Zeek has it: differences are taken in doubles. */
  time: number;
  /** Bytes on the wire, link layer included; a snap length may have kept fewer. */
  wireLength: number;
  /** Lower case with colons; empty where the link layer has none (raw IP, loopback). */
  sourceMac: string;
  /** Empty where the link layer does not say (Linux cooked capture). */
  destinationMac: string;
  /** VLAN id of the outermost tag, 0 without one. */
  vlan: number;
  network: "ipv4" | "ipv6" | "arp" | "other";
  /** Canonical text (RFC 5952 for IPv6); equal addresses are the same interned string. Empty for arp and other. */
  source: string;
  destination: string;
  /** Time to live or hop limit. */
  ttl: number;
  /** IP protocol number after extension headers; 0 for arp and other. */
  protocol: number;
  /** A fragment that is still without the rest: there is no transport header to be read. */
  fragment: boolean;
  /** Ports; for ICMP the type (source) and the code (destination); 0 otherwise. */
  sourcePort: number;
  destinationPort: number;
  /** Bits of {@link TCP}; 0 for other protocols. */
  flags: number;
  /** Sequence and acknowledgement number, unsigned 32 bit. */
  sequence: number;
  acknowledgement: number;
  /** TCP window as on the wire, not scaled; 0 for other protocols. */
  window: number;
  /** Transport header in bytes: data offset x 4 for TCP, 8 for UDP and ICMP. */
  headerLength: number;
  /**
   * Transport payload in bytes by the header fields, whatever the snap length kept. IPv6 extension headers but the
   * fragment header count with it, as in Zeek FlowMeter.
   */
  payloadLength: number;
  /** What was captured of the payload; a view of the reader's buffer. */
  payload: Buffer;
  arp: ArpFields | undefined;
}
