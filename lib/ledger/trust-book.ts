import type { LedgerEvent, TrustLogic } from "../common/ledger-event.js";
import type { TrustOutcome, TrustRecord, TrustRulesTable, TrustView } from "../common/trust.js";

/** The trust of all devices, and on top of it what a transaction that is not committed yet makes of it. */
export class TrustBook implements TrustView {
  private readonly pending = new Map<string, TrustRecord>();
  private pendingRules: TrustRulesTable | undefined;

  constructor(
    private readonly logic: TrustLogic | undefined,
    private readonly committed: Map<string, TrustRecord> = new Map(),
    private committedRules: TrustRulesTable | undefined = undefined,
  ) {}

  get rules(): TrustRulesTable | undefined {
    return this.pendingRules ?? this.committedRules;
  }

  record(device: string): TrustRecord | undefined {
    return this.pending.get(device) ?? this.committed.get(device);
  }

  /** Every known device, by name. */
  all(): TrustRecord[] {
    return [...this.committed.values()].sort((a, b) => (a.device < b.device ? -1 : 1));
  }

  /** @throws {Error} for rules that are refused. */
  apply(event: LedgerEvent): TrustOutcome {
    if (!this.logic) return { changes: [], records: [] };
    if (event.rules) this.pendingRules = this.logic.readRules(event.rules);
    const outcome = this.logic.apply(event, this);
    for (const record of outcome.records) this.pending.set(record.device, record);
    return outcome;
  }

  /** What the transaction has to write. */
  get changed(): { records: TrustRecord[]; rules: TrustRulesTable | undefined } {
    return { records: [...this.pending.values()], rules: this.pendingRules };
  }

  commit(): void {
    for (const [device, record] of this.pending) this.committed.set(device, record);
    this.committedRules = this.rules;
    this.rollBack();
  }

  rollBack(): void {
    this.pending.clear();
    this.pendingRules = undefined;
  }
}
