import type { Node } from "node-red";
import type { LedgerEvent } from "../../lib/common/ledger-event.js";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import type { TrustRecord, TrustRulesTable } from "../../lib/common/trust.js";

/** The `redoubt-ledger-config` node as its users see it. */
export interface LedgerNode extends Node {
  /** Why nothing can be recorded, for people. */
  readonly problem: string | undefined;
  /**
   * Records events, together with those that others append within the next 50 ms. Resolves when they have reached
   * the disk; the receipts say what the trust rules made of their evidence.
   *
   * @throws {Error} where nothing was recorded: what depends on the record must not happen.
   */
  append(events: readonly LedgerEvent[]): Promise<LedgerReceipt[]>;
  /** Puts trust rules into force; an entry is written only where they differ from those in force. */
  useTrustRules(rules: TrustRulesTable): Promise<void>;
  /**
   * What the ledger says about a device; undefined for one that is unknown.
   *
   * @throws {Error} where the ledger cannot be read: whoever asks must refuse.
   */
  trust(device: string): TrustRecord | undefined;
  /** Every known device, by name. */
  trustRecords(): TrustRecord[];
}
