// The traffic of a small house: a sensor at its broker, a laptop on the web, a camera at its recorder.
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { writePcap } from "../../lib/network/capture/writer.js";
import { TCP } from "../../lib/network/packet.js";
import { ethernetFrame, type MadeSegment } from "./made-capture.js";

export const HOUSE = {
  sensor: "192.168.1.10",
  broker: "192.168.1.2",
  laptop: "192.168.1.20",
  resolver: "192.168.1.1",
  camera: "192.168.1.30",
  recorder: "192.168.1.3",
} as const;

const START = 1_700_000_000;
const CHUNK = 1000;
const ROUND_TRIP_S = 0.004;

export interface Session {
  time: number;
  from: string;
  to: string;
  fromPort: number;
  port: number;
  /** Bytes that the client and the server send. */
  up: number;
  down: number;
}

/** A whole TCP session: handshake, what the client sends, what the server answers, both closed. */
export function session({ time, from, to, fromPort, port, up, down }: Session): MadeSegment[] {
  const there = { source: from, destination: to, sourcePort: fromPort, destinationPort: port };
  const back = { source: to, destination: from, sourcePort: port, destinationPort: fromPort };
  const segments: MadeSegment[] = [];
  let at = time;
  let client = 1;
  let server = 1;
  const add = (ends: typeof there, flags: number, size = 0) => {
    const isClient = ends === there;
    const [sequence, acknowledgement] = isClient ? [client, server] : [server, client];
    segments.push({ time: at, ...ends, flags, sequence, acknowledgement, payload: Buffer.alloc(size, 0x17) });
    const length = size + (flags & (TCP.SYN | TCP.FIN) ? 1 : 0);
    if (isClient) client += length;
    else server += length;
    at += ROUND_TRIP_S / 4;
  };
  add(there, TCP.SYN);
  add(back, TCP.SYN | TCP.ACK);
  add(there, TCP.ACK);
  for (let left = up; left > 0; left -= CHUNK) add(there, TCP.ACK | TCP.PSH, Math.min(CHUNK, left));
  for (let left = down; left > 0; left -= CHUNK) add(back, TCP.ACK | TCP.PSH, Math.min(CHUNK, left));
  add(there, TCP.FIN | TCP.ACK);
  add(back, TCP.FIN | TCP.ACK);
  add(there, TCP.ACK);
  return segments;
}

/** @param minutes of traffic, about 7 flows each. @param after seconds that it begins later. */
export function houseSegments(minutes: number, seed: number, after = 0): MadeSegment[] {
  const random = new SeededRandom(seed);
  const segments: MadeSegment[] = [];
  const spread = (middle: number) => Math.round(middle * Math.exp(0.3 * random.gaussian()));
  for (let minute = 0; minute < minutes; minute++) {
    const port = () => 33_000 + random.integer(20_000);
    const time = () => START + after + 60 * minute + random.uniform() * 50;
    const { sensor, broker, laptop, resolver, camera, recorder } = HOUSE;
    for (let i = 0; i < 2; i++) {
      segments.push(
        ...session({ time: time(), from: sensor, to: broker, fromPort: port(), port: 8883, up: spread(120), down: 8 }),
      );
    }
    for (let i = 0; i < 2; i++) {
      const at = time();
      const asked = { source: laptop, destination: resolver, sourcePort: port(), destinationPort: 53 };
      const answer = { source: resolver, destination: laptop, sourcePort: 53, destinationPort: asked.sourcePort };
      segments.push({ time: at, ...asked, payload: Buffer.alloc(30 + random.integer(20)) });
      segments.push({ time: at + 0.01, ...answer, payload: Buffer.alloc(60 + random.integer(100)) });
      const server = `${20 + random.integer(100)}.${random.integer(250)}.${random.integer(250)}.7`;
      const size = { up: spread(600), down: spread(9000) };
      segments.push(...session({ time: at + 0.02, from: laptop, to: server, fromPort: port(), port: 443, ...size }));
    }
    segments.push(
      ...session({
        time: time(),
        from: camera,
        to: recorder,
        fromPort: port(),
        port: 8554,
        up: spread(20_000),
        down: 40,
      }),
    );
  }
  return segments;
}

export function pcapOf(segments: readonly MadeSegment[]): Buffer {
  const inOrder = [...segments].sort((a, b) => a.time - b.time);
  return Buffer.from(writePcap(inOrder.map((segment) => ({ time: segment.time, bytes: ethernetFrame(segment) }))));
}

/** A moment after the start of the house's traffic, in seconds since the Unix epoch. */
export function houseTime(seconds: number): number {
  return START + seconds;
}
