import type { FirewallAct, FirewallAction } from "../common/firewall.js";
import type { FirewallBackend, TimedTarget } from "./backend.js";
import { type Block, BlockBook, type FirewallClock } from "./block-book.js";
import type { SavedBook } from "./book-file.js";
import { type AppendToLedger, LateLedger } from "./late-ledger.js";
import { actEntry, failureEntry } from "./ledger-entries.js";
import { Offenders } from "./offenders.js";

export interface KeeperOptions {
  backend: FirewallBackend;
  clock: FirewallClock;
  /** Seconds of the first block of an address, the second, …; the last one counts from there on. */
  steps: readonly number[];
  append: AppendToLedger;
  /** @throws {Error} of the file system. */
  save(book: SavedBook): void;
}

/** Keeps book, file, ledger and firewall in step: recorded first, then written down, then done. */
export class BlockKeeper {
  readonly book: BlockBook;
  readonly offenders: Offenders;
  readonly ledger: LateLedger;
  /** Ends that were recorded, of blocks that the firewall did not let go of yet. */
  private readonly announced = new Set<string>();

  constructor(private readonly options: KeeperOptions) {
    this.book = new BlockBook(options.clock);
    this.offenders = new Offenders(options.steps);
    this.ledger = new LateLedger(options.append);
  }

  get backend(): FirewallBackend {
    return this.options.backend;
  }

  act(action: FirewallAction, block: Block, more: Partial<FirewallAct> = {}): FirewallAct {
    const { name } = this.backend;
    const at = this.options.clock.now();
    return { action, at, ...this.book.shown(block), dryRun: name === "dry-run", firewall: name, ...more };
  }

  timed(blocks: readonly Block[]): TimedTarget[] {
    return blocks.map((block) => ({ target: block.target, seconds: this.book.remaining(block), kind: block.kind }));
  }

  save(): void {
    const { backend, save } = this.options;
    save({ firewall: backend.name, blocks: this.book.all(), offenders: this.offenders.entries() });
  }

  /**
   * Begins a block, and ends another one where there is no room.
   *
   * @throws {Error} where it cannot be recorded, written down or done; then nobody is blocked.
   */
  async begin(block: Block, evicted: Block | undefined) {
    const act = this.act("blocked", block);
    const acts = evicted ? [this.act("evicted", evicted), act] : [act];
    const receipts = await this.ledger.record(acts.map(actEntry));
    try {
      if (evicted) {
        await this.backend.unblock([evicted.target]);
        this.book.remove(evicted.target.text);
      }
      this.book.add(block);
      this.save();
      await this.backend.block(block.target, block.seconds, block.kind);
    } catch (error) {
      await this.giveUp(block, error as Error);
      throw error;
    }
    this.offenders.note(block.target.text, block.strikes, this.options.clock.now());
    return { acts, receipt: receipts.at(-1) };
  }

  /**
   * Ends blocks. The firewall opens even where the ledger cannot be written: the entry then comes late.
   *
   * @throws {Error} where the firewall does not let go of them; they stay in the book.
   */
  async end(blocks: readonly Block[], action: FirewallAction, more: Partial<FirewallAct> = {}): Promise<FirewallAct[]> {
    if (blocks.length === 0) return [];
    const { clock } = this.options;
    const acts = blocks.map((block) => this.act(action, block, more));
    await this.ledger.recordEventually(acts.filter(({ target }) => !this.announced.has(target)).map(actEntry));
    for (const { target } of acts) this.announced.add(target);
    const isOverByItself = action === "removed" || (action === "expired" && this.backend.endsByItself);
    if (!isOverByItself) await this.backend.unblock(blocks.map(({ target }) => target));
    for (const { target, strikes } of blocks) {
      this.announced.delete(target.text);
      this.book.remove(target.text);
      if (action === "unblocked") this.offenders.pardon(target.text, clock.now());
      else this.offenders.note(target.text, strikes, clock.now());
    }
    this.save();
    return acts;
  }

  private async giveUp(block: Block, error: Error): Promise<void> {
    this.book.remove(block.target.text);
    const entry = failureEntry(this.options.clock.now(), block.target.text, this.backend.name, error.message);
    await this.ledger.recordEventually([entry]);
    try {
      // It may have been done and not been answered.
      await this.backend.unblock([block.target]);
      this.save();
    } catch {
      // The error that is on its way to the caller says what is wrong; the next comparison mends the rest.
    }
  }
}
