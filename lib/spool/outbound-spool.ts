import { join } from "node:path";
import { Cursor } from "./cursor.js";
import { folderId } from "./folder.js";
import { type LogRecord, type ReadLimits, SegmentLog, type SegmentLogOptions } from "./segment-log.js";

export type OutboundSpoolOptions = Omit<SegmentLogOptions, "startAt">;

/** Records on their way out: in the log until the other side has them, and a cursor that says up to where it has. */
export class OutboundSpool {
  private constructor(
    /** Name of this spool, 16 hex digits. */
    readonly id: string,
    private readonly log: SegmentLog,
    private readonly cursor: Cursor,
  ) {}

  /** @throws {Error} of the file system. */
  static async open(options: OutboundSpoolOptions): Promise<OutboundSpool> {
    const id = folderId(options.folder);
    const cursor = Cursor.load(join(options.folder, "cursor"), 1);
    const log = await SegmentLog.open({ ...options, startAt: cursor.position });
    await log.release(cursor.position);
    return new OutboundSpool(id, log, cursor);
  }

  get recovery(): SegmentLog["recovery"] {
    return this.log.recovery;
  }

  /** Records that wait. */
  get pending(): number {
    return this.log.count(this.cursor.position);
  }

  get bytes(): number {
    return this.log.bytes;
  }

  /** Records that were given up because the spool was full, or that the disk lost after the start. */
  get dropped(): number {
    return this.log.dropped + this.log.unreadable;
  }

  /** @returns once it is on the disk. @throws {SpoolFull}, {Error} of the file system. */
  add(record: Buffer): Promise<number> {
    return this.log.append(record);
  }

  /** The oldest records that wait. */
  peek(limits: ReadLimits): Promise<LogRecord[]> {
    return this.log.read(this.cursor.position, limits);
  }

  /** Says that everything up to this record, itself included, is delivered. @returns once that is on the disk. */
  async delivered(last: number): Promise<void> {
    await this.cursor.save(Math.max(this.cursor.position, last + 1));
    await this.log.release(this.cursor.position);
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
