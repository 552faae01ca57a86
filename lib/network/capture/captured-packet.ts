import type { ArpFields, Packet } from "../packet.js";

const NOTHING = Buffer.alloc(0);

/**
 * The one {@link Packet} that a decoder fills again and again. Its payload is a view that is made when somebody asks
 * for it, because most packets are counted and never looked into.
 */
export class CapturedPacket implements Packet {
  time = 0;
  wireLength = 0;
  sourceMac = "";
  destinationMac = "";
  vlan = 0;
  network: Packet["network"] = "other";
  source = "";
  destination = "";
  ttl = 0;
  protocol = 0;
  fragment = false;
  sourcePort = 0;
  destinationPort = 0;
  flags = 0;
  sequence = 0;
  acknowledgement = 0;
  window = 0;
  headerLength = 0;
  payloadLength = 0;
  arp: ArpFields | undefined = undefined;

  private bytes: Buffer = NOTHING;
  private payloadStart = 0;
  private payloadEnd = 0;

  get payload(): Buffer {
    return this.payloadEnd > this.payloadStart ? this.bytes.subarray(this.payloadStart, this.payloadEnd) : NOTHING;
  }

  /** Forgets the packet before; what the layers do not say stays empty. */
  begin(time: number, wireLength: number): void {
    this.time = time;
    this.wireLength = wireLength;
    this.sourceMac = "";
    this.destinationMac = "";
    this.vlan = 0;
    this.network = "other";
    this.source = "";
    this.destination = "";
    this.ttl = 0;
    this.protocol = 0;
    this.fragment = false;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.flags = 0;
    this.sequence = 0;
    this.acknowledgement = 0;
    this.window = 0;
    this.headerLength = 0;
    this.payloadLength = 0;
    this.arp = undefined;
    this.payloadStart = 0;
    this.payloadEnd = 0;
  }

  setPayload(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.payloadStart = start;
    this.payloadEnd = end;
  }
}
