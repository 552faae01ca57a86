import { join } from "node:path";
import { Cursor } from "./cursor.js";
import { folderId } from "./folder.js";
import { decodeIntake, encodeIntake, type IntakeEntry } from "./intake-entry.js";
import { SegmentLog, type SegmentLogOptions } from "./segment-log.js";

export interface IntakeRecord extends IntakeEntry {
  /** Its number in this journal, from 1. */
  n: number;
}

export interface IntakeJournalOptions {
  folder: string;
  segmentBytes?: number;
  maxBytes?: number;
  openFile?: SegmentLogOptions["openFile"];
}

/** Finished records that a crash may present again, at most, besides those of a second. */
const SAVE_AFTER = 1000;
const SAVE_EVERY_MS = 1000;
const REPLAY_AT_ONCE = { records: 256, bytes: 1_048_576 };

/**
 * What a gateway took over and has not finished. A record is there from {@link append} on until {@link finished}; after
 * a restart {@link unfinishedRecords} gives out what was not finished, in order, under the same numbers. Finishing is
 * saved late: after a crash some finished records come again, none is missing.
 */
export class IntakeJournal {
  private readonly open = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  private sinceSaved = 0;
  private saving: Promise<void> = Promise.resolve();
  private saveProblem: Error | undefined;

  private constructor(
    /** 16 hex digits; with `n` it names a record for ever. */
    readonly id: string,
    private readonly log: SegmentLog,
    private readonly cursor: Cursor,
    unfinished: Iterable<number>,
  ) {
    for (const n of unfinished) this.open.add(n);
  }

  /** @throws {Error} of the file system. */
  static async open(options: IntakeJournalOptions): Promise<IntakeJournal> {
    const id = folderId(options.folder);
    const cursor = Cursor.load(join(options.folder, "cursor"), 1);
    const { segmentBytes, maxBytes, openFile, folder } = options;
    const log = await SegmentLog.open({
      folder,
      startAt: cursor.position,
      ...(segmentBytes === undefined ? {} : { segmentBytes }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(openFile ? { openFile } : {}),
    });
    await log.release(cursor.position);
    return new IntakeJournal(id, log, cursor, log.numbers(cursor.position));
  }

  get recovery(): SegmentLog["recovery"] {
    return this.log.recovery;
  }

  /** Records that were taken over and not finished. */
  get unfinished(): number {
    return this.open.size;
  }

  /** Lowest number that is not finished, or the next one. */
  get firstUnfinished(): number {
    return this.lowest();
  }

  get bytes(): number {
    return this.log.bytes;
  }

  /** Why what is finished cannot be saved; it is tried again. */
  get problem(): Error | undefined {
    return this.saveProblem;
  }

  /**
   * @returns the record's number, once it is on the disk.
   * @throws {SpoolFull}, {Error} of the file system; nothing was taken over then.
   */
  async append(entry: IntakeEntry): Promise<number> {
    const n = await this.log.append(encodeIntake(entry));
    this.open.add(n);
    return n;
  }

  /** Says that a record is dealt with. May be said twice, and of records that are unknown. */
  finished(n: number): void {
    if (!this.open.delete(n)) return;
    this.sinceSaved++;
    if (this.sinceSaved >= SAVE_AFTER) this.save();
    else this.timer ??= setTimeout(() => this.save(), SAVE_EVERY_MS);
  }

  /** What is not finished of the records up to now, in order. */
  async *unfinishedRecords(): AsyncGenerator<IntakeRecord> {
    const end = this.log.next;
    for (let from = this.lowest(); from < end; ) {
      const records = await this.log.read(from, REPLAY_AT_ONCE);
      if (records.length === 0) return;
      for (const { number, payload } of records) {
        from = number + 1;
        if (number >= end || !this.open.has(number)) continue;
        yield { n: number, ...decodeIntake(payload) };
      }
    }
  }

  /** Saves what is finished. */
  async close(): Promise<void> {
    await this.log.close();
    this.save();
    await this.saving;
  }

  private lowest(): number {
    return this.open.values().next().value ?? this.log.next;
  }

  private save(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sinceSaved = 0;
    const position = this.lowest();
    this.saving = this.saving
      .then(() => this.cursor.save(position))
      .then(() => this.log.release(position))
      .then(
        () => {
          this.saveProblem = undefined;
        },
        (error: Error) => {
          this.saveProblem = error;
        },
      );
  }
}
