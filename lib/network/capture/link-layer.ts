import type { AddressCache } from "./address-cache.js";
import type { CapturedPacket } from "./captured-packet.js";

/** Link types that are read; numbers of https://www.tcpdump.org/linktypes.html (DLT_RAW differs by system: 12, 14). */
export const LINK = {
  NULL: 0,
  ETHERNET: 1,
  RAW_BSD: 12,
  RAW_OPENBSD: 14,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;

const KNOWN: ReadonlySet<number> = new Set(Object.values(LINK));

export function isReadableLink(linkType: number): boolean {
  return KNOWN.has(linkType);
}

export const ETHER = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const;

const VLAN_TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
/** Values below are lengths of IEEE 802.3 frames. */
const LEAST_ETHER_TYPE = 0x0600;
const AF_INET = 2;
/** AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS. */
const AF_INET6: ReadonlySet<number> = new Set([10, 24, 28, 30]);
const SLL_HEADER = 16;
const SLL2_HEADER = 20;
const MAC_LENGTH = 6;

/** What the link layer says of what follows; one object, used again for each packet. */
export class LinkPayload {
  /** Ether type, 0 for anything that has none. */
  etherType = 0;
  /** Where the next layer begins. */
  at = 0;

  private set(etherType: number, at: number): undefined {
    this.etherType = etherType;
    this.at = at;
  }

  /**
   * Reads the link layer of the frame in `bytes` from `start` to `end` into `packet` and this object.
   *
   * @returns why it cannot be read, or undefined.
   */
  read(
    linkType: number,
    bytes: Buffer,
    start: number,
    end: number,
    packet: CapturedPacket,
    addresses: AddressCache,
  ): string | undefined {
    switch (linkType) {
      case LINK.ETHERNET:
        if (end - start < 14) return "truncated Ethernet header";
        packet.destinationMac = addresses.mac(bytes, start);
        packet.sourceMac = addresses.mac(bytes, start + 6);
        return this.etherTypeAt(bytes, start + 12, end, packet);
      case LINK.LINUX_SLL:
        if (end - start < SLL_HEADER) return "truncated Linux cooked header";
        if (short(bytes, start + 4) === MAC_LENGTH) packet.sourceMac = addresses.mac(bytes, start + 6);
        return this.etherTypeAt(bytes, start + 14, end, packet);
      case LINK.LINUX_SLL2:
        if (end - start < SLL2_HEADER) return "truncated Linux cooked header";
        if (bytes[start + 11] === MAC_LENGTH) packet.sourceMac = addresses.mac(bytes, start + 12);
        // The type comes first in this header, so a VLAN tag would stand after it and not after the type.
        return this.tagged(short(bytes, start), bytes, start + SLL2_HEADER, end, packet);
      case LINK.NULL:
      case LINK.LOOP:
        return this.loopback(bytes, start, end);
      case LINK.IPV4:
        return this.set(ETHER.IPV4, start);
      case LINK.IPV6:
        return this.set(ETHER.IPV6, start);
      case LINK.RAW:
      case LINK.RAW_BSD:
      case LINK.RAW_OPENBSD:
        return this.rawIp(bytes, start, end);
      default:
        return "link type that is not read";
    }
  }

  private etherTypeAt(bytes: Buffer, at: number, end: number, packet: CapturedPacket): string | undefined {
    return this.tagged(short(bytes, at), bytes, at + 2, end, packet);
  }

  /** Follows VLAN tags; the outermost names the VLAN, priority tags (id 0) included. */
  private tagged(type: number, bytes: Buffer, at: number, end: number, packet: CapturedPacket): string | undefined {
    let etherType = type;
    let next = at;
    let isTagged = false;
    while (VLAN_TAGS.has(etherType)) {
      if (end - next < 4) return "truncated VLAN tag";
      if (!isTagged) packet.vlan = short(bytes, next) & 0x0fff;
      isTagged = true;
      etherType = short(bytes, next + 2);
      next += 4;
    }
    return this.set(etherType < LEAST_ETHER_TYPE ? 0 : etherType, next);
  }

  /** The address family is in the byte order of the machine that captured (null) or of the network (loop). */
  private loopback(bytes: Buffer, start: number, end: number): string | undefined {
    if (end - start < 4) return "truncated loopback header";
    const little = bytes.readUInt32LE(start);
    const family = little > 0xffff ? bytes.readUInt32BE(start) : little;
    if (family === AF_INET) return this.set(ETHER.IPV4, start + 4);
    return this.set(AF_INET6.has(family) ? ETHER.IPV6 : 0, start + 4);
  }

  private rawIp(bytes: Buffer, start: number, end: number): string | undefined {
    if (end <= start) return "truncated IP header";
    const version = (bytes[start] as number) >> 4;
    if (version === 4) return this.set(ETHER.IPV4, start);
    if (version === 6) return this.set(ETHER.IPV6, start);
    return "IP version is neither 4 nor 6";
  }
}

function short(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
