import type { SqlRow } from "../common/sqlite.js";
import type { LedgerEntry, LedgerEntryData } from "./entry.js";
import { leafHash } from "./merkle/hash.js";

/** What is on disk of an entry, whether or not it fits together. */
export interface StoredEntry {
  index: number;
  /** RFC 6962 leaf hash, 64 hex digits. */
  leafHash: string;
  /** null: erased. */
  text: string | null;
  /** The data is not what the leaf is the hash of. */
  isDamaged: boolean;
}

/** Reads a row without judging it. */
export function rowAsStored(row: SqlRow): StoredEntry {
  const leaf = row.leaf as Buffer;
  const text = row.data as string | null;
  const isDamaged = text !== null && !leafHash(Buffer.from(text)).equals(leaf);
  return { index: row.idx as number, leafHash: leaf.toString("hex"), text, isDamaged };
}

/**
 * Reads an entry from its row.
 *
 * @throws {Error} where the data is not what the leaf is the hash of.
 */
export function rowToEntry(row: SqlRow): LedgerEntry {
  const { index, leafHash: leaf, text, isDamaged } = rowAsStored(row);
  if (isDamaged) throw new Error(`entry ${index} is damaged on disk`);
  const data = text === null ? null : (JSON.parse(text) as LedgerEntryData);
  return { index, leafHash: leaf, data, text };
}
