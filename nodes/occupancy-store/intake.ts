import { setImmediate as turn } from "node:timers/promises";
import { Rejection, type RejectionCode } from "../../lib/common/rejection.js";
import type { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import type { Session } from "../../lib/occupancy/session.js";
import { feedItems } from "../../lib/occupancy/wifi-log/feed-items.js";
import type { LogFormat, LogReader } from "../../lib/occupancy/wifi-log/log-reader.js";
import type { SharedOccupancy } from "../common/occupancy.js";

/** What became of a message's lines or items. */
export interface IntakeSummary {
  /** Sessions that cannot be lost any more. */
  stored: number;
  /** Of them, those whose end is not known yet. */
  open: number;
  /** Sessions that had come before. */
  duplicates: number;
  /** Lines about nothing: heads of tables, syslog of something else. */
  ignored: number;
  /** Leaves of devices that never came. */
  unmatched: number;
  /** Lines that cannot be read. */
  refused: number;
}

export interface IntakeResult {
  summary: IntakeSummary;
  /** Of the refused lines: how many of each code, the first reason, the first line numbers. */
  refusals?: { code: RejectionCode; reason: string; counts: Partial<Record<RejectionCode, number>>; lines: number[] };
}

const BATCH = 2000;
const SHOWN_LINES = 20;
/** Sessions of events that could not be taken over; what was read from events cannot be read again. */
const MAX_HELD = 10_000;

/** Reads messages and hands the sessions to the store. */
export class Intake {
  private held: Session[] = [];

  constructor(
    private readonly occupancy: SharedOccupancy,
    private readonly reader: LogReader,
    private readonly format: LogFormat,
  ) {}

  /**
   * @returns once all sessions of the message are on the disk.
   * @throws {Rejection} where nothing in it can be read; {StoreFailure} FULL.
   */
  async take(payload: unknown): Promise<IntakeResult> {
    return await this.occupancy.use((store) => this.takeAll(store, payload));
  }

  private async takeAll(store: OccupancyStore, payload: unknown): Promise<IntakeResult> {
    const summary: IntakeSummary = { stored: 0, open: 0, duplicates: 0, ignored: 0, unmatched: 0, refused: 0 };
    let refusals: IntakeResult["refusals"];
    let first: Rejection | undefined;
    let read = 0;
    let line = 0;
    let batch: Session[] = [];
    for (const item of feedItems(payload, this.format)) {
      line++;
      const { ignored, events } = this.reader;
      const { unmatched } = events;
      try {
        batch.push(...this.reader.read(item));
        read++;
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        first ??= error;
        refusals ??= { code: error.code, reason: error.reason, counts: {}, lines: [] };
        refusals.counts[error.code] = (refusals.counts[error.code] ?? 0) + 1;
        if (refusals.lines.length < SHOWN_LINES) refusals.lines.push(line);
        summary.refused++;
      }
      summary.ignored += this.reader.ignored - ignored;
      summary.unmatched += this.reader.events.unmatched - unmatched;
      if (batch.length < BATCH) continue;
      await this.store(store, batch, summary);
      batch = [];
      await turn();
    }
    if (first && read === 0) throw first;
    await this.store(store, batch, summary);
    return { summary, ...(refusals ? { refusals } : {}) };
  }

  private async store(store: OccupancyStore, fresh: Session[], summary: IntakeSummary): Promise<void> {
    const sessions = [...this.held, ...fresh];
    if (sessions.length === 0) return;
    const before = store.status.repeated;
    const taken = store.ingest(sessions);
    // With a journal it has been decided by now which ones are new.
    const duplicates = store.status.repeated - before;
    try {
      await taken;
    } catch (error) {
      this.held = sessions.slice(-MAX_HELD);
      throw error;
    }
    this.held = [];
    summary.stored += sessions.length - duplicates;
    summary.duplicates += duplicates;
    summary.open += sessions.filter(({ duration }) => duration === "open").length;
  }
}
