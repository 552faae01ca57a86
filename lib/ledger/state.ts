import type { TrustLogic } from "../common/ledger-event.js";
import type { AnchorRecord, LedgerCheckpoint } from "../common/ledger-receipt.js";
import type { Database } from "../common/sqlite.js";
import type { TrustRecord, TrustRulesTable } from "../common/trust.js";
import { openCheckpoint } from "./checkpoint.js";
import type { LedgerEntry } from "./entry.js";
import { KeptCheckpoints } from "./kept-checkpoints.js";
import { TILE_WIDTH } from "./merkle/tile.js";
import { TileTree } from "./merkle/tile-tree.js";
import type { NoteSigner } from "./note.js";
import { type LedgerStatements, readMeta } from "./tables.js";
import { TrustBook } from "./trust-book.js";

/** What a ledger keeps in memory; all of it can be read from the disk again. */
export interface LedgerState {
  tree: TileTree;
  trust: TrustBook;
  kept: KeptCheckpoints;
  /** Undefined before the first entry. */
  checkpoint: LedgerCheckpoint | undefined;
}

/** One moment of a ledger, for an export. */
export interface LedgerSnapshot {
  signer: NoteSigner;
  size: number;
  checkpoint: LedgerCheckpoint;
  /** Notes of the checkpoints that were kept, oldest first. */
  checkpoints(from: number, count: number): string[];
  rows(from: number, to: number): LedgerEntry[];
  /** Hashes of a tile, complete or not. */
  tile(level: number, n: number): Uint8Array;
  trust: TrustRecord[];
  anchors: AnchorRecord[];
}

function trustBook(database: Database, statements: LedgerStatements, logic: TrustLogic | undefined): TrustBook {
  const records = statements.trust.all().map(({ record }) => JSON.parse(record as string) as TrustRecord);
  const rules = readMeta(database, "rules");
  return new TrustBook(
    logic,
    new Map(records.map((record) => [record.device, record])),
    rules === undefined ? undefined : (JSON.parse(rules) as TrustRulesTable),
  );
}

/**
 * Reads the state and holds it against the last checkpoint.
 *
 * @throws {Error} where the entries are not those that were signed.
 */
export function loadState(
  database: Database,
  statements: LedgerStatements,
  signer: NoteSigner,
  logic: TrustLogic | undefined,
): LedgerState {
  const damaged = (what: string) =>
    new Error(`${database.path}: the ledger is damaged (${what}); restore it from the backup`);
  const size = (statements.size.get()?.size as number | null) ?? 0;
  const lastLeaves = statements.leaves.all(size - (size % TILE_WIDTH)).map(({ leaf }) => leaf as Buffer);
  const read = (level: number, n: number): Uint8Array => {
    const tile = statements.tile.get(level, n);
    if (!tile) throw damaged(`tile ${level}/${n} is missing`);
    return tile.hashes as Buffer;
  };
  const { kept, note } = KeptCheckpoints.load(statements);
  let tree: TileTree;
  let checkpoint: LedgerCheckpoint | undefined;
  try {
    tree = TileTree.resume({ read }, size, lastLeaves);
    checkpoint = note === undefined ? undefined : openCheckpoint(note, signer);
  } catch (error) {
    throw damaged((error as Error).message);
  }
  if ((checkpoint?.size ?? 0) !== size) throw damaged(`${size} entries, ${checkpoint?.size ?? 0} signed`);
  if (checkpoint && tree.root().toString("hex") !== checkpoint.rootHash) {
    throw damaged("its entries are not those that were signed");
  }
  return { tree, trust: trustBook(database, statements, logic), kept, checkpoint };
}
