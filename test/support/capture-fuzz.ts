// Captures of every format and layer, and what must hold when they are damaged in any way.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../lib/common/rejection.js";
import { CaptureReader } from "../../lib/network/capture/reader.js";
import type { Packet } from "../../lib/network/packet.js";
import { applyEdit, edit } from "../lib/envelope/hostile-json.js";
import { Bytes } from "../lib/network/capture/capture-bytes.js";
import { hex } from "../lib/network/capture/frames.js";

const MACS = "0a0b0c0d0e0f 020406080a0c";
const IPV6_ENDS = "fe800000000000000000000000000001 20010db8000000000001000000000001";
const TCP = "9c40 075b 00000001 00000000 60 02 0400 0000 0000 020405b4 68656c6c6f2121";
const TCP_IN_IPV4 = `4500 0033 0001 4000 40 06 0000 0a4d0009 0a4d0001 ${TCP}`;
const FRAGMENT = (field: string, body: string) => `4500 001c 0007 ${field} 40 06 0000 0a4d0009 0a4d0001 ${body}`;

const IP_PACKETS = [
  TCP_IN_IPV4,
  "4600 0022 0000 0000 40 11 0000 0a4d0009 0a4d0001 94040000 0035 c350 000a 0000 abcd",
  "4500 001e 0000 0000 40 01 0000 0a4d0009 0a4d0001 0800 0000 00000000 4500",
  FRAGMENT("2000", "9c40075b00000001"),
  FRAGMENT("2001", "0000000050020400"),
  FRAGMENT("0002", "0000000000000000"),
  `6000 0000 0012 00 40 ${IPV6_ENDS} 1100 010400000000 0035 c350 000a 0000 abcd`,
  `6000 0000 0018 2c 40 ${IPV6_ENDS} 3c00 0001 00000001 1100 010400000000 0035 c350 000a 0000`,
  `6000 0000 000a 2c 40 ${IPV6_ENDS} 3c00 0010 00000001 abcd`,
  `6000 0000 001a 33 40 ${IPV6_ENDS} 3a02 0000 00000001 00000001 00000000 8700 0000 00000000 1122`,
].map((packet) => hex(packet));

const etherType = (packet: Buffer) => ((packet[0] as number) >> 4 === 4 ? "0800" : "86dd");

const ETHERNET_FRAMES = [
  ...IP_PACKETS.map((packet) => Buffer.concat([hex(MACS, etherType(packet)), packet])),
  hex(MACS, "88a8 0065 8100 0007 0800", TCP_IN_IPV4),
  hex(MACS, "0806 0001 0800 06 04 0001 020406080a0c 0a4d0009 000000000000 0a4d0001"),
];

const cooked = (packet: Buffer) => Buffer.concat([hex("0000 0001 0006 020406080a0c 0000", etherType(packet)), packet]);
const cooked2 = (packet: Buffer) =>
  Buffer.concat([hex(etherType(packet), "0000 00000002 0001 00 06 020406080a0c 0000"), packet]);
const loopback = (packet: Buffer) =>
  Buffer.concat([hex(etherType(packet) === "0800" ? "02000000" : "0a000000"), packet]);

function pcap(bytes: Bytes, magic: number, linkType: number, frames: readonly Buffer[]): Buffer {
  return Buffer.concat([bytes.pcapHeader(magic, linkType), ...frames.map((frame, i) => bytes.pcapRecord(i, 5, frame))]);
}

function pcapng(bytes: Bytes): Buffer {
  const resolution = bytes.option(9, hex("09"));
  const interfaces = [bytes.interface(1), bytes.interface(101, [resolution, bytes.option(0, hex(""))], 64)];
  const simple = bytes.block(
    3,
    Buffer.concat([bytes.u32(ETHERNET_FRAMES[0]?.length ?? 0), ETHERNET_FRAMES[0] as Buffer]),
  );
  return Buffer.concat([
    bytes.section(),
    ...interfaces,
    ...ETHERNET_FRAMES.map((frame, i) => bytes.enhanced(0, BigInt(i) * 1000n, frame)),
    bytes.block(4, Buffer.alloc(40)),
    simple,
    ...IP_PACKETS.map((packet, i) => bytes.enhanced(1, BigInt(i) * 1000n, packet)),
    bytes.statistics(0, [bytes.option(5, bytes.u64(3n))]),
  ]);
}

const LITTLE = new Bytes(false);
const BIG = new Bytes(true);

/** Whole captures; together they take every path of the reader. */
export const CAPTURES: readonly Buffer[] = [
  pcap(LITTLE, 0xa1b2c3d4, 1, ETHERNET_FRAMES),
  pcap(BIG, 0xa1b23c4d, 1, ETHERNET_FRAMES),
  pcap(LITTLE, 0xa1b2c3d4, 101, IP_PACKETS),
  pcap(LITTLE, 0xa1b2c3d4, 113, IP_PACKETS.map(cooked)),
  pcap(BIG, 0xa1b2c3d4, 276, IP_PACKETS.map(cooked2)),
  pcap(LITTLE, 0xa1b23c4d, 0, IP_PACKETS.map(loopback)),
  pcapng(LITTLE),
  Buffer.concat([pcapng(BIG), pcapng(LITTLE)]),
];

const damaged = fc
  .tuple(fc.constantFrom(...CAPTURES), fc.array(edit, { maxLength: 6 }), fc.option(fc.nat(), { freq: 4 }))
  .map(([capture, edits, length]) => {
    const bytes = edits.reduce(applyEdit, capture);
    return length === null ? bytes : bytes.subarray(0, length % (bytes.length + 1));
  });
const LINKS: readonly { linkType: number; frames: readonly Buffer[] }[] = [
  { linkType: 1, frames: ETHERNET_FRAMES },
  { linkType: 101, frames: IP_PACKETS },
  { linkType: 113, frames: IP_PACKETS.map(cooked) },
  { linkType: 276, frames: IP_PACKETS.map(cooked2) },
];
/** Whole records of damaged frames: those get further than a damaged file does. */
const damagedFrames = fc.constantFrom(...LINKS).chain(({ linkType, frames }) => {
  const frame = fc
    .tuple(fc.constantFrom(...frames), fc.array(edit, { maxLength: 3 }))
    .map(([whole, edits]) => edits.reduce(applyEdit, whole));
  return fc.array(frame, { maxLength: 12 }).map((list) => pcap(LITTLE, 0xa1b2c3d4, linkType, list));
});
const MAGICS = ["d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "0a0d0d0a1c0000004d3c2b1a"].map((magic) => hex(magic));
const noise = fc
  .tuple(fc.constantFrom(...MAGICS, Buffer.alloc(0)), fc.uint8Array({ maxLength: 200 }))
  .map(([magic, bytes]) => Buffer.concat([magic, bytes]));
/** Where the bytes are cut into chunks. */
const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 3 });

export interface CaptureFuzzResult {
  delivered: number;
  unreadable: number;
  /** Captures that were refused at some point, ended within a record, or were read to the end. */
  rejected: number;
  cutShort: number;
  whole: number;
}

function check(packet: Packet): void {
  const { sourcePort, destinationPort, flags, headerLength, payload, payloadLength, ttl, protocol, time } = packet;
  const inRange = [sourcePort, destinationPort, packet.window].every((value) => value >= 0 && value <= 0xffff);
  const inByte = [flags, ttl, protocol].every((value) => value >= 0 && value <= 0xff);
  const inWord = [packet.sequence, packet.acknowledgement].every((value) => value >= 0 && value <= 0xffffffff);
  assert.ok(inRange && inByte && inWord && Number.isFinite(time), "a field is out of its range");
  assert.ok(headerLength >= 0 && headerLength <= 60 && payload.length <= payloadLength, "lengths do not fit");
  if (packet.network === "ipv4" || packet.network === "ipv6") assert.ok(packet.source && packet.destination);
}

/** @returns packets delivered and unreadable, and how the capture ended. @throws what must not happen. */
function readHostile(capture: Buffer, chunks: readonly number[]) {
  let delivered = 0;
  const reader = new CaptureReader((packet) => {
    delivered++;
    check(packet);
    if (delivered > capture.length) throw new Error("more packets than bytes");
  });
  let rejected = false;
  try {
    for (let at = 0, turn = 0; at < capture.length; turn++) {
      const size = chunks[turn % chunks.length] as number;
      reader.push(capture.subarray(at, at + size));
      at += size;
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    rejected = true;
  }
  const { packets, unreadable, cutShort, fragments } = reader.counters;
  assert.equal(packets, delivered + unreadable, "packets that are neither delivered nor counted");
  return { delivered, unreadable, rejected, cutShort, fragments };
}

/** Reads damaged captures, whole and in pieces. @throws the shrunk counterexample. */
export function fuzzCaptures(runs: number, seed: number): CaptureFuzzResult {
  const result: CaptureFuzzResult = { delivered: 0, unreadable: 0, rejected: 0, cutShort: 0, whole: 0 };
  const input = fc.oneof(
    { weight: 5, arbitrary: damaged },
    { weight: 5, arbitrary: damagedFrames },
    { weight: 1, arbitrary: noise },
  );
  const property = fc.property(input, sizes, (capture, chunks) => {
    const read = readHostile(capture, chunks);
    assert.deepEqual(read, readHostile(capture, [capture.length || 1]), "the chunks make a difference");
    result.delivered += read.delivered;
    result.unreadable += read.unreadable;
    if (read.rejected) result.rejected++;
    else if (read.cutShort) result.cutShort++;
    else result.whole++;
  });
  fc.assert(property, { seed, numRuns: runs });
  return result;
}
