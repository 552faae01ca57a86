import { type Database, openDatabase, type Statement } from "../common/sqlite.js";
import type { ReceivedBatch } from "./batch.js";
import { type OutboundRecord, recordKey } from "./outbound-record.js";

/** Another batch of this gateway has this name. */
export class BatchConflict extends Error {
  override readonly name = "BatchConflict";
}

export interface StoredBatch {
  gatewayId: string;
  batchId: string;
  batchHash: string;
  size: number;
  /** Records that were not known yet; only these are handed on. */
  records: OutboundRecord[];
  duplicates: number;
}

export interface BatchStoreOptions {
  /** How long records are kept and duplicates recognised, milliseconds; 0: for ever. */
  keepMs: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, batch_id TEXT NOT NULL, hash TEXT NOT NULL, size INTEGER NOT NULL,
    duplicates INTEGER NOT NULL, at INTEGER NOT NULL, handed_on INTEGER NOT NULL DEFAULT 0,
    UNIQUE (gateway, batch_id));
  CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, record_key TEXT NOT NULL, batch INTEGER NOT NULL, at INTEGER NOT NULL,
    body TEXT NOT NULL, UNIQUE (device, record_key));
  CREATE INDEX IF NOT EXISTS records_at ON records (at);
  CREATE INDEX IF NOT EXISTS records_batch ON records (batch);
  CREATE INDEX IF NOT EXISTS batches_waiting ON batches (id) WHERE handed_on = 0;
`;
const PRUNE_EVERY_MS = 60_000;

/** The central server's records: each one once, whatever batch it came in and however often. */
export class BatchStore {
  private readonly database: Database;
  private readonly statements: Record<"known" | "addBatch" | "addRecord" | "handedOn" | "waiting" | "of", Statement>;
  private pruneAt = 0;

  /** @throws {Error} that names the file. */
  constructor(
    readonly path: string,
    private readonly options: BatchStoreOptions,
  ) {
    this.database = openDatabase(path, { synchronous: "FULL" });
    this.database.exec(SCHEMA);
    const sql = (text: string) => this.database.prepare(text);
    this.statements = {
      known: sql("SELECT id, hash, size, duplicates FROM batches WHERE gateway = ? AND batch_id = ?"),
      addBatch: sql(
        "INSERT INTO batches (gateway, batch_id, hash, size, duplicates, at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
      ),
      addRecord: sql("INSERT OR IGNORE INTO records (device, record_key, batch, at, body) VALUES (?, ?, ?, ?, ?)"),
      handedOn: sql("UPDATE batches SET handed_on = 1 WHERE gateway = ? AND batch_id = ?"),
      waiting: sql("SELECT id, gateway, batch_id, hash, size, duplicates FROM batches WHERE handed_on = 0 ORDER BY id"),
      of: sql("SELECT body FROM records WHERE batch = ? ORDER BY id"),
    };
  }

  /** Records that are kept. */
  get size(): number {
    return Number(this.database.prepare("SELECT count(*) AS n FROM records").get()?.n ?? 0);
  }

  /**
   * Stores a batch's records, once each, in one transaction that is on the disk when this returns.
   *
   * @param records those of the batch that could be read.
   * @returns what of it is new; nothing, for a batch that came before.
   * @throws {BatchConflict}, {Error} of the database; nothing is stored then.
   */
  add(batch: ReceivedBatch, records: readonly OutboundRecord[], now: number): StoredBatch {
    this.prune(now);
    const { gatewayId, batchId, batchHash, logs } = batch;
    return this.database.transaction(() => {
      const known = this.statements.known.get(gatewayId, batchId);
      const stored = { gatewayId, batchId, batchHash, size: logs.length };
      if (known) {
        if (known.hash !== batchHash) throw new BatchConflict("another batch has this batch_id");
        return { ...stored, records: [], duplicates: logs.length };
      }
      const id = Number(this.statements.addBatch.get(gatewayId, batchId, batchHash, logs.length, 0, now)?.id);
      const added = records.filter(
        (record) =>
          this.statements.addRecord.run(record.device_id, recordKey(record), id, now, JSON.stringify(record)) > 0,
      );
      const duplicates = records.length - added.length;
      this.database.prepare("UPDATE batches SET duplicates = ? WHERE id = ?").run(duplicates, id);
      return { ...stored, records: added, duplicates };
    });
  }

  /** Says that a batch's new records went on; otherwise `waiting` gives them out again. */
  handedOn({ gatewayId, batchId }: Pick<StoredBatch, "gatewayId" | "batchId">): void {
    this.statements.handedOn.run(gatewayId, batchId);
  }

  /** Batches that were stored, and whose records may not have gone on: a crash came in between. */
  waiting(): StoredBatch[] {
    return this.statements.waiting.all().map(({ id, gateway, batch_id, hash, size, duplicates }) => ({
      gatewayId: String(gateway),
      batchId: String(batch_id),
      batchHash: String(hash),
      size: Number(size),
      records: this.statements.of.all(Number(id)).map(({ body }) => JSON.parse(String(body)) as OutboundRecord),
      duplicates: Number(duplicates),
    }));
  }

  close(): void {
    this.database.close();
  }

  private prune(now: number): void {
    if (this.options.keepMs === 0 || now < this.pruneAt) return;
    this.pruneAt = now + PRUNE_EVERY_MS;
    const before = now - this.options.keepMs;
    this.database.transaction(() => {
      this.database.prepare("DELETE FROM records WHERE at < ?").run(before);
      this.database.prepare("DELETE FROM batches WHERE at < ? AND handed_on = 1").run(before);
    });
  }
}
