import { CaptureCounters } from "../../../../lib/network/capture/counters.js";
import { PacketDecoder } from "../../../../lib/network/capture/decoder.js";
import type { Packet } from "../../../../lib/network/packet.js";

/** Bytes of hexadecimal text; white space is there for the reader. */
export function hex(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.join("").replaceAll(/\s/g, ""), "hex");
}

/** A packet that outlives the call which delivered it, its payload as hexadecimal text. */
export function kept(packet: Packet) {
  const { time, wireLength, sourceMac, destinationMac, vlan, network, source, destination, ttl, protocol } = packet;
  const { fragment, sourcePort, destinationPort, flags, sequence, acknowledgement, window } = packet;
  const { headerLength, payloadLength, payload, arp } = packet;
  return {
    ...{ time, wireLength, sourceMac, destinationMac, vlan, network, source, destination, ttl, protocol },
    ...{ fragment, sourcePort, destinationPort, flags, sequence, acknowledgement, window },
    ...{ headerLength, payloadLength, payload: payload.toString("hex"), arp: arp && { ...arp } },
  };
}

export type Kept = ReturnType<typeof kept>;

/** Decodes frames one after the other. @returns what was delivered, and the counters. */
export function decodeAll(linkType: number, frames: readonly (Buffer | { bytes: Buffer; wireLength: number })[]) {
  const counters = new CaptureCounters();
  const packets: Kept[] = [];
  const decoder = new PacketDecoder((packet) => packets.push(kept(packet)), counters);
  frames.forEach((frame, i) => {
    const { bytes, wireLength } = Buffer.isBuffer(frame) ? { bytes: frame, wireLength: frame.length } : frame;
    // In the middle of other bytes, as in a file: reading beyond the frame would find 0xee.
    const around = Buffer.alloc(bytes.length + 200, 0xee);
    bytes.copy(around, 100);
    decoder.decode(linkType, around, 100, 100 + bytes.length, wireLength, 1000 + i);
  });
  return { packets, counters };
}

/** The one packet of a frame that has to be readable. */
export function decode(linkType: number, frame: Buffer | { bytes: Buffer; wireLength: number }): Kept {
  const { packets, counters } = decodeAll(linkType, [frame]);
  const [packet] = packets;
  if (!packet) throw new Error(`not read: ${JSON.stringify(counters.malformed)}`);
  return packet;
}

/** Why a frame cannot be read. */
export function faultOf(linkType: number, frame: Buffer | { bytes: Buffer; wireLength: number }): string {
  const { packets, counters } = decodeAll(linkType, [frame]);
  if (packets.length > 0) return "none";
  return Object.keys(counters.malformed).join();
}
