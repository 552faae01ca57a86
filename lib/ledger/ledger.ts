import { existsSync } from "node:fs";
import { canonicalJson } from "../common/canonical-json.js";
import type { LedgerEvent, TrustLogic } from "../common/ledger-event.js";
import type { AnchorRecord, LedgerCheckpoint, LedgerReceipt } from "../common/ledger-receipt.js";
import { type Database, openDatabase } from "../common/sqlite.js";
import type { TrustRecord, TrustRulesTable } from "../common/trust.js";
import { signCheckpoint } from "./checkpoint.js";
import { type Erasure, encodeEntry, keptOf, type LedgerEntry } from "./entry.js";
import { rowAsStored, rowToEntry, type StoredEntry } from "./entry-row.js";
import { logSigner } from "./log-key.js";
import { leafHash } from "./merkle/hash.js";
import type { CompleteTile } from "./merkle/tile-tree.js";
import type { NoteSigner } from "./note.js";
import { readLedgerEvent } from "./read-event.js";
import { type LedgerSnapshot, type LedgerState, loadState } from "./state.js";
import { type LedgerStatements, ledgerStatements, prepareTables, writeMeta } from "./tables.js";

export interface LedgerOptions {
  /** SQLite file. */
  path: string;
  /** Private key, made with a new ledger. */
  keyPath: string;
  /** Name that the log signs under, such as `example.org/gateway-1`; it never changes. */
  origin: string;
  /** Without it evidence is recorded and moves nobody's trust. */
  trust?: TrustLogic;
  /** One checkpoint per this time is kept for good, besides the last one; 0 keeps all. Default 60 seconds. */
  checkpointIntervalSec?: number;
  /** Milliseconds since the Unix epoch. */
  now?: () => number;
}

const DEFAULT_CHECKPOINT_INTERVAL_SEC = 60;
const KEEP_WHOLE: ReadonlySet<string> = new Set(["rules", "erase"]);

/**
 * An append-only log: an RFC 6962 Merkle tree in SQLite whose root is signed with every commit. One transaction holds
 * the entries, the trust that follows from them and the checkpoint, so that no crash can make them disagree.
 */
export class Ledger {
  private state: LedgerState | undefined;

  private constructor(
    private readonly database: Database,
    private readonly statements: LedgerStatements,
    private readonly signer: NoteSigner,
    private readonly options: LedgerOptions,
  ) {}

  /**
   * Opens a ledger, or makes one with its key.
   *
   * @throws {Error} that says what to mend: a key without its log or a log without its key, another origin, damage.
   */
  static open(options: LedgerOptions): Ledger {
    const existed = existsSync(options.path);
    const database = openDatabase(options.path, { synchronous: "FULL" });
    try {
      prepareTables(database);
      const signer = logSigner(database, { path: options.keyPath, name: options.origin, logExisted: existed });
      const ledger = new Ledger(database, ledgerStatements(database), signer, options);
      ledger.refresh();
      return ledger;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  get origin(): string {
    return this.signer.name;
  }

  /** Public key in the format of C2SP signed notes: what auditors need to know beforehand. */
  get vkey(): string {
    return this.signer.vkey;
  }

  get size(): number {
    return this.current().tree.size;
  }

  /** The last one; it covers every entry. */
  get checkpoint(): LedgerCheckpoint {
    return this.current().checkpoint ?? signCheckpoint(0, this.current().tree.root(), this.signer);
  }

  /** Trust rules in force. */
  get rules(): TrustRulesTable | undefined {
    return this.current().trust.rules;
  }

  /**
   * Records events in one transaction: all of them, or none.
   *
   * @returns after they have reached the disk.
   * @throws {Rejection} for an event that cannot be recorded; {Error} where the disk refuses.
   */
  append(events: readonly LedgerEvent[]): LedgerReceipt[] {
    return this.write(events.map(readLedgerEvent));
  }

  /**
   * Erases the data of one entry. Its leaf stays, so that every proof still holds; a new entry says who erased it and
   * why, and keeps what trust follows from.
   *
   * @throws {Error} where there is no such data, or the kind may not be erased (`rules`, `erase`).
   */
  erase(index: number, by: string, reason: string): LedgerReceipt {
    const entry = this.entry(index);
    if (!entry?.data) throw new Error(`entry ${index} holds no data`);
    if (KEEP_WHOLE.has(entry.data.kind)) throw new Error(`entry ${index} is of kind ${entry.data.kind}, which stays`);
    const erased: Erasure = { index, leafHash: entry.leafHash, by, reason, kept: keptOf(entry.data) };
    const at = this.now();
    const [receipt] = this.write([{ kind: "erase", at, erased }], () => this.statements.eraseEntry.run(index));
    // Out of the write-ahead log as well.
    this.database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
    return receipt as LedgerReceipt;
  }

  /** @throws {Error} where the entry on disk is not what its leaf says. */
  entry(index: number): LedgerEntry | undefined {
    return this.entries(index, index + 1)[0];
  }

  /**
   * Entries from `from` up to, not including, `to`; fewer at the end of the log.
   *
   * @throws {Error} that names an entry which is not what its leaf says.
   */
  entries(from: number, to: number): LedgerEntry[] {
    return this.statements.entries.all(from, to).map(rowToEntry);
  }

  /** Entries as they are on disk, also where the data is not what the leaf says: for showing what is wrong. */
  stored(from: number, to: number): StoredEntry[] {
    return this.statements.entries.all(from, to).map(rowAsStored);
  }

  /** Entries that changed the trust of a device, the latest first. */
  trustHistory(device: string, limit: number): LedgerEntry[] {
    const rows = this.statements.changes.all(device, limit);
    return rows.flatMap(({ idx }) => this.entry(idx as number) ?? []);
  }

  /** Reads what another process has written meanwhile, all of it from one moment. */
  refresh(): void {
    this.state = this.database.snapshot(() =>
      loadState(this.database, this.statements, this.signer, this.options.trust),
    );
  }

  /** Root of the first `size` entries. */
  rootAt(size: number): Buffer {
    return this.current().tree.root(size);
  }

  /** RFC 6962 proof that entry `index` is among the first `size`. */
  inclusionProof(index: number, size = this.size): Buffer[] {
    return this.current().tree.inclusionProof(index, size);
  }

  /** RFC 6962 proof that the first `oldSize` entries are still the same in the first `size`. */
  consistencyProof(oldSize: number, size = this.size): Buffer[] {
    return this.current().tree.consistencyProof(oldSize, size);
  }

  /** Undefined for a device that is unknown. */
  trust(device: string): TrustRecord | undefined {
    return this.current().trust.record(device);
  }

  trustRecords(): TrustRecord[] {
    return this.current().trust.all();
  }

  /** Writes down where a root was anchored; anchoring a size again replaces what was said of it. */
  recordAnchor(anchor: AnchorRecord): void {
    const { chainId, contract, lane, size } = anchor;
    if (this.rootAt(size).toString("hex") !== anchor.rootHash)
      throw new Error(`the anchor of size ${size} has another root`);
    this.statements.putAnchor.run(chainId, contract, lane, size, canonicalJson(anchor));
  }

  /** Smallest size first. */
  anchors(): AnchorRecord[] {
    return this.statements.anchors.all().map(({ record }) => JSON.parse(record as string) as AnchorRecord);
  }

  /** Anchors that cover `size` entries or more, smallest first. */
  anchorsFrom(size: number, limit: number): AnchorRecord[] {
    return this.statements.anchorsFrom
      .all(size, limit)
      .map(({ record }) => JSON.parse(record as string) as AnchorRecord);
  }

  /** The anchor that covers most entries. */
  get lastAnchor(): AnchorRecord | undefined {
    const record = this.statements.lastAnchor.get()?.record as string | undefined;
    return record === undefined ? undefined : (JSON.parse(record) as AnchorRecord);
  }

  /** Writes something beside the entries, up to the disk. @throws {Error} where the disk refuses. */
  tryToWrite(): void {
    this.database.transaction(() => writeMeta(this.database, "written", String(this.now())));
  }

  /** May be called twice. */
  close(): void {
    this.state = undefined;
    this.database.close();
  }

  /** What an export is made of, all of it from one moment. */
  snapshot<T>(work: (parts: LedgerSnapshot) => T): T {
    return this.database.snapshot(() => {
      const { tree, trust, checkpoint } = loadState(this.database, this.statements, this.signer, this.options.trust);
      return work({
        signer: this.signer,
        size: tree.size,
        checkpoint: checkpoint ?? signCheckpoint(0, tree.root(), this.signer),
        checkpoints: (from, count) => this.statements.checkpoints.all(from, count).map(({ note }) => note as string),
        rows: (from, to) => this.statements.entries.all(from, to).map(rowToEntry),
        tile: (level, n) => tree.tileBytes(level, n),
        trust: trust.all(),
        anchors: this.anchors(),
      });
    });
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  /** The state in memory; after a write that failed it is read from the disk again. */
  private current(): LedgerState {
    this.state ??= loadState(this.database, this.statements, this.signer, this.options.trust);
    return this.state;
  }

  private write(events: readonly (LedgerEvent & { erased?: Erasure })[], first?: () => void): LedgerReceipt[] {
    if (events.length === 0) return [];
    try {
      const receipts = this.database.transaction(() => {
        // Another process may have written: its entries come first.
        if (((this.statements.size.get()?.size as number | null) ?? 0) !== this.size) this.state = undefined;
        first?.();
        return this.writeInTransaction(this.current(), events);
      });
      this.current().trust.commit();
      return receipts;
    } catch (error) {
      this.state = undefined;
      throw error;
    }
  }

  private writeInTransaction(
    state: LedgerState,
    events: readonly (LedgerEvent & { erased?: Erasure })[],
  ): LedgerReceipt[] {
    const { tree, trust } = state;
    const recorded = events.map((event) => {
      const { changes } = trust.apply(event);
      const data = encodeEntry(event, changes);
      const leaf = leafHash(data);
      const index = tree.size;
      this.statements.addEntry.run(index, leaf, data.toString());
      this.addTiles(tree.append(leaf));
      for (const { device, withheld } of changes) if (!withheld) this.statements.addChange.run(device, index);
      return { index, leafHash: leaf.toString("hex"), trust: changes };
    });
    const { records, rules } = trust.changed;
    for (const record of records) this.statements.putTrust.run(record.device, canonicalJson(record));
    if (rules) writeMeta(this.database, "rules", canonicalJson(rules));

    const checkpoint = signCheckpoint(tree.size, tree.root(), this.signer);
    const interval = (this.options.checkpointIntervalSec ?? DEFAULT_CHECKPOINT_INTERVAL_SEC) * 1000;
    state.kept.put(checkpoint.note, this.now(), interval, this.statements);
    state.checkpoint = checkpoint;
    return recorded.map((receipt) => ({ ...receipt, checkpoint }));
  }

  private addTiles(tiles: readonly CompleteTile[]): void {
    for (const { level, n, bytes } of tiles) this.statements.addTile.run(level, n, bytes);
  }
}
