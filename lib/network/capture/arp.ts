import type { ArpFields } from "../packet.js";
import type { AddressCache } from "./address-cache.js";
import type { CapturedPacket } from "./captured-packet.js";

const ETHERNET = 1;
const IPV4 = 0x0800;
const LENGTH = 28;

/** Reads ARP for Ethernet and IPv4 (RFC 826) into one object that it uses again. */
export class ArpReader {
  private readonly fields: ArpFields = {
    operation: 0,
    senderMac: "",
    senderAddress: "",
    targetMac: "",
    targetAddress: "",
  };

  constructor(private readonly addresses: AddressCache) {}

  /** @returns why it cannot be read, or undefined. */
  read(bytes: Buffer, at: number, end: number, packet: CapturedPacket): string | undefined {
    if (end - at < 8) return "truncated ARP packet";
    const isUsual =
      bytes.readUInt16BE(at) === ETHERNET &&
      bytes.readUInt16BE(at + 2) === IPV4 &&
      bytes[at + 4] === 6 &&
      bytes[at + 5] === 4;
    if (!isUsual) return "ARP for something else than Ethernet and IPv4";
    if (end - at < LENGTH) return "truncated ARP packet";
    const { fields, addresses } = this;
    fields.operation = bytes.readUInt16BE(at + 6);
    fields.senderMac = addresses.mac(bytes, at + 8);
    fields.senderAddress = addresses.ipv4(bytes, at + 14);
    fields.targetMac = addresses.mac(bytes, at + 18);
    fields.targetAddress = addresses.ipv4(bytes, at + 24);
    packet.network = "arp";
    packet.arp = fields;
    return undefined;
  }
}
