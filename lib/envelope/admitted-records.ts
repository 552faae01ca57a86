import type { AdmittedCounter, RecordMark } from "./replay-line.js";

/** Journals that are told apart; a flow has one. */
const MAX_JOURNALS = 16;
const PRUNE_FROM = 8192;
/** Kept of a journal that does not say how far it is. */
const KEPT_UNTOLD = 65_536;
/** Kept of one that says that nothing is finished. */
const KEPT_AT_MOST = 1_000_000;

/** First record of a journal that is not finished; undefined where that is not known. */
export type LowestUnfinished = (journal: string) => number | undefined;

interface Entry extends AdmittedCounter {
  n: number;
}

/**
 * Which admitted message came as which record of a journal, for as long as the record may be presented again: after a
 * crash an unfinished record must pass once more, while a copy of its message, which is another record, must not.
 */
export class AdmittedRecords {
  readonly #journals = new Map<string, Map<number, Entry>>();
  readonly #lowest: LowestUnfinished;
  #size = 0;
  #pruneAt = PRUNE_FROM;

  constructor(lowestUnfinished: LowestUnfinished = () => undefined) {
    this.#lowest = lowestUnfinished;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether this message came as this record before. */
  has({ device, epoch, counter }: AdmittedCounter, { journal, n }: RecordMark): boolean {
    const entry = this.#journals.get(journal)?.get(n);
    return entry !== undefined && entry.device === device && entry.epoch === epoch && entry.counter === counter;
  }

  add(sender: AdmittedCounter, { journal, n }: RecordMark): void {
    let entries = this.#journals.get(journal);
    if (!entries) {
      if (this.#journals.size >= MAX_JOURNALS) this.#drop(this.#journals.keys().next().value as string);
      entries = new Map();
      this.#journals.set(journal, entries);
    }
    if (!entries.has(n)) this.#size++;
    entries.set(n, { device: sender.device, epoch: sender.epoch, counter: sender.counter, n });
    if (this.#size >= this.#pruneAt) this.prune();
  }

  /** Forgets what is finished. */
  prune(): void {
    for (const [journal, entries] of this.#journals) {
      const lowest = this.#lowest(journal);
      const kept = lowest === undefined ? KEPT_UNTOLD : KEPT_AT_MOST;
      for (const n of entries.keys()) {
        // Mostly in order: what is finished stands first.
        if (entries.size <= kept && n >= (lowest ?? 0)) break;
        entries.delete(n);
        this.#size--;
      }
    }
    this.#pruneAt = Math.max(PRUNE_FROM, 2 * this.#size);
  }

  *entries(): Generator<{ sender: AdmittedCounter; record: RecordMark }> {
    for (const [journal, entries] of this.#journals) {
      for (const { n, ...sender } of entries.values()) yield { sender, record: { journal, n } };
    }
  }

  #drop(journal: string): void {
    this.#size -= this.#journals.get(journal)?.size ?? 0;
    this.#journals.delete(journal);
  }
}
