import { openCheckpoint } from "./checkpoint.js";
import type { Ledger } from "./ledger.js";
import { leafHash } from "./merkle/hash.js";
import { verifyInclusion } from "./merkle/proof.js";
import { parseVkey } from "./note.js";

/** Everything that is needed, besides the log's key, to see that an entry is on record; JSON. */
export interface EntryProof {
  index: number;
  /** Canonical JSON of the entry; null where it was erased. */
  text: string | null;
  /** 64 hex digits. */
  leafHash: string;
  /** RFC 6962 inclusion proof, nearest to the leaf first; 64 hex digits each. */
  proof: string[];
  /** Signed note of the checkpoint that the proof leads to. */
  checkpoint: string;
}

/** @throws {Error} where there is no such entry, or it is damaged. */
export function proveEntry(ledger: Ledger, index: number): EntryProof {
  const entry = ledger.entry(index);
  if (!entry) throw new Error(`there is no entry ${index}`);
  const { size, note } = ledger.checkpoint;
  const proof = ledger.inclusionProof(index, size).map((hash) => hash.toString("hex"));
  return { index, text: entry.text, leafHash: entry.leafHash, proof, checkpoint: note };
}

/**
 * Recomputes a proof.
 *
 * @param vkey the log's key, from a trusted place.
 * @returns entries and root (hex) of the checkpoint that covers the entry.
 * @throws {Error} that says what does not fit.
 */
export function verifyEntryProof(proof: EntryProof, vkey: string): { size: number; rootHash: string } {
  const { size, rootHash } = openCheckpoint(proof.checkpoint, parseVkey(vkey));
  const leaf = Buffer.from(proof.leafHash, "hex");
  if (proof.text !== null && !leafHash(Buffer.from(proof.text)).equals(leaf)) {
    throw new Error("the entry is not what its leaf is the hash of");
  }
  const path = proof.proof.map((hash) => Buffer.from(hash, "hex"));
  if (!verifyInclusion(proof.index, size, leaf, path, Buffer.from(rootHash, "hex"))) {
    throw new Error("the proof does not lead to the signed root");
  }
  return { size, rootHash };
}
