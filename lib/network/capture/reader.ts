import { Rejection } from "../../common/rejection.js";
import { CaptureCounters } from "./counters.js";
import { type OnPacket, PacketDecoder } from "./decoder.js";
import { isPcap, PcapParser } from "./pcap.js";
import { PcapngParser, SECTION_HEADER } from "./pcapng.js";
import type { RecordParser } from "./record-parser.js";

const MAGIC_LENGTH = 4;
const LEAST_ROOM = 65_536;

/**
 * Reads a capture, pcap or pcapng, from bytes that arrive in pieces of any size. Packets are handed on while `push`
 * runs; memory is bounded by the longest record there can be.
 */
export class CaptureReader {
  private readonly decoder: PacketDecoder;
  private parser: RecordParser | undefined;
  /** The beginning of a record whose rest has not arrived yet. */
  private carry = Buffer.allocUnsafe(LEAST_ROOM);
  private carried = 0;

  /**
   * @param onPacket called for each packet that could be read, before `push` returns.
   * @param counters counts what could be read and what could not.
   */
  constructor(
    onPacket: OnPacket,
    readonly counters: CaptureCounters = new CaptureCounters(),
  ) {
    this.decoder = new PacketDecoder(onPacket, counters);
  }

  /**
   * @param chunk the next bytes; not kept beyond this call.
   * @throws {Rejection} FORMAT where this is no capture or nothing more of it can be read; what came before has been
   * handed on. Do not push more then.
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.skipped(chunk, at);
      if (this.carried > 0 || !this.parser) {
        at = this.complete(chunk, at);
        continue;
      }
      at = this.parser.parse(chunk, at, chunk.length);
      if (this.parser.skip > 0) continue;
      this.keep(chunk, at, chunk.length);
      return;
    }
  }

  /**
   * The bytes are over.
   *
   * @throws {Rejection} FORMAT when they were too few to be a capture.
   */
  end(): void {
    const { parser, carried } = this;
    if (!parser) {
      throw new Rejection("FORMAT", carried === 0 ? "empty capture" : "not a capture: too short for one");
    }
    if (carried > 0 || parser.skip > 0) this.counters.cutShort = true;
  }

  private skipped(chunk: Buffer, at: number): number {
    const { parser } = this;
    if (!parser || parser.skip === 0) return at;
    const count = Math.min(parser.skip, chunk.length - at);
    parser.skip -= count;
    return at + count;
  }

  /** Adds to what was carried over just what its record lacks, and reads that. */
  private complete(chunk: Buffer, from: number): number {
    const needed = this.parser?.needed ?? MAGIC_LENGTH;
    const count = Math.min(Math.max(needed - this.carried, 0), chunk.length - from);
    this.keep(chunk, from, from + count);
    if (this.carried < needed) return from + count;
    this.parser ??= this.parserFor(this.carry);
    const read = this.parser.parse(this.carry, 0, this.carried);
    this.carry.copyWithin(0, read, this.carried);
    this.carried -= read;
    // What is skipped may have begun in the bytes that were carried over.
    const skipped = Math.min(this.parser.skip, this.carried);
    this.parser.skip -= skipped;
    this.carry.copyWithin(0, skipped, this.carried);
    this.carried -= skipped;
    return from + count;
  }

  private keep(chunk: Buffer, start: number, end: number): void {
    const needed = this.carried + end - start;
    if (needed > this.carry.length) {
      const larger = Buffer.allocUnsafe(2 * needed);
      this.carry.copy(larger, 0, 0, this.carried);
      this.carry = larger;
    }
    chunk.copy(this.carry, this.carried, start, end);
    this.carried = needed;
  }

  private parserFor(bytes: Buffer): RecordParser {
    if (isPcap(bytes, 0)) return new PcapParser(this.decoder);
    if (bytes.readUInt32BE(0) === SECTION_HEADER) return new PcapngParser(this.decoder, this.counters);
    throw new Rejection("FORMAT", "not a capture: neither pcap nor pcapng");
  }
}
