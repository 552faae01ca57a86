import type { LedgerEvent } from "../common/ledger-event.js";
import type { AnchorRecord } from "../common/ledger-receipt.js";
import type { TrustChange } from "../common/trust.js";

type Kept = Pick<LedgerEvent, "kind" | "at" | "evidence" | "operator">;

/** An entry as the anchorer reads it. */
export interface AnchoredEntry {
  index: number;
  /** 64 hex digits. */
  leafHash: string;
  /** null: erased; a later entry says what it meant. */
  data:
    | (LedgerEvent & { trust?: TrustChange[]; erased?: { index: number; kept: Kept & { trust: TrustChange[] } } })
    | null;
}

/** What the anchorer asks of a ledger. */
export interface AnchoredLog {
  readonly size: number;
  /** Root of the first `size` entries. */
  rootAt(size: number): Buffer;
  /** Entries from `from` up to, not including, `to`. */
  entries(from: number, to: number): AnchoredEntry[];
  append(events: readonly LedgerEvent[]): unknown;
  recordAnchor(anchor: AnchorRecord): void;
  /** Smallest size first. */
  anchors(): AnchorRecord[];
}
