import { isStoreFailure, StoreFailure } from "./failure.js";
import type { Journal, Waiting } from "./journal.js";
import { RecentSessions } from "./recent-sessions.js";
import type { Companion, NewRecord, RowWriter } from "./row-writer.js";
import { checkSession, type Session } from "./session.js";
import { carriedEntry, entriesOf, recordsOf } from "./spread.js";

export interface IngestSettings {
  /** Sessions in a transaction; 500 unless told otherwise. */
  batchSize?: number;
  /** How long sessions wait for a batch to fill, milliseconds; 5000 unless told otherwise. */
  batchMs?: number;
  /** Sessions that may wait for the database; 1,000,000 with a journal file, else 100,000. */
  maxWaiting?: number;
}

export interface IngestStatus {
  /** Sessions taken over that the tables do not have yet. */
  waiting: number;
  /** Sessions that the tables got since the opening, and repeated ones that were left out. */
  written: number;
  repeated: number;
  /** Why the last attempt to write failed, until one succeeds. */
  problem: Error | undefined;
}

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 30_000;

interface Promised {
  position: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Collects sessions, hands them to the tables in batches and tries again where the database does not answer. */
export class Ingest {
  private readonly batchSize: number;
  private readonly batchMs: number;
  private readonly maxWaiting: number;
  private readonly recent = new RecentSessions();
  private readonly promised: Promised[] = [];
  private written = 0;
  private repeated = 0;
  private problem: Error | undefined;
  private retryMs = FIRST_RETRY_MS;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isClosed = false;

  /**
   * @param writer gives the writer once the database answers.
   * @param prepare makes what belongs to a batch: records of the access points that the directory does not have, and
   *   what goes into the same transaction. It comes again where the batch fails.
   * @param onWritten told what the tables have got.
   */
  constructor(
    private readonly journal: Journal,
    private readonly writer: () => Promise<RowWriter>,
    private readonly prepare: (sessions: readonly Session[]) => Promise<{ records: NewRecord[]; companion: Companion }>,
    private readonly onWritten: (sessions: readonly Session[]) => void,
    settings: IngestSettings = {},
  ) {
    this.batchSize = settings.batchSize ?? 500;
    this.batchMs = settings.batchMs ?? 5000;
    this.maxWaiting = settings.maxWaiting ?? (journal.isDurable ? 1_000_000 : 100_000);
    if (journal.waiting > 0) this.wake(0);
  }

  get status(): IngestStatus {
    const { written, repeated, problem } = this;
    return { waiting: this.journal.waiting, written, repeated, problem };
  }

  /**
   * Takes sessions over.
   *
   * @returns once they survive a crash: in the journal file, or without one in the tables.
   * @throws {Rejection} for a session that is none; then none of them is taken over.
   * @throws {StoreFailure} FULL; without a journal file also when the store is closed before the tables had them.
   */
  async add(sessions: readonly Session[]): Promise<void> {
    if (this.isClosed) throw new StoreFailure("SETTINGS", "the occupancy store is closed");
    const checked = sessions.map(checkSession);
    if (this.journal.waiting + checked.length > this.maxWaiting) {
      throw new StoreFailure(
        "FULL",
        `${this.journal.waiting} sessions wait for the database, which is the most allowed`,
      );
    }
    // Without a journal the first one of two equal sessions could still be lost when the second one is acknowledged.
    const fresh = this.journal.isDurable ? checked.filter((session) => !this.recent.seen(session)) : once(checked);
    this.repeated += checked.length - fresh.length;
    if (fresh.length === 0) return;
    let positions: number[];
    try {
      positions = this.journal.add(fresh);
    } catch (error) {
      this.recent.forget();
      throw error;
    }
    this.wake(this.journal.waiting >= this.batchSize ? 0 : this.batchMs);
    if (this.journal.isDurable) return;
    await new Promise<void>((resolve, reject) => {
      this.promised.push({ position: positions.at(-1) as number, resolve, reject });
    });
  }

  /** Writes the hour's records of sessions that are still open; those older than `oldest` are forgotten. */
  carry(hour: number, oldest: number): void {
    this.journal.forgetBefore(oldest);
    const open = this.journal.behind(hour).filter(({ session }) => session.start < hour);
    if (open.length === 0) return;
    this.journal.carry(open, hour);
    this.wake(0);
  }

  /** Forgets what waits and is open of a device, and that it was ever seen. */
  forget(mac: string): void {
    this.journal.forgetDevice(mac);
    this.recent.forget();
  }

  /** Writes all that waits now. @throws {StoreFailure} why it could not be written; it goes on waiting. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running;
    while (this.journal.waiting > 0) {
      await this.drain();
      if (this.problem) throw this.problem;
    }
  }

  /** Tries once more to write, then ends; what waits in a journal file is written after the next opening. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.flush().catch(() => {});
    clearTimeout(this.timer);
    const lost = new StoreFailure("UNREACHABLE", "the store was closed before the database had the sessions");
    for (const { reject } of this.promised.splice(0)) reject(lost);
    this.journal.close();
  }

  private wake(afterMs: number): void {
    if (this.running) return;
    // While the database fails, only the retry timer decides.
    if (this.problem && this.timer) return;
    if (this.timer && afterMs > 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.drain();
    }, afterMs);
  }

  private drain(): Promise<void> {
    this.running ??= this.drainAll().finally(() => {
      this.running = undefined;
      if (this.isClosed || this.timer || this.journal.waiting === 0) return;
      if (this.problem) this.wake(this.retryMs);
      else this.wake(this.journal.waiting >= this.batchSize ? 0 : this.batchMs);
    });
    return this.running;
  }

  private async drainAll(): Promise<void> {
    try {
      for (
        let batch = this.journal.first(this.batchSize);
        batch.length > 0;
        batch = this.journal.first(this.batchSize)
      ) {
        await this.write(batch);
        this.problem = undefined;
        this.retryMs = FIRST_RETRY_MS;
      }
    } catch (error) {
      this.problem = isStoreFailure(error) ? error : new StoreFailure("DATABASE", (error as Error).message);
      this.retryMs = Math.min(LONGEST_RETRY_MS, this.retryMs * 2);
    }
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    const writer = await this.writer();
    const position = (batch.at(-1) as Waiting).position;
    const sessions = batch.map(({ session }) => session);
    const { records, companion } = await this.prepare(sessions);
    const entries = batch.flatMap(({ session, until, carriedTo }) =>
      carriedTo > 0 ? [carriedEntry(session, until, carriedTo)] : entriesOf(session, until),
    );
    const mark = { id: this.journal.id, position };
    await writer.append([...records, ...entries.flatMap(recordsOf)], mark, companion);
    this.journal.done(position);
    this.written += batch.filter(({ carriedTo }) => carriedTo === 0).length;
    this.onWritten(sessions);
    while (this.promised[0] && this.promised[0].position <= position) this.promised.shift()?.resolve();
  }
}

function once(sessions: readonly Session[]): Session[] {
  const recent = new RecentSessions();
  return sessions.filter((session) => !recent.seen(session));
}
