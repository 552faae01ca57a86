import type { TrustArchive } from "./archive.js";

const CAPACITY = 65_536;
/** Entries in which a record that comes again can have left its evidence: far more than a gateway has unfinished. */
const LOOK_BACK = 16_384;
const SLICE = 512;

/** Member of an entry's `detail` that names its pieces of evidence. */
export const EVIDENCE_IDS = "evidence_ids";

/**
 * Evidence that is on the ledger already, the latest of it. The names stand in the entries themselves, so that a crash
 * cannot come between counting and remembering.
 */
export class SeenEvidence {
  private readonly ids = new Set<string>();

  constructor(private readonly capacity = CAPACITY) {}

  /** Reads the names out of a ledger's latest entries. */
  static load(archive: TrustArchive, lookBack = LOOK_BACK): SeenEvidence {
    const seen = new SeenEvidence();
    const end = archive.size;
    for (let from = Math.max(0, end - lookBack); from < end; from += SLICE) {
      for (const { data } of archive.entries(from, Math.min(from + SLICE, end))) {
        const ids = data?.detail?.[EVIDENCE_IDS];
        if (Array.isArray(ids)) for (const id of ids) seen.add(String(id));
      }
    }
    return seen;
  }

  get size(): number {
    return this.ids.size;
  }

  /** @returns false where it was there already. */
  add(id: string): boolean {
    if (this.ids.has(id)) return false;
    if (this.ids.size >= this.capacity) this.ids.delete(this.ids.keys().next().value as string);
    this.ids.add(id);
    return true;
  }

  /** It could not be recorded after all. */
  forget(id: string): void {
    this.ids.delete(id);
  }
}
