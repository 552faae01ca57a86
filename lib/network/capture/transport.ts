import { PROTOCOL } from "../packet.js";
import type { CapturedPacket } from "./captured-packet.js";

const TCP_HEADER = 20;
const UDP_HEADER = 8;
const ICMP_HEADER = 8;

function short(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function word(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/**
 * Reads the transport header.
 *
 * @param end where the captured bytes of this packet end.
 * @param length transport header and payload in bytes by the IP header; may be more than was captured.
 * @returns why it cannot be read, or undefined.
 */
export function readTransport(
  packet: CapturedPacket,
  bytes: Buffer,
  at: number,
  end: number,
  length: number,
): string | undefined {
  const captured = Math.min(end - at, length);
  let header = 0;
  switch (packet.protocol) {
    case PROTOCOL.TCP: {
      if (captured < TCP_HEADER) return "truncated TCP header";
      header = ((bytes[at + 12] as number) >> 4) * 4;
      if (header < TCP_HEADER) return "TCP data offset below 5";
      if (header > length) return "TCP header beyond the IP packet";
      packet.sourcePort = short(bytes, at);
      packet.destinationPort = short(bytes, at + 2);
      packet.sequence = word(bytes, at + 4);
      packet.acknowledgement = word(bytes, at + 8);
      packet.flags = bytes[at + 13] as number;
      packet.window = short(bytes, at + 14);
      break;
    }
    case PROTOCOL.UDP:
      if (captured < UDP_HEADER) return "truncated UDP header";
      header = UDP_HEADER;
      packet.sourcePort = short(bytes, at);
      packet.destinationPort = short(bytes, at + 2);
      break;
    case PROTOCOL.ICMP:
    case PROTOCOL.ICMPV6:
      if (captured < ICMP_HEADER) return "truncated ICMP header";
      header = ICMP_HEADER;
      packet.sourcePort = bytes[at] as number;
      packet.destinationPort = bytes[at + 1] as number;
      break;
    default:
  }
  packet.headerLength = header;
  packet.payloadLength = length - header;
  packet.setPayload(bytes, at + header, at + captured);
  return undefined;
}
