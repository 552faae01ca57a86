import { Rejection } from "../../common/rejection.js";
import type { PacketDecoder } from "./decoder.js";
import { isReadableLink } from "./link-layer.js";
import { LONGEST_FRAME, type RecordParser } from "./record-parser.js";

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** Whether four bytes are the magic number of a pcap file, and in which byte order and unit of time. */
function magicOf(bytes: Buffer, at: number): { isBig: boolean; perSecond: number } | undefined {
  for (const isBig of [false, true]) {
    const magic = isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    if (magic === MICROSECONDS) return { isBig, perSecond: 1e6 };
    if (magic === NANOSECONDS) return { isBig, perSecond: 1e9 };
  }
  return undefined;
}

export function isPcap(bytes: Buffer, at: number): boolean {
  return magicOf(bytes, at) !== undefined;
}

/** The pcap format, microseconds and nanoseconds, both byte orders (draft-ietf-opsawg-pcap). */
export class PcapParser implements RecordParser {
  needed = FILE_HEADER;
  skip = 0;
  private hasHeader = false;
  private isBig = false;
  private perSecond = 1e6;
  private linkType = 0;

  constructor(private readonly decoder: PacketDecoder) {}

  parse(bytes: Buffer, start: number, end: number): number {
    let at = start;
    if (!this.hasHeader) {
      if (end - at < FILE_HEADER) return at;
      this.readHeader(bytes, at);
      at += FILE_HEADER;
    }
    return this.isBig ? this.bigRecords(bytes, at, end) : this.littleRecords(bytes, at, end);
  }

  private readHeader(bytes: Buffer, at: number): void {
    const magic = magicOf(bytes, at);
    if (!magic) throw new Rejection("FORMAT", "not a pcap file: unknown magic number");
    this.isBig = magic.isBig;
    this.perSecond = magic.perSecond;
    const major = magic.isBig ? bytes.readUInt16BE(at + 4) : bytes.readUInt16LE(at + 4);
    if (major !== 2) throw new Rejection("FORMAT", `pcap format of version ${major} is not read, only version 2`);
    // The upper bits say how long the frame check sequence is; frames end where the network layer says.
    this.linkType = (magic.isBig ? bytes.readUInt32BE(at + 20) : bytes.readUInt32LE(at + 20)) & 0xffff;
    if (!isReadableLink(this.linkType)) {
      throw new Rejection("FORMAT", `link type ${this.linkType} is not read; Ethernet, Linux cooked and raw IP are`);
    }
    this.hasHeader = true;
  }

  private littleRecords(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (end - at >= RECORD_HEADER) {
      const captured = little(bytes, at + 8);
      const next = at + RECORD_HEADER + this.checked(captured);
      if (next > end) {
        this.needed = RECORD_HEADER + captured;
        return at;
      }
      const time = little(bytes, at) + little(bytes, at + 4) / this.perSecond;
      this.decoder.decode(this.linkType, bytes, at + RECORD_HEADER, next, little(bytes, at + 12), time);
      at = next;
    }
    this.needed = RECORD_HEADER;
    return at;
  }

  private bigRecords(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (end - at >= RECORD_HEADER) {
      const captured = bytes.readUInt32BE(at + 8);
      const next = at + RECORD_HEADER + this.checked(captured);
      if (next > end) {
        this.needed = RECORD_HEADER + captured;
        return at;
      }
      const time = bytes.readUInt32BE(at) + bytes.readUInt32BE(at + 4) / this.perSecond;
      this.decoder.decode(this.linkType, bytes, at + RECORD_HEADER, next, bytes.readUInt32BE(at + 12), time);
      at = next;
    }
    this.needed = RECORD_HEADER;
    return at;
  }

  private checked(captured: number): number {
    if (captured <= LONGEST_FRAME) return captured;
    throw new Rejection("FORMAT", `damaged capture: a packet of ${captured} bytes, more than there can be`);
  }
}

function little(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
