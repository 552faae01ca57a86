// Ethernet frames byte by byte, for captures that are made and not recorded.

export interface Host {
  address: string;
  mac: string;
}

export const TCP_FLAGS = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;

export interface Segment {
  sourcePort: number;
  destinationPort: number;
  flags: number;
  sequence: number;
  acknowledgement: number;
  payload?: Buffer;
  /** Of a SYN: whether it has the options of an operating system. */
  hasOptions?: boolean;
}

const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806 } as const;
/** MSS 1460, SACK permitted, timestamps, no-operation, window scale 7: as Linux sends them. */
const SYN_OPTIONS = Buffer.from("020405b40402080a000000010000000001030307", "hex");
const WINDOW = 64_240;

const macBytes = (mac: string) => Buffer.from(mac.replaceAll(":", ""), "hex");
const addressBytes = (address: string) => Buffer.from(address.split(".").map(Number));

function ethernet(source: Host, destinationMac: string, type: number, payload: Buffer): Buffer {
  const header = Buffer.concat([macBytes(destinationMac), macBytes(source.mac), Buffer.from([type >> 8, type & 255])]);
  return Buffer.concat([header, payload]);
}

/** RFC 1071. */
function checksum(...parts: Buffer[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function ipv4(source: Host, destination: Host, protocol: number, transport: Buffer, checksumAt: number): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + transport.length, 2);
  header.writeUInt16BE(0x4000, 6);
  header[8] = 64;
  header[9] = protocol;
  addressBytes(source.address).copy(header, 12);
  addressBytes(destination.address).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  const pseudo = Buffer.from([0, protocol, transport.length >> 8, transport.length & 255]);
  transport.writeUInt16BE(checksum(header.subarray(12, 20), pseudo, transport), checksumAt);
  return ethernet(source, destination.mac, ETHERTYPE.ipv4, Buffer.concat([header, transport]));
}

export function tcpFrame(source: Host, destination: Host, segment: Segment): Buffer {
  const options = (segment.flags & TCP_FLAGS.SYN) !== 0 && segment.hasOptions !== false ? SYN_OPTIONS : Buffer.alloc(0);
  const header = Buffer.alloc(20);
  header.writeUInt16BE(segment.sourcePort, 0);
  header.writeUInt16BE(segment.destinationPort, 2);
  header.writeUInt32BE(segment.sequence, 4);
  header.writeUInt32BE(segment.acknowledgement, 8);
  header[12] = ((20 + options.length) / 4) << 4;
  header[13] = segment.flags;
  header.writeUInt16BE((segment.flags & TCP_FLAGS.RST) !== 0 ? 0 : WINDOW, 14);
  return ipv4(source, destination, 6, Buffer.concat([header, options, segment.payload ?? Buffer.alloc(0)]), 16);
}

export function udpFrame(source: Host, sourcePort: number, to: Host, port: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(port, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return ipv4(source, to, 17, Buffer.concat([header, payload]), 6);
}

/** @param operation 1 asks who has the target's address, 2 answers. */
export function arpFrame(operation: 1 | 2, source: Host, target: Host): Buffer {
  const fixed = Buffer.from([0, 1, 8, 0, 6, 4, 0, operation]);
  const asked = operation === 1 ? Buffer.alloc(6) : macBytes(target.mac);
  const body = [fixed, macBytes(source.mac), addressBytes(source.address), asked, addressBytes(target.address)];
  const to = operation === 1 ? "ff:ff:ff:ff:ff:ff" : target.mac;
  return ethernet(source, to, ETHERTYPE.arp, Buffer.concat(body));
}
