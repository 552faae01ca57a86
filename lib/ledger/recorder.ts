import { canonicalJson } from "../common/canonical-json.js";
import type { LedgerEvent } from "../common/ledger-event.js";
import type { LedgerReceipt } from "../common/ledger-receipt.js";
import type { TrustRulesTable } from "../common/trust.js";
import { type GroupOptions, GroupWriter } from "./group-writer.js";
import { Ledger, type LedgerOptions } from "./ledger.js";

const CHECKED_FOR_MS = 5000;

/** A ledger with its group writer: what the nodes of one process share. */
export class Recorder {
  readonly ledger: Ledger;
  private readonly writer: GroupWriter;
  private readonly now: () => number;
  private writeProblem: string | undefined;
  private checkedAt = Number.NEGATIVE_INFINITY;

  /** @throws {Error} where the ledger cannot be opened, see {@link Ledger.open}. */
  constructor(options: LedgerOptions & GroupOptions) {
    this.ledger = Ledger.open(options);
    this.writer = new GroupWriter(this.ledger, options);
    this.now = options.now ?? Date.now;
  }

  /** See {@link GroupWriter.append}. */
  async append(events: readonly LedgerEvent[]): Promise<LedgerReceipt[]> {
    try {
      return await this.writer.append(events);
    } catch (error) {
      // The events may be to blame, or the disk: the next question finds out.
      this.checkedAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  /**
   * Why nothing can be written, for people; undefined where it can. Tried on the disk, at most once in five seconds as
   * long as all is well.
   */
  get problem(): string | undefined {
    const now = performance.now();
    if (this.writeProblem === undefined && now - this.checkedAt < CHECKED_FOR_MS) return undefined;
    this.checkedAt = now;
    try {
      this.ledger.tryToWrite();
      this.writeProblem = undefined;
    } catch (error) {
      this.writeProblem = `the ledger cannot be written: ${(error as Error).message}`;
    }
    return this.writeProblem;
  }

  /**
   * Puts trust rules into force; an entry is written only where they differ from those in force.
   *
   * @throws {Error} that says what is wrong with them.
   */
  async useTrustRules(rules: TrustRulesTable): Promise<void> {
    if (this.ledger.rules && canonicalJson(this.ledger.rules) === canonicalJson(rules)) return;
    await this.writer.append([{ kind: "rules", at: this.now(), rules }]);
  }

  /** Writes what waits, then closes. */
  close(): void {
    this.writer.close();
    this.ledger.close();
  }
}
