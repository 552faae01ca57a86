import type { AnchorRecord } from "../common/ledger-receipt.js";
import { Rejection } from "../common/rejection.js";
import { type EntryProof, verifyEntryProof } from "./entry-proof.js";
import type { Ledger } from "./ledger.js";

/** A proof for somebody who wants to see it computed, and what this machine made of it. */
export interface ShownProof extends EntryProof {
  /** Public key of the log; whoever verifies should know it from elsewhere. */
  vkey: string;
  /** null: verified here; else what does not fit. */
  problem: string | null;
  /** The first anchor that covers the entry. */
  anchor: AnchorRecord | null;
}

/**
 * What is on disk of an entry, right or wrong, with the proof that it is on record.
 *
 * @throws {Rejection} SCHEMA, RANGE for what is no entry's number; {Error} where the log cannot be read.
 */
export function showProof(ledger: Ledger, index: unknown): ShownProof {
  if (typeof index !== "number" || !Number.isSafeInteger(index)) {
    throw new Rejection("SCHEMA", "msg.prove is not the number of an entry");
  }
  const { size, note } = ledger.checkpoint;
  const [stored] = index >= 0 && index < size ? ledger.stored(index, index + 1) : [];
  if (!stored) throw new Rejection("RANGE", `there is no entry ${index}: the log has ${size}`);
  const path = ledger.inclusionProof(index, size).map((hash) => hash.toString("hex"));
  const proof: EntryProof = {
    index,
    text: stored.text,
    leafHash: stored.leafHash,
    proof: path,
    checkpoint: note,
  };
  let problem: string | null = null;
  try {
    verifyEntryProof(proof, ledger.vkey);
  } catch (error) {
    problem = (error as Error).message;
  }
  const [anchor] = ledger.anchorsFrom(index + 1, 1);
  return { ...proof, vkey: ledger.vkey, problem, anchor: anchor ?? null };
}
