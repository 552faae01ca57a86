import type { Packet } from "../packet.js";
import { AddressCache } from "./address-cache.js";
import { ArpReader } from "./arp.js";
import { CapturedPacket } from "./captured-packet.js";
import type { CaptureCounters } from "./counters.js";
import { FragmentStore } from "./fragments.js";
import { InternetLayer } from "./internet-layer.js";
import { ETHER, LinkPayload } from "./link-layer.js";

/** Called for each packet that could be read; the packet is one object that is filled again and again. */
export type OnPacket = (packet: Packet) => void;

/** For all decoders of this thread: it remembers texts, not packets. */
const ADDRESSES = new AddressCache();

/** Reads frames of any link type in `link-layer.ts`; memory is bounded, whatever the frames are. */
export class PacketDecoder {
  private readonly packet = new CapturedPacket();
  private readonly link = new LinkPayload();
  private readonly arp = new ArpReader(ADDRESSES);
  private readonly internet: InternetLayer;

  constructor(
    private readonly onPacket: OnPacket,
    private readonly counters: CaptureCounters,
  ) {
    this.internet = new InternetLayer(this.packet, ADDRESSES, new FragmentStore(counters.fragments));
  }

  /**
   * Reads one frame and hands it on, or counts why it cannot be read. Never throws, but for what `onPacket` throws.
   *
   * @param bytes holds the frame from `start` to `end`.
   * @param wireLength bytes of the frame before the snap length cut it.
   * @param time capture time, seconds since the Unix epoch.
   */
  decode(linkType: number, bytes: Buffer, start: number, end: number, wireLength: number, time: number): void {
    const { packet, link, counters } = this;
    const onWire = wireLength > end - start ? wireLength : end - start;
    counters.packets++;
    counters.bytes += onWire;
    packet.begin(time, onWire);
    let fault = link.read(linkType, bytes, start, end, packet, ADDRESSES);
    if (fault === undefined) {
      const { etherType, at } = link;
      if (etherType === ETHER.IPV4) fault = this.internet.ipv4(bytes, at, end, onWire - (at - start));
      else if (etherType === ETHER.IPV6) fault = this.internet.ipv6(bytes, at, end, onWire - (at - start));
      else if (etherType === ETHER.ARP) fault = this.arp.read(bytes, at, end, packet);
    }
    if (fault === undefined) this.onPacket(packet);
    else counters.countMalformed(fault);
  }
}
