// Captures made by hand: Ethernet frames with IPv4 and TCP or UDP.

import { SeededRandom } from "../../lib/common/seeded-random.js";
import { type WrittenFrame, writePcap } from "../../lib/network/capture/writer.js";

export interface MadeSegment {
  time: number;
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  /** TCP flags; a UDP datagram without. */
  flags?: number;
  sequence?: number;
  acknowledgement?: number;
  payload?: Buffer;
}

function addressBytes(address: string): number[] {
  return address.split(".").map(Number);
}

export function ethernetFrame(segment: MadeSegment): Buffer {
  const payload = segment.payload ?? Buffer.alloc(0);
  const isTcp = segment.flags !== undefined;
  const transport = Buffer.alloc(isTcp ? 20 : 8);
  transport.writeUInt16BE(segment.sourcePort, 0);
  transport.writeUInt16BE(segment.destinationPort, 2);
  if (isTcp) {
    transport.writeUInt32BE(segment.sequence ?? 0, 4);
    transport.writeUInt32BE(segment.acknowledgement ?? 0, 8);
    transport.writeUInt8(0x50, 12);
    transport.writeUInt8(segment.flags ?? 0, 13);
    transport.writeUInt16BE(1024, 14);
  } else {
    transport.writeUInt16BE(8 + payload.length, 4);
  }
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(20 + transport.length + payload.length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(isTcp ? 6 : 17, 9);
  ip.set(addressBytes(segment.source), 12);
  ip.set(addressBytes(segment.destination), 16);
  const [, , , from = 0] = addressBytes(segment.source);
  const [, , , to = 0] = addressBytes(segment.destination);
  const ethernet = Buffer.from([2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0]);
  return Buffer.concat([ethernet, ip, transport, payload]);
}

/** Sessions of many clients with one server, with bulks, pauses up to some seconds and UDP in between. */
export function mixedCapture(sessions: number): Buffer {
  const random = new SeededRandom(7);
  const segments: MadeSegment[] = [];
  for (let index = 0; index < sessions; index++) {
    const ends = {
      source: `10.1.${index >> 8}.${index & 255}`,
      destination: "10.0.0.1",
      sourcePort: 30000 + index,
      destinationPort: 1883,
    };
    const back = {
      source: ends.destination,
      destination: ends.source,
      sourcePort: 1883,
      destinationPort: ends.sourcePort,
    };
    let time = 1_700_000_000 + random.uniform() * 60;
    const step = (longest: number) => (time += random.uniform() * longest);
    segments.push({ ...ends, time, flags: 2, sequence: 100 });
    segments.push({ ...back, time: step(0.05), flags: 18, sequence: 900, acknowledgement: 101 });
    segments.push({ ...ends, time: step(0.05), flags: 16, sequence: 101, acknowledgement: 901 });
    for (let packets = Math.floor(random.uniform() * 12); packets > 0; packets--) {
      const payload = Buffer.alloc(Math.floor(random.uniform() * 200), 0x41);
      segments.push({
        ...(random.uniform() < 0.7 ? ends : back),
        time: step(random.uniform() < 0.1 ? 8 : 0.4),
        flags: 24,
        payload,
      });
    }
    if (random.uniform() < 0.5) {
      segments.push({ ...ends, time: step(0.1), flags: 17 });
      segments.push({ ...back, time: step(0.1), flags: 17 });
    }
    segments.push({ ...ends, time: step(1), destinationPort: 5000, payload: Buffer.alloc(20) });
  }
  segments.sort((a, b) => a.time - b.time);
  return writePcap(segments.map((segment): WrittenFrame => ({ time: segment.time, bytes: ethernetFrame(segment) })));
}
