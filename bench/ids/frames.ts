const ETHERNET_HEADER = 14;
const IPV4_HEADER = 20;
const TCP_HEADER = 20;
const HEADERS = ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER;
const SMALLEST_FRAME = 60;

/** One side of a connection: its IPv4 address as a number and its port. */
export interface Side {
  address: number;
  port: number;
}

export interface Segment {
  from: Side;
  to: Side;
  sequence: number;
  acknowledgement: number;
  /** Bits of `TCP` in lib/network/packet. */
  flags: number;
  payloadLength: number;
}

/** The Internet checksum of an even number of bytes (RFC 1071). */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A TCP segment over IPv4 and Ethernet, padded as on the wire; its payload is zeros, its TCP checksum is left out. */
export function tcpFrame({ from, to, sequence, acknowledgement, flags, payloadLength }: Segment): Buffer {
  const frame = Buffer.alloc(Math.max(HEADERS + payloadLength, SMALLEST_FRAME));
  // Locally administered addresses that end in the host's IPv4 address.
  frame.writeUInt16BE(0x0200, 0);
  frame.writeUInt32BE(to.address, 2);
  frame.writeUInt16BE(0x0200, 6);
  frame.writeUInt32BE(from.address, 8);
  frame.writeUInt16BE(0x0800, 12);
  const ip = frame.subarray(ETHERNET_HEADER, ETHERNET_HEADER + IPV4_HEADER);
  ip[0] = 0x45;
  ip.writeUInt16BE(IPV4_HEADER + TCP_HEADER + payloadLength, 2);
  ip.writeUInt16BE(0x4000, 6);
  ip[8] = 64;
  ip[9] = 6;
  ip.writeUInt32BE(from.address, 12);
  ip.writeUInt32BE(to.address, 16);
  ip.writeUInt16BE(checksum(ip), 10);
  const tcp = frame.subarray(ETHERNET_HEADER + IPV4_HEADER);
  tcp.writeUInt16BE(from.port, 0);
  tcp.writeUInt16BE(to.port, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp.writeUInt32BE(acknowledgement, 8);
  tcp[12] = (TCP_HEADER / 4) << 4;
  tcp[13] = flags;
  tcp.writeUInt16BE(0xfaf0, 14);
  return frame;
}
