import { Closed } from "../common/closed.js";
import type { LedgerEvent } from "../common/ledger-event.js";
import type { LedgerReceipt } from "../common/ledger-receipt.js";
import { readLedgerEvent } from "./read-event.js";

/** What a group writer writes to. */
export interface EventLog {
  append(events: readonly LedgerEvent[]): LedgerReceipt[];
}

interface Waiting {
  events: LedgerEvent[];
  resolve(receipts: LedgerReceipt[]): void;
  reject(error: unknown): void;
}

export interface GroupOptions {
  /** Longest time that an event waits for others, milliseconds. */
  maxWaitMs?: number;
  /** Events from which a group is written at once. */
  maxEvents?: number;
}

/** Commits what several callers append in groups, because the disk's flush costs the same for one entry as for many. */
export class GroupWriter {
  private waiting: Waiting[] = [];
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly maxWaitMs: number;
  private readonly maxEvents: number;

  constructor(
    private readonly log: EventLog,
    options: GroupOptions = {},
  ) {
    this.maxWaitMs = options.maxWaitMs ?? 50;
    this.maxEvents = options.maxEvents ?? 256;
  }

  /**
   * Resolves after the commit.
   *
   * @throws {Rejection} for an event that cannot be recorded, before it can spoil its group; {Closed}; {Error} where the group
   *   could not be written: none of it is on record.
   */
  async append(events: readonly LedgerEvent[]): Promise<LedgerReceipt[]> {
    if (this.closed) throw new Closed("the ledger is closed");
    const checked = events.map(readLedgerEvent);
    return new Promise((resolve, reject) => {
      this.waiting.push({ events: checked, resolve, reject });
      this.count += checked.length;
      if (this.count >= this.maxEvents) this.flush();
      else this.timer ??= setTimeout(() => this.flush(), this.maxWaitMs);
    });
  }

  /** Writes what waits, now. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const group = this.waiting;
    this.waiting = [];
    this.count = 0;
    if (group.length === 0) return;
    try {
      const receipts = this.log.append(group.flatMap(({ events }) => events));
      let from = 0;
      for (const { events, resolve } of group) {
        resolve(receipts.slice(from, from + events.length));
        from += events.length;
      }
    } catch (error) {
      this.oneByOne(group, error);
    }
  }

  /** Writes what waits and takes nothing more. */
  close(): void {
    this.flush();
    this.closed = true;
  }

  /** One caller's event may be what cannot be written (too large, rules that are refused): the others must not pay. */
  private oneByOne(group: readonly Waiting[], error: unknown): void {
    if (group.length === 1) {
      group[0]?.reject(error);
      return;
    }
    for (const { events, resolve, reject } of group) {
      try {
        resolve(this.log.append(events));
      } catch (reason) {
        reject(reason);
      }
    }
  }
}
