import type { LedgerCheckpoint } from "../common/ledger-receipt.js";
import { HASH_SIZE } from "./merkle/hash.js";
import { type NoteSigner, type NoteVerifier, openNote, signNote, strictBase64 } from "./note.js";

/** Signs what the log is at one size (C2SP tlog-checkpoint: origin, size, root, one per line). */
export function signCheckpoint(size: number, root: Buffer, signer: NoteSigner): LedgerCheckpoint {
  const note = signNote(`${signer.name}\n${size}\n${root.toString("base64")}\n`, signer);
  return { size, rootHash: root.toString("hex"), note };
}

/**
 * Reads a checkpoint and checks its signature.
 *
 * @throws {Error} where it is malformed, of another log or not signed by this key.
 */
export function openCheckpoint(note: string, verifier: NoteVerifier): LedgerCheckpoint {
  const [origin, sizeText, rootText, rest, ...more] = openNote(note, verifier).split("\n");
  if (rest !== "" || more.length > 0) throw new Error("it does not have three lines");
  if (origin !== verifier.name) throw new Error(`it is of the log "${origin}"`);
  if (!sizeText || !/^(0|[1-9]\d{0,15})$/.test(sizeText) || !Number.isSafeInteger(Number(sizeText))) {
    throw new Error("its size is not a number");
  }
  const root = strictBase64(rootText ?? "");
  if (root?.length !== HASH_SIZE) throw new Error("its root is not a SHA-256 hash");
  return { size: Number(sizeText), rootHash: root.toString("hex"), note };
}
