import type { JsonObject } from "../common/json.js";
import type { LedgerEvent, OperatorAction } from "../common/ledger-event.js";
import type { LedgerReceipt } from "../common/ledger-receipt.js";
import type { TrustChange, TrustRecord } from "../common/trust.js";

/** What trust reads of a ledger's entry; `null` where it was erased. */
export interface ArchivedEntry {
  data: {
    at: number;
    detail?: JsonObject;
    operator?: OperatorAction;
    trust?: TrustChange[];
  } | null;
}

/** What trust asks of a ledger that it reads. */
export interface TrustArchive {
  readonly size: number;
  entries(from: number, to: number): ArchivedEntry[];
  /** The latest first. */
  trustHistory(device: string, limit: number): ArchivedEntry[];
}

/** What trust asks of a ledger that it writes to. */
export interface TrustLedger {
  append(events: readonly LedgerEvent[]): Promise<LedgerReceipt[]>;
  trust(device: string): TrustRecord | undefined;
  trustRecords(): TrustRecord[];
}
