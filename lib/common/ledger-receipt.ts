import type { TrustChange } from "./trust.js";

/** A signed statement about the log at one size (C2SP tlog-checkpoint). */
export interface LedgerCheckpoint {
  /** Entries that the root covers. */
  size: number;
  /** RFC 6962 root, 64 hex digits. */
  rootHash: string;
  /** The signed note, as published. */
  note: string;
}

/** Proof that something is on record, given out after the commit; the ledger's node adds it as `msg.receipt`. */
export interface LedgerReceipt {
  /** Position in the log, from 0. */
  index: number;
  /** RFC 6962 leaf hash, 64 hex digits. */
  leafHash: string;
  /** Covers the entry. */
  checkpoint: LedgerCheckpoint;
  /** What the trust rules made of the event's evidence. */
  trust: TrustChange[];
}

/** Where a root was written down outside: one transaction on a chain. */
export interface AnchorRecord {
  /** Entries that were anchored. */
  size: number;
  /** 64 hex digits. */
  rootHash: string;
  /** EIP-155 number of the chain. */
  chainId: number;
  /** Address of the contract, transaction and lane, as 0x… */
  contract: string;
  lane: string;
  transaction: string;
  blockNumber: number;
}
