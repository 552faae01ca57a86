import type { LedgerEvent } from "../common/ledger-event.js";
import type { LedgerReceipt } from "../common/ledger-receipt.js";

/** @throws {Error} where nothing was recorded. */
export type AppendToLedger = (events: readonly LedgerEvent[]) => Promise<LedgerReceipt[]>;

const CAP = 1000;

/**
 * What is recorded first or not done at all, and what must not wait for a ledger that is out of order: an end of a block
 * is never held up, so its entry may come late.
 */
export class LateLedger {
  private waiting: LedgerEvent[] = [];
  private dropped = 0;
  #problem: string | undefined;

  constructor(private readonly append: AppendToLedger) {}

  /** Why the last attempt failed; undefined where it did not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** @throws {Error} where nothing was recorded: what depends on it must not happen. */
  async record(events: readonly LedgerEvent[]): Promise<LedgerReceipt[]> {
    try {
      const receipts = await this.append(events);
      this.#problem = undefined;
      return receipts;
    } catch (error) {
      this.#problem = (error as Error).message;
      throw error;
    }
  }

  /** Recorded now if it can be, else later; the oldest ones are counted and dropped beyond 1,000. */
  async recordEventually(events: readonly LedgerEvent[]): Promise<LedgerReceipt[]> {
    try {
      return events.length === 0 ? [] : await this.record(events);
    } catch {
      this.waiting.push(...events);
      const excess = Math.max(0, this.waiting.length - CAP);
      this.waiting.splice(0, excess);
      this.dropped += excess;
      return [];
    }
  }

  /** Tries again what is waiting. Never throws. */
  async flush(now: number): Promise<void> {
    if (this.waiting.length === 0) return;
    const lost = this.dropped;
    const events = this.waiting;
    const note: LedgerEvent[] =
      lost > 0 ? [{ kind: "firewall", at: now, detail: { action: "entries-lost", count: lost } }] : [];
    this.waiting = [];
    try {
      await this.record([...events, ...note]);
      this.dropped -= lost;
    } catch {
      this.waiting = [...events, ...this.waiting];
    }
  }
}
