import type { AddressCache } from "./address-cache.js";
import type { CapturedPacket } from "./captured-packet.js";
import type { FragmentStore } from "./fragments.js";
import { readTransport } from "./transport.js";

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;
/** Extension headers by their IANA numbers; what follows ESP is encrypted, so it is not one of them here. */
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const NO_NEXT_HEADER = 59;
const DESTINATION_OPTIONS = 60;

function short(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** Reads IPv4 (RFC 791) and IPv6 (RFC 8200) and, through them, the transport layer. */
export class InternetLayer {
  constructor(
    private readonly packet: CapturedPacket,
    private readonly addresses: AddressCache,
    private readonly fragments: FragmentStore,
  ) {}

  /**
   * @param end where the captured bytes end.
   * @param onWire bytes from `at` on that the frame had on the wire.
   * @returns why it cannot be read, or undefined.
   */
  ipv4(bytes: Buffer, at: number, end: number, onWire: number): string | undefined {
    if (end - at < IPV4_HEADER) return "truncated IPv4 header";
    const first = bytes[at] as number;
    if (first >> 4 !== 4) return "IPv4 header of another version";
    const header = (first & 15) * 4;
    if (header < IPV4_HEADER) return "IPv4 header length below 20";
    if (end - at < header) return "truncated IPv4 header";
    // Segments that the network card is still to cut up may have no total length yet.
    const total = short(bytes, at + 2) || onWire;
    if (total < header) return "IPv4 total length below its header";
    if (total > onWire) return "IPv4 total length beyond the frame";
    const { packet } = this;
    packet.network = "ipv4";
    packet.source = this.addresses.ipv4(bytes, at + 12);
    packet.destination = this.addresses.ipv4(bytes, at + 16);
    packet.ttl = bytes[at + 8] as number;
    packet.protocol = bytes[at + 9] as number;
    // A frame is padded to 60 bytes: what follows the total length is not of the packet.
    const dataEnd = Math.min(end, at + total);
    const fragment = short(bytes, at + 6);
    if ((fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) === 0) {
      return readTransport(packet, bytes, at + header, dataEnd, total - header);
    }
    const datagram = this.fragments.add({
      key: `${packet.source}>${packet.destination}/${packet.vlan}/${packet.protocol}/${short(bytes, at + 4)}`,
      time: packet.time,
      offset: (fragment & FRAGMENT_OFFSET) * 8,
      more: (fragment & MORE_FRAGMENTS) !== 0,
      protocol: packet.protocol,
      bytes,
      start: at + header,
      end: dataEnd,
      length: total - header,
    });
    if (typeof datagram === "string") return datagram;
    if (!datagram) return this.waits(bytes, at + header, dataEnd, total - header);
    const length = datagram.total as number;
    return readTransport(packet, datagram.bytes, 0, Math.min(length, datagram.missingFrom), length);
  }

  /** As {@link ipv4}. Extension headers count as payload, except the fragment header, as in Zeek FlowMeter. */
  ipv6(bytes: Buffer, at: number, end: number, onWire: number): string | undefined {
    if (end - at < IPV6_HEADER) return "truncated IPv6 header";
    if ((bytes[at] as number) >> 4 !== 6) return "IPv6 header of another version";
    const { packet } = this;
    const next = bytes[at + 6] as number;
    let length = short(bytes, at + 4);
    // Jumbograms say zero, and so may segments that the network card is still to cut up.
    if (length === 0 && next !== NO_NEXT_HEADER) length = onWire - IPV6_HEADER;
    if (length + IPV6_HEADER > onWire) return "IPv6 payload length beyond the frame";
    packet.network = "ipv6";
    packet.source = this.addresses.ipv6(bytes, at + 8);
    packet.destination = this.addresses.ipv6(bytes, at + 24);
    packet.ttl = bytes[at + 7] as number;
    const start = at + IPV6_HEADER;
    return this.extensions(next, bytes, start, Math.min(end, start + length), length, undefined);
  }

  /**
   * Follows the extension headers to the transport header.
   *
   * @param whole bytes from `start` on by the IPv6 header.
   * @param unfragmented bytes of extension headers before the fragment header, where these bytes were fragments.
   */
  private extensions(
    first: number,
    bytes: Buffer,
    start: number,
    end: number,
    whole: number,
    unfragmented: number | undefined,
  ): string | undefined {
    const { packet } = this;
    let next = first;
    let at = start;
    let length = whole;
    let extension = unfragmented ?? 0;
    for (;;) {
      packet.protocol = next;
      let size = 0;
      switch (next) {
        case HOP_BY_HOP:
        case ROUTING:
        case DESTINATION_OPTIONS:
          if (end - at < 8) return "truncated IPv6 extension header";
          size = ((bytes[at + 1] as number) + 1) * 8;
          break;
        case AUTHENTICATION:
          if (end - at < 8) return "truncated IPv6 extension header";
          size = ((bytes[at + 1] as number) + 2) * 4;
          break;
        case FRAGMENT: {
          if (end - at < 8) return "truncated IPv6 extension header";
          const offset = short(bytes, at + 2);
          const inner = bytes[at] as number;
          // An atomic fragment is a whole packet (RFC 6946).
          if ((offset & 0xfff9) !== 0) {
            if (unfragmented !== undefined) return "fragment within a fragment";
            return this.fragment6(inner, bytes, at, end, length, extension);
          }
          next = inner;
          at += 8;
          length -= 8;
          continue;
        }
        default: {
          const fault = readTransport(packet, bytes, at, end, length);
          packet.payloadLength += extension;
          return fault;
        }
      }
      if (size > end - at) return "truncated IPv6 extension header";
      next = bytes[at] as number;
      at += size;
      length -= size;
      extension += size;
    }
  }

  private fragment6(
    protocol: number,
    bytes: Buffer,
    at: number,
    end: number,
    length: number,
    extension: number,
  ): string | undefined {
    const { packet } = this;
    packet.protocol = protocol;
    const offset = short(bytes, at + 2);
    const datagram = this.fragments.add({
      key: `${packet.source}>${packet.destination}/${packet.vlan}/${bytes.readUInt32BE(at + 4)}`,
      time: packet.time,
      offset: offset & 0xfff8,
      more: (offset & 1) !== 0,
      protocol,
      bytes,
      start: at + 8,
      end,
      length: length - 8,
    });
    if (typeof datagram === "string") return datagram;
    if (!datagram) return this.waits(bytes, at + 8, end, length - 8);
    const total = datagram.total as number;
    const kept = Math.min(total, datagram.missingFrom);
    return this.extensions(datagram.protocol, datagram.bytes, 0, kept, total, extension);
  }

  /** A fragment without the rest has no transport header; all it brought is payload. */
  private waits(bytes: Buffer, start: number, end: number, length: number): undefined {
    this.packet.fragment = true;
    this.packet.payloadLength = length;
    this.packet.setPayload(bytes, start, end);
  }
}
