import { rm } from "node:fs/promises";
import { Closed } from "../common/closed.js";
import { ensurePrivateFolder } from "../common/files.js";
import { syncFolder } from "./folder.js";
import { encodeFrame } from "./frame.js";
import { type LogFile, openLogFile } from "./log-file.js";
import { type LogRecord, type ReadLimits, SegmentReader } from "./segment-reader.js";
import { type Recovery, readableEnd, recoverSegments, type Segment, segmentPath } from "./segments.js";

export const WHEN_FULL = ["reject", "dropOldest"] as const;
export type WhenFull = (typeof WHEN_FULL)[number];

export interface SegmentLogOptions {
  folder: string;
  /** Lowest number that may be given out; what the cursor says. */
  startAt?: number;
  /** Size at which a new file begins, bytes. */
  segmentBytes?: number;
  /** All files together, bytes. */
  maxBytes?: number;
  /** Beyond that: refuse new records, or delete the oldest file with its records. */
  whenFull?: WhenFull;
  /** Told how many records that were not released yet were deleted, and after that it is too late. */
  onDrop?: (records: number) => void;
  /** Makes a file; replaced in tests by one that fails. */
  openFile?: (path: string) => Promise<LogFile>;
}

/** The log is at its cap and `whenFull` is `reject`. */
export class SpoolFull extends Error {
  override readonly name = "SpoolFull";
}

interface Waiting {
  frame: Buffer;
  resolve(number: number): void;
  reject(error: unknown): void;
}

const DEFAULT_SEGMENT_BYTES = 1_048_576;
export const DEFAULT_SPOOL_BYTES = 256 * DEFAULT_SEGMENT_BYTES;

/**
 * A commit costs two calls of the system and several turns of the event loop, whether it holds one record or twenty:
 * one that would follow the last one within this time waits for more records, unless there are enough.
 */
const COMMIT_EVERY_MS = 10;
const ENOUGH_FOR_COMMIT = 16;

/**
 * Numbered records in files that only grow. What {@link append} has resolved survives `kill -9`, and power loss as far
 * as `fdatasync` holds: one for all records that wait (group commit, as databases do it), before any of them resolves;
 * a new file's name is fsynced before its first record resolves. Numbers rise by one and none is given twice.
 */
export class SegmentLog {
  private readonly waiting: Waiting[] = [];
  private active: { file: LogFile; segment: Segment } | undefined;
  private flushing: Promise<void> | undefined;
  private committedAt = Number.NEGATIVE_INFINITY;
  private goOn: (() => void) | undefined;
  private released: number;
  private droppedTotal = 0;
  private isClosed = false;
  private readonly reader: SegmentReader;
  private readonly segmentBytes: number;
  private readonly maxBytes: number;

  private constructor(
    private readonly options: SegmentLogOptions,
    private readonly segments: Segment[],
    private nextNumber: number,
    /** What was found at the opening. */
    readonly recovery: Recovery,
  ) {
    this.segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
    this.maxBytes = options.maxBytes ?? DEFAULT_SPOOL_BYTES;
    this.released = options.startAt ?? 1;
    this.reader = new SegmentReader(segments);
  }

  /** @throws {Error} of the file system. */
  static async open(options: SegmentLogOptions): Promise<SegmentLog> {
    ensurePrivateFolder(options.folder);
    const { segments, next, recovery } = await recoverSegments(options.folder);
    return new SegmentLog(options, segments, Math.max(next, options.startAt ?? 1), recovery);
  }

  /** Number of the next record: all below it that exist are on the disk. */
  get next(): number {
    return this.nextNumber;
  }

  /** Size of all files. */
  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Records that were deleted before they were released, because the log was full. */
  get dropped(): number {
    return this.droppedTotal;
  }

  /** Records that could not be read any more after the opening. */
  get unreadable(): number {
    return this.reader.lost;
  }

  /** How many records there are from a number on. */
  count(from: number): number {
    return this.segments.reduce(
      (sum, segment) => sum + Math.max(0, readableEnd(segment) - Math.max(segment.first, from)),
      0,
    );
  }

  /** The numbers of all records from one on, in order. */
  *numbers(from: number): Generator<number> {
    for (const segment of this.segments) {
      for (let number = Math.max(segment.first, from); number < readableEnd(segment); number++) yield number;
    }
  }

  /**
   * @returns the record's number, once it is on the disk.
   * @throws {SpoolFull}, {Closed}, {Error} of the file system; the record is then not in the log.
   */
  append(payload: Buffer): Promise<number> {
    if (this.isClosed) return Promise.reject(new Closed("the spool is closed"));
    const frame = encodeFrame(payload);
    if (frame.length > this.segmentBytes) {
      return Promise.reject(new Error(`a record of ${payload.length} bytes does not fit into a segment`));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ frame, resolve, reject });
      if (this.waiting.length >= ENOUGH_FOR_COMMIT) this.goOn?.();
      this.flushing ??= this.flush();
    });
  }

  /** Records from a number on, in order; fewer than asked for where that is all or the limits are reached. */
  read(from: number, limits: ReadLimits): Promise<LogRecord[]> {
    return this.reader.read(from, limits);
  }

  /** Says that all records below a number are done with. Files that hold no others are deleted. */
  async release(before: number): Promise<void> {
    this.released = Math.max(this.released, before);
    for (let oldest = this.segments[0]; oldest; oldest = this.segments[0]) {
      if (oldest === this.active?.segment || oldest.first + oldest.count > this.released) return;
      this.segments.shift();
      await rm(oldest.path, { force: true });
    }
  }

  /** Waits for what was appended. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.goOn?.();
    await this.flushing;
    await this.active?.file.close();
    this.active = undefined;
  }

  private async flush(): Promise<void> {
    // One turn of the event loop, so that what arrives together is committed together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      let group: Waiting[] = [];
      await this.untilDue();
      try {
        const active = await this.room((this.waiting[0] as Waiting).frame.length);
        group = this.take(Math.min(this.segmentBytes - active.segment.bytes, this.maxBytes - this.bytes));
        await this.commit(active, group);
      } catch (error) {
        if (group.length === 0) group = this.waiting.splice(0);
        for (const { reject } of group) reject(error);
      }
    }
    this.flushing = undefined;
  }

  private untilDue(): Promise<void> {
    const left = this.committedAt + COMMIT_EVERY_MS - performance.now();
    if (left <= 0 || this.waiting.length >= ENOUGH_FOR_COMMIT || this.isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.goOn?.(), left);
      this.goOn = () => {
        clearTimeout(timer);
        this.goOn = undefined;
        resolve();
      };
    });
  }

  /** As many waiting records as fit into the active segment; at least one does. */
  private take(bytes: number): Waiting[] {
    let count = 0;
    for (let room = bytes; count < this.waiting.length; count++) {
      room -= (this.waiting[count] as Waiting).frame.length;
      if (room < 0) break;
    }
    return this.waiting.splice(0, count);
  }

  private async commit({ file, segment }: { file: LogFile; segment: Segment }, group: Waiting[]): Promise<void> {
    const bytes = Buffer.concat(group.map(({ frame }) => frame));
    try {
      await file.commit(bytes, segment.bytes);
    } catch (error) {
      await this.abandon(file, segment.bytes);
      throw error;
    }
    this.committedAt = performance.now();
    const first = this.nextNumber;
    segment.bytes += bytes.length;
    segment.count += group.length;
    this.nextNumber += group.length;
    for (const [index, { resolve }] of group.entries()) resolve(first + index);
  }

  /** After a failed write or flush nobody knows what the disk has: what follows goes into a new file. */
  private async abandon(file: LogFile, goodBytes: number): Promise<void> {
    this.active = undefined;
    await file.truncate(goodBytes).catch(() => {});
    await file.close().catch(() => {});
  }

  private async room(bytes: number): Promise<{ file: LogFile; segment: Segment }> {
    await this.makeSpace(bytes);
    const { segment: current } = this.active ?? {};
    const isUsable = current?.readable === undefined && current && current.bytes + bytes <= this.segmentBytes;
    if (this.active && isUsable) return this.active;
    const full = this.active;
    this.active = undefined;
    await full?.file.close();
    const segment = {
      path: segmentPath(this.options.folder, this.nextNumber),
      first: this.nextNumber,
      count: 0,
      bytes: 0,
    };
    // An abandoned file without a record has this name.
    const namesake = this.segments.findIndex(({ first }) => first === segment.first);
    if (namesake >= 0) this.segments.splice(namesake, 1);
    await rm(segment.path, { force: true });
    const file = await (this.options.openFile ?? openLogFile)(segment.path);
    await syncFolder(this.options.folder);
    this.segments.push(segment);
    this.active = { file, segment };
    await this.release(this.released);
    return this.active;
  }

  private async makeSpace(bytes: number): Promise<void> {
    while (this.bytes + bytes > this.maxBytes) {
      const oldest = this.segments[0];
      if (this.options.whenFull !== "dropOldest" || !oldest || bytes > this.maxBytes) {
        throw new SpoolFull(`the spool holds its ${this.maxBytes} bytes`);
      }
      if (oldest === this.active?.segment) {
        await this.active.file.close();
        this.active = undefined;
      }
      this.segments.shift();
      await rm(oldest.path, { force: true });
      const dropped = Math.max(0, oldest.first + oldest.count - Math.max(oldest.first, this.released));
      this.droppedTotal += dropped;
      if (dropped > 0) this.options.onDrop?.(dropped);
    }
  }
}

export type { LogRecord, ReadLimits };
