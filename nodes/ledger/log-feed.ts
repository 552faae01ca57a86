import type { Ledger } from "../../lib/ledger/ledger.js";
import { type LogView, logView } from "../../lib/ledger/log-view.js";

/** What everybody may see of a log: no names, no hashes of entries. */
export interface LogCounters {
  /** Gateway clock, milliseconds since the Unix epoch. */
  at: number;
  size: number;
  rootHash: string;
  /** Entries that a chain holds; null: none. */
  anchoredSize: number | null;
}

const LOOK_EVERY_MS = 1000;

/** Tells what a log looks like, at the start and after it has grown or was anchored; once a second at most. */
export class LogFeed {
  private readonly timer: NodeJS.Timeout;
  private shown: string | undefined;
  private complained = false;

  constructor(
    private readonly ledger: () => Ledger | undefined,
    private readonly show: (view: LogView, counters: LogCounters) => void,
    private readonly complain: (problem: string) => void,
  ) {
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    try {
      const ledger = this.ledger();
      if (!ledger) return;
      const anchored = ledger.lastAnchor;
      const state = `${ledger.size}/${anchored?.size}/${anchored?.transaction}`;
      if (state === this.shown) return;
      const view = logView(ledger, Date.now());
      this.shown = state;
      this.complained = false;
      const { size, rootHash } = view.checkpoint;
      this.show(view, { at: view.at, size, rootHash, anchoredSize: anchored?.size ?? null });
    } catch (error) {
      if (!this.complained) this.complain((error as Error).message);
      this.complained = true;
    }
  }
}
