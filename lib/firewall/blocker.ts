import type { FirewallAct, FirewallName, FirewallSnapshot, SessionReport } from "../common/firewall.js";
import type { LedgerReceipt } from "../common/ledger-receipt.js";
import { Rejection } from "../common/rejection.js";
import type { FirewallBackend } from "./backend.js";
import type { Block, FirewallClock } from "./block-book.js";
import { BlockKeeper } from "./block-keeper.js";
import type { SavedBook } from "./book-file.js";
import { Breaker } from "./breaker.js";
import type { AppendToLedger } from "./late-ledger.js";
import { refusalEntry } from "./ledger-entries.js";
import type { MachineFacts } from "./machine.js";
import { neverBlocked, type PolicySettings, targetOf } from "./policy.js";
import { type BlockAlert, readBlockAlert } from "./read-alert.js";
import { leavePrevious, maintain, type ReconcileOptions, settle } from "./reconcile.js";
import { RefusedBlock } from "./refusal.js";
import { RefusalCounts } from "./refusal-counts.js";
import type { Target } from "./target.js";
import { readUnblockRequest } from "./unblock-request.js";

export interface BlockerOptions {
  policy: PolicySettings;
  /** Seconds of the first block of an address, the second, …; the last one counts from there on. */
  steps: readonly number[];
  /** New blocks. */
  perMinute: number;
  maxBlocked: number;
  backend: FirewallBackend;
  /** Another firewall that an earlier run used. */
  openBackend(name: FirewallName): FirewallBackend;
  machine: { facts(): MachineFacts };
  append: AppendToLedger;
  file: { load(): { book?: SavedBook; problem?: string }; save(book: SavedBook): void };
  clock: FirewallClock;
  /** Closes what a blocked address has open; left out in a dry run. */
  closeSessions?: (target: Target) => Promise<SessionReport>;
  /** What people should know as long as it runs, such as why it is a dry run. */
  notice?: string;
}

/** What an alert or a request led to. */
export interface BlockOutcome {
  acts: FirewallAct[];
  /** Of the entry that holds the last one. */
  receipt: LedgerReceipt | undefined;
}

const SHOWN = 200;
const SUMMARY_MS = 60_000;
const MAINTAIN_MS = 15_000;

/**
 * Decides about alerts, and lets a block take effect only after it is on the ledger and on the disk. Everything that
 * touches the firewall runs one after the other.
 */
export class Blocker {
  private readonly keeper: BlockKeeper;
  private readonly breaker: Breaker;
  private readonly refusals = new RefusalCounts();
  private readonly reconciling: ReconcileOptions;
  /** On their way to the firewall. */
  private readonly pending = new Set<string>();
  private last: Promise<unknown> = Promise.resolve();
  private dropped: FirewallSnapshot["dropped"] = null;
  private problem: string | undefined;
  private summaryAt: number;
  private maintainedAt: number;

  constructor(private readonly options: BlockerOptions) {
    const { backend, clock, steps, append, file } = options;
    this.keeper = new BlockKeeper({ backend, clock, steps, append, save: (book) => file.save(book) });
    this.breaker = new Breaker(options.perMinute);
    const isNever = (target: Target) => neverBlocked(target, options.machine.facts(), options.policy) !== undefined;
    this.reconciling = { keeper: this.keeper, clock, maxBlocked: this.capacity, isNever };
    this.summaryAt = clock.monotonic();
    this.maintainedAt = clock.monotonic();
  }

  private get capacity(): number {
    return Math.min(this.options.maxBlocked, this.options.backend.capacity);
  }

  /**
   * Brings firewall and book together; before anything else.
   *
   * @returns what changed, and what people should know.
   * @throws {Error} where the firewall or the state cannot be written.
   */
  start(): Promise<{ acts: FirewallAct[]; problems: string[] }> {
    return this.inTurn(async () => {
      const { book, problem } = this.options.file.load();
      const problems = problem ? [problem] : [];
      if (!book || book.firewall === this.options.backend.name) {
        return { acts: await settle(this.reconciling, book), problems };
      }
      const left = await leavePrevious(this.reconciling, book, this.options.openBackend);
      if (left.problem) problems.push(left.problem);
      return { acts: [...left.acts, ...(await settle(this.reconciling, undefined))], problems };
    });
  }

  /**
   * Blocks the source of an alert, or says why not.
   *
   * @param value `msg.alert`, of whatever form.
   * @returns undefined where there is nothing to do: it is blocked already, or the incident has ended.
   * @throws {Rejection} for what is no alert; {RefusedBlock} with the reason of the closed list; {Error} where it should
   *   be blocked and could not be recorded or done.
   */
  async alert(value: unknown): Promise<BlockOutcome | undefined> {
    const alert = readBlockAlert(value);
    if (alert.phase === "ended") return undefined;
    const target = this.counted(() => this.candidate(alert));
    if (this.keeper.book.get(target.text) || this.pending.has(target.text)) {
      this.keeper.book.touch(target.text);
      return undefined;
    }
    this.counted(() => {
      if (!this.breaker.take(this.options.clock.monotonic())) throw new RefusedBlock("breaker", target.text);
    });
    this.pending.add(target.text);
    try {
      return await this.inTurn(() => this.block(target, alert));
    } catch (error) {
      this.breaker.giveBack();
      throw error;
    } finally {
      this.pending.delete(target.text);
    }
  }

  /**
   * Opens what an operator asks for, and leaves it open for an hour whatever the same alert says.
   *
   * @throws {Rejection} for a request that is none, or names nobody who is blocked; {Error} of the firewall.
   */
  async unblock(msg: { payload?: unknown }): Promise<BlockOutcome> {
    const { target, by, reason } = readUnblockRequest(msg);
    return this.inTurn(async () => {
      const { book } = this.keeper;
      const named = target === undefined ? book.all() : [book.get(target)].flatMap((block) => block ?? []);
      if (target !== undefined && named.length === 0) throw new Rejection("RANGE", `${target} is not blocked`);
      const acts = await this.keeper.end(named, "unblocked", { by, because: reason });
      return { acts, receipt: undefined };
    });
  }

  /** Call it once a second. @returns what ended or was mended without a message. Never throws. */
  tick(): Promise<FirewallAct[]> {
    return this.inTurn(async () => {
      const acts: FirewallAct[] = [];
      const now = this.options.clock.monotonic();
      try {
        acts.push(...(await this.keeper.end(this.keeper.book.ended(), "expired")));
        if (now - this.maintainedAt >= MAINTAIN_MS) {
          this.maintainedAt = now;
          const maintained = await maintain(this.reconciling);
          acts.push(...maintained.acts);
          this.dropped = maintained.dropped;
        }
        this.problem = undefined;
      } catch (error) {
        this.problem = (error as Error).message;
      }
      if (now - this.summaryAt >= SUMMARY_MS) await this.summarise(now);
      await this.keeper.ledger.flush(this.options.clock.now());
      return acts;
    });
  }

  /** @param removed whether the node was deleted: then our rules go; else they stay, and end by themselves. */
  stop(removed: boolean): Promise<void> {
    return this.inTurn(async () => {
      await this.summarise(this.options.clock.monotonic());
      if (!removed) return;
      await this.keeper.end(this.keeper.book.all(), "switched-off");
      await this.options.backend.remove();
    });
  }

  snapshot(): FirewallSnapshot {
    const { clock, backend } = this.options;
    const { book, ledger } = this.keeper;
    const newest = book.all().sort((a, b) => b.since - a.since);
    const { perMinute } = this.breaker;
    const now = clock.monotonic();
    const problems = [this.options.notice, this.problem, ledger.problem && `the ledger: ${ledger.problem}`].filter(
      Boolean,
    );
    return {
      at: clock.now(),
      firewall: backend.name,
      dryRun: backend.name === "dry-run",
      problem: problems.length > 0 ? problems.join("; ") : null,
      blocked: newest.slice(0, SHOWN).map((block) => book.shown(block)),
      total: book.size,
      breaker: { open: this.breaker.isOpen(now), recent: this.breaker.recent(now), perMinute },
      refused: this.refusals.all,
      dropped: this.dropped,
    };
  }

  private candidate(alert: BlockAlert): Target {
    const { policy, backend, clock, machine } = this.options;
    const target = targetOf(alert, policy, backend.blocksMac, clock.now());
    let facts: MachineFacts;
    try {
      facts = machine.facts();
    } catch {
      throw new RefusedBlock("machine-unknown", target.text);
    }
    const never = neverBlocked(target, facts, policy);
    if (never) throw new RefusedBlock(never, target.text);
    if (this.keeper.offenders.isPardoned(target.text, clock.now())) throw new RefusedBlock("pardoned", target.text);
    return target;
  }

  private async block(target: Target, alert: BlockAlert): Promise<BlockOutcome> {
    const { clock, closeSessions } = this.options;
    const { book, offenders } = this.keeper;
    const { strikes, seconds } = offenders.next(target.text, clock.now());
    const block: Block = {
      ...{ target, since: clock.now(), seconds, endsAt: clock.monotonic() + seconds * 1000, strikes },
      ...{ kind: alert.kind, alert: alert.id, reason: alert.reason },
    };
    const { acts, receipt } = await this.keeper.begin(block, book.size >= this.capacity ? book.oldest() : undefined);
    const sessions = await closeSessions?.(target);
    const done = acts.map((act) => (act.action === "blocked" && sessions ? { ...act, sessions } : act));
    return { acts: done, receipt };
  }

  private counted<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof RefusedBlock) this.refusals.add(error);
      throw error;
    }
  }

  /** Alerts that forged packets cause must not fill the ledger: refusals are summed up. */
  private async summarise(now: number): Promise<void> {
    this.summaryAt = now;
    const refused = this.refusals.take();
    if (!refused) return;
    const { backend, clock } = this.options;
    await this.keeper.ledger.recordEventually([
      refusalEntry(clock.now(), backend.name, refused.counts, refused.targets),
    ]);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => {});
    return turn;
  }
}
