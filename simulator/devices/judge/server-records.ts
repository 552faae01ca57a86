import { isJsonObject, type JsonObject } from "../../../lib/common/json.js";
import { type Database, openDatabase } from "../../../lib/common/sqlite.js";
import { fingerprintOf } from "../sensors.js";
import type { StoredReading } from "../truth.js";

const AT_ONCE = 2000;

function readingOf(text: string): StoredReading | undefined {
  const record = JSON.parse(text) as JsonObject;
  const { device_id, epoch, counter, received_at, payload } = record;
  if (typeof device_id !== "string" || !isJsonObject(payload)) return undefined;
  const numberOf = (value: unknown) => (typeof value === "number" ? value : null);
  return {
    device: device_id,
    epoch: numberOf(epoch),
    counter: numberOf(counter),
    fingerprint: fingerprintOf(payload),
    receivedAt: numberOf(received_at) ?? 0,
  };
}

/** What the central server has stored from a moment on: the database of a batch-in node, which may be in use. */
export class ServerRecords {
  private readonly database: Database;
  private lastRecord: number;
  private readonly firstBatch: number;

  /** Begins after what is there. @throws {Error} that names the file. */
  constructor(path: string) {
    this.database = openDatabase(path, { readOnly: true });
    this.lastRecord = this.highest("records");
    this.firstBatch = this.highest("batches");
  }

  /** Records that came since the last call; the oldest of them, where there are more than `most`. */
  *fresh(most = Number.POSITIVE_INFINITY): Generator<StoredReading> {
    const statement = this.database.prepare("SELECT id, body FROM records WHERE id > ? ORDER BY id LIMIT ?");
    for (let left = most; left > 0; left -= AT_ONCE) {
      const rows = statement.all(this.lastRecord, Math.min(left, AT_ONCE));
      for (const { id, body } of rows) {
        this.lastRecord = Number(id);
        const reading = readingOf(String(body));
        if (reading) yield reading;
      }
      if (rows.length < AT_ONCE) return;
    }
  }

  /** Records since the beginning that the server already had. */
  get duplicates(): number {
    const row = this.database.prepare("SELECT sum(duplicates) AS n FROM batches WHERE id > ?").get(this.firstBatch);
    return Number(row?.n ?? 0);
  }

  close(): void {
    this.database.close();
  }

  private highest(table: "records" | "batches"): number {
    return Number(this.database.prepare(`SELECT max(id) AS n FROM ${table}`).get()?.n ?? 0);
  }
}
