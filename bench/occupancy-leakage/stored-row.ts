/** A row as somebody sees who reads the database. */
export interface StoredRow {
  /** When it came, Unix seconds: of a batch, if rows come in batches. */
  at: number;
  /** What is in its columns that could come again. */
  values: readonly string[];
  /** Which access point it is about: not seen, it only judges the attack. */
  truth: number;
}
