import { Rejection } from "../../common/rejection.js";
import type { CaptureCounters } from "./counters.js";
import type { PacketDecoder } from "./decoder.js";
import { LONGEST_FRAME, type RecordParser } from "./record-parser.js";
import { secondsOf, ticksPerSecond } from "./timestamp-resolution.js";

/** Type of the block that opens each section; the same in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
/** Obsolete, but written by old programs. */
const PACKET = 2;
const SIMPLE_PACKET = 3;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;
const READ: ReadonlySet<number> = new Set([
  SECTION_HEADER,
  INTERFACE_DESCRIPTION,
  PACKET,
  SIMPLE_PACKET,
  INTERFACE_STATISTICS,
  ENHANCED_PACKET,
]);
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const SMALLEST_BLOCK = 12;
/** Type, length and, in a section header, the byte-order magic that says how to read the length. */
const BLOCK_START = 12;
const LONGEST_BLOCK = LONGEST_FRAME + 65_536;
const MOST_INTERFACES = 4096;
/** Fixed part of a body, before options or packet bytes. */
const LEAST_BODY = new Map([
  [SECTION_HEADER, 16],
  [INTERFACE_DESCRIPTION, 8],
  [PACKET, 20],
  [SIMPLE_PACKET, 4],
  [INTERFACE_STATISTICS, 12],
  [ENHANCED_PACKET, 20],
]);
const OPTION_RESOLUTION = 9;
const OPTION_OFFSET = 14;
const OPTION_DROPPED_BY_INTERFACE = 5;
const OPTION_DROPPED_BY_SYSTEM = 7;

interface Interface {
  linkType: number;
  snapLength: number;
  ticksPerSecond: number;
  /** Seconds to be added to each timestamp. */
  offset: number;
  /** As the last statistics block had it: the counts of a block include those of the one before. */
  dropped: number;
}

/** The pcapng format (draft-ietf-opsawg-pcapng): several sections of either byte order, several interfaces in each. */
export class PcapngParser implements RecordParser {
  needed = BLOCK_START;
  skip = 0;
  private isBig = false;
  private interfaces: Interface[] = [];
  private lastTime = 0;

  constructor(
    private readonly decoder: PacketDecoder,
    private readonly counters: CaptureCounters,
  ) {}

  parse(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (end - at >= BLOCK_START) {
      const type = this.word(bytes, at);
      if (type === SECTION_HEADER) this.readByteOrder(bytes, at + 8);
      const length = this.word(bytes, at + 4);
      if (length < SMALLEST_BLOCK || length % 4 !== 0) {
        throw new Rejection("FORMAT", `damaged capture: a block of ${length} bytes, which cannot be`);
      }
      if (!READ.has(type)) {
        this.skip = length;
        this.needed = BLOCK_START;
        return at;
      }
      if (length > LONGEST_BLOCK) {
        throw new Rejection("FORMAT", `damaged capture: a block of ${length} bytes, more than there can be`);
      }
      if (at + length > end) {
        this.needed = length;
        return at;
      }
      this.readBlock(type, bytes, at + 8, at + length - 4);
      at += length;
    }
    this.needed = BLOCK_START;
    return at;
  }

  private word(bytes: Buffer, at: number): number {
    return this.isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }

  private short(bytes: Buffer, at: number): number {
    return this.isBig ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
  }

  private readByteOrder(bytes: Buffer, at: number): void {
    if (bytes.readUInt32BE(at) === BYTE_ORDER_MAGIC) this.isBig = true;
    else if (bytes.readUInt32LE(at) === BYTE_ORDER_MAGIC) this.isBig = false;
    else throw new Rejection("FORMAT", "damaged capture: a section without byte-order magic");
  }

  private readBlock(type: number, bytes: Buffer, at: number, end: number): void {
    if (end - at < (LEAST_BODY.get(type) ?? 0)) {
      throw new Rejection("FORMAT", `damaged capture: a block of type ${type} without its fixed part`);
    }
    if (type === ENHANCED_PACKET) this.packet(this.word(bytes, at), bytes, at, end);
    else if (type === PACKET) this.packet(this.short(bytes, at), bytes, at, end);
    else if (type === SIMPLE_PACKET) this.simplePacket(bytes, at, end);
    else if (type === INTERFACE_DESCRIPTION) this.describeInterface(bytes, at, end);
    else if (type === INTERFACE_STATISTICS) this.statistics(bytes, at, end);
    else this.beginSection(bytes, at);
  }

  private beginSection(bytes: Buffer, at: number): void {
    const major = this.short(bytes, at + 4);
    if (major !== 1) throw new Rejection("FORMAT", `pcapng format of version ${major} is not read, only version 1`);
    this.interfaces = [];
  }

  private interfaceOf(id: number): Interface {
    const found = this.interfaces[id];
    if (!found) throw new Rejection("FORMAT", "damaged capture: a packet of an interface that is not described");
    return found;
  }

  private packet(id: number, bytes: Buffer, at: number, end: number): void {
    const from = this.interfaceOf(id);
    const captured = this.word(bytes, at + 12);
    const start = at + 20;
    if (captured > end - start) throw new Rejection("FORMAT", "damaged capture: a packet longer than its block");
    this.lastTime = secondsOf(this.word(bytes, at + 4), this.word(bytes, at + 8), from.ticksPerSecond) + from.offset;
    this.decoder.decode(from.linkType, bytes, start, start + captured, this.word(bytes, at + 16), this.lastTime);
  }

  /** Has no timestamp, so the one before stands, and belongs to the first interface. */
  private simplePacket(bytes: Buffer, at: number, end: number): void {
    const from = this.interfaceOf(0);
    const wireLength = this.word(bytes, at);
    const start = at + 4;
    const captured = Math.min(wireLength, end - start, from.snapLength || LONGEST_FRAME);
    this.decoder.decode(from.linkType, bytes, start, start + captured, wireLength, this.lastTime);
  }

  private describeInterface(bytes: Buffer, at: number, end: number): void {
    if (this.interfaces.length >= MOST_INTERFACES) {
      throw new Rejection("FORMAT", `damaged capture: more than ${MOST_INTERFACES} interfaces`);
    }
    const described: Interface = {
      linkType: this.short(bytes, at),
      snapLength: this.word(bytes, at + 4),
      ticksPerSecond: 1e6,
      offset: 0,
      dropped: 0,
    };
    for (const { code, value, length } of this.options(bytes, at + 8, end)) {
      if (code === OPTION_RESOLUTION && length >= 1) described.ticksPerSecond = ticksPerSecond(bytes[value] as number);
      if (code === OPTION_OFFSET && length >= 8) {
        described.offset = Number(this.isBig ? bytes.readBigInt64BE(value) : bytes.readBigInt64LE(value));
      }
    }
    this.interfaces.push(described);
  }

  private statistics(bytes: Buffer, at: number, end: number): void {
    const from = this.interfaceOf(this.word(bytes, at));
    let dropped: number | undefined;
    for (const { code, value, length } of this.options(bytes, at + 12, end)) {
      if ((code !== OPTION_DROPPED_BY_INTERFACE && code !== OPTION_DROPPED_BY_SYSTEM) || length < 8) continue;
      const count = this.isBig ? bytes.readBigUInt64BE(value) : bytes.readBigUInt64LE(value);
      dropped = (dropped ?? 0) + Number(count);
    }
    if (dropped === undefined) return;
    this.counters.dropped = (this.counters.dropped ?? 0) + Math.max(0, dropped - from.dropped);
    from.dropped = dropped;
  }

  /** Options up to the end mark; a damaged list ends where it is damaged, as nothing in it is indispensable. */
  private *options(bytes: Buffer, start: number, end: number) {
    let at = start;
    while (end - at >= 4) {
      const code = this.short(bytes, at);
      const length = this.short(bytes, at + 2);
      if (code === 0 || length > end - at - 4) return;
      yield { code, value: at + 4, length };
      at += 4 + Math.ceil(length / 4) * 4;
    }
  }
}
