import type { LedgerEvent } from "../../common/ledger-event.js";
import type { LedgerCheckpoint } from "../../common/ledger-receipt.js";
import type { TrustChange, TrustRecord } from "../../common/trust.js";
import { type Erasure, eventOf, type LedgerEntry } from "../entry.js";
import { verifyConsistency } from "../merkle/proof.js";
import { type CompleteTile, TileTree } from "../merkle/tile-tree.js";
import { ExportFault, faultAt } from "./fault.js";

/** Works trust out again from the entries; `lib/trust` knows how. */
export interface TrustAuditor {
  /** @throws {Error} where the claimed changes are not what the rules make of the event. */
  next(event: LedgerEvent, claimed: readonly TrustChange[]): void;
  all(): TrustRecord[];
}

/** Follows a log entry by entry, and holds it against its checkpoints. */
export class LogAuditor {
  private readonly tiles = new Map<string, Buffer>();
  readonly tree = new TileTree({ read: (level, n) => this.tiles.get(`${level}/${n}`) ?? Buffer.alloc(0) });
  private passed = 0;
  private readonly erasedLeaves = new Map<number, string>();

  /**
   * @param erasures what later entries say about erased ones, by index.
   */
  constructor(
    private readonly checkpoints: readonly LedgerCheckpoint[],
    private readonly erasures: ReadonlyMap<number, Erasure>,
    private readonly trust: TrustAuditor,
  ) {}

  /** Entries that have no data any more. */
  get erased(): number {
    return this.erasedLeaves.size;
  }

  /** @returns the tiles that the entry completes. @throws {ExportFault} */
  next(entry: LedgerEntry): CompleteTile[] {
    const where = `entry ${entry.index}`;
    if (entry.index >= this.signedSize) throw new ExportFault(where, "no checkpoint covers it");
    if (entry.data) {
      const { data } = entry;
      if (data.erased) this.checkErasure(where, data.erased);
      faultAt(where, () => this.trust.next(eventOf(data), data.trust ?? []));
    } else {
      this.takeErased(where, entry);
    }
    const completed = this.tree.append(Buffer.from(entry.leafHash, "hex"));
    for (const { level, n, bytes } of completed) this.tiles.set(`${level}/${n}`, bytes);
    if (this.tree.size === this.checkpoints[this.passed]?.size) this.checkCheckpoint();
    return completed;
  }

  /** After the last entry. */
  finish(): void {
    if (this.tree.size < this.signedSize) throw new ExportFault(`entry ${this.tree.size}`, "it is missing");
  }

  private get signedSize(): number {
    return this.checkpoints.at(-1)?.size ?? 0;
  }

  private takeErased(where: string, { index, leafHash }: LedgerEntry): void {
    const erasure = this.erasures.get(index);
    if (!erasure) throw new ExportFault(where, "its data is missing, and no later entry says that it was erased");
    if (erasure.leafHash !== leafHash) throw new ExportFault(where, "another leaf was erased");
    this.erasedLeaves.set(index, leafHash);
    const { trust, ...event } = erasure.kept;
    faultAt(where, () => this.trust.next(event, trust));
  }

  private checkErasure(where: string, { index, leafHash }: Erasure): void {
    if (this.erasedLeaves.get(index) === leafHash) return;
    throw new ExportFault(where, `it says that entry ${index} was erased, which it is not`);
  }

  private checkCheckpoint(): void {
    const where = `checkpoint ${this.passed}`;
    const { size, rootHash } = this.checkpoints[this.passed] as LedgerCheckpoint;
    const before = this.checkpoints[this.passed - 1];
    const root = this.tree.root();
    if (root.toString("hex") !== rootHash) {
      throw new ExportFault(where, `the entries ${before?.size ?? 0} to ${size - 1} are not those that were signed`);
    }
    if (before) {
      const proof = this.tree.consistencyProof(before.size);
      const consistent = verifyConsistency(before.size, size, Buffer.from(before.rootHash, "hex"), root, proof);
      if (!consistent) throw new ExportFault(where, `it is not consistent with checkpoint ${this.passed - 1}`);
    }
    this.passed++;
  }
}
