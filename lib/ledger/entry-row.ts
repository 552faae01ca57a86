import type { SqlRow } from "../common/sqlite.js";
import type { LedgerEntry, LedgerEntryData } from "./entry.js";
import { leafHash } from "./merkle/hash.js";

/**
 * Reads an entry from its row.
 *
 * @throws {Error} where the data is not what the leaf is the hash of.
 */
export function rowToEntry(row: SqlRow): LedgerEntry {
  const index = row.idx as number;
  const leaf = row.leaf as Buffer;
  const text = row.data as string | null;
  if (text !== null && !leafHash(Buffer.from(text)).equals(leaf)) throw new Error(`entry ${index} is damaged on disk`);
  const data = text === null ? null : (JSON.parse(text) as LedgerEntryData);
  return { index, leafHash: leaf.toString("hex"), data, text };
}
