import { canonicalJson } from "../common/canonical-json.js";
import type { LedgerEvent } from "../common/ledger-event.js";
import type { LedgerReceipt } from "../common/ledger-receipt.js";
import type { TrustRulesTable } from "../common/trust.js";
import { type GroupOptions, GroupWriter } from "./group-writer.js";
import { Ledger, type LedgerOptions } from "./ledger.js";

/** A ledger with its group writer: what the nodes of one process share. */
export class Recorder {
  readonly ledger: Ledger;
  private readonly writer: GroupWriter;
  private readonly now: () => number;

  /** @throws {Error} where the ledger cannot be opened, see {@link Ledger.open}. */
  constructor(options: LedgerOptions & GroupOptions) {
    this.ledger = Ledger.open(options);
    this.writer = new GroupWriter(this.ledger, options);
    this.now = options.now ?? Date.now;
  }

  /** See {@link GroupWriter.append}. */
  append(events: readonly LedgerEvent[]): Promise<LedgerReceipt[]> {
    return this.writer.append(events);
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
