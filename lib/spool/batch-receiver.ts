import { Rejection } from "../common/rejection.js";
import { DEFAULT_BATCH_BODY_BYTES, readBatch } from "./batch.js";
import { BatchConflict, type BatchStore, type StoredBatch } from "./batch-store.js";
import { type OutboundRecord, readOutboundRecord } from "./outbound-record.js";

/** A record of a batch that is not one; the rest of the batch is stored. */
export interface RefusedRecord {
  index: number;
  rejection: Rejection;
}

/** What a batch's sender is answered, and what goes on. */
export interface Reception {
  status: number;
  /** JSON; tells the sender nothing that it does not know. */
  answer: Record<string, unknown>;
  /** Undefined where nothing was stored. */
  stored?: StoredBatch;
  refused: RefusedRecord[];
  /** Why the whole batch was refused. */
  rejection?: Rejection;
}

const STATUS: Partial<Record<Rejection["code"], number>> = { SIZE: 413, AUTH: 422 };

/**
 * Takes a batch over: hash, form, each record, duplicates, disk.
 *
 * @param gateway whose credential came with it.
 * @param now server's clock, milliseconds since the Unix epoch.
 * @returns 200 once everything is on the disk; 409 where the gateway has sent another batch of this name; 400, 403, 413
 *   or 422 where nothing of it can be used.
 * @throws {Error} of the database: answer 503.
 */
export function receiveBatch(
  store: BatchStore,
  body: Buffer,
  gateway: string,
  now: number,
  maxBytes = DEFAULT_BATCH_BODY_BYTES,
): Reception {
  try {
    const batch = readBatch(body, maxBytes);
    if (batch.gatewayId !== gateway) {
      const rejection = new Rejection("AUTH", "the batch names another gateway than the one whose token it bears");
      return { status: 403, answer: { error: rejection.reason }, refused: [], rejection };
    }
    const records: OutboundRecord[] = [];
    const refused: RefusedRecord[] = [];
    for (const [index, value] of batch.logs.entries()) {
      try {
        records.push(readOutboundRecord(value));
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        refused.push({ index, rejection: error });
      }
    }
    const stored = store.add(batch, records, now);
    const answer = {
      batch_id: batch.batchId,
      stored: stored.records.length,
      duplicates: stored.duplicates,
      refused: refused.length,
    };
    return { status: 200, answer, stored, refused };
  } catch (error) {
    if (error instanceof BatchConflict) {
      const rejection = new Rejection("REPLAY", error.message);
      return { status: 409, answer: { error: error.message }, refused: [], rejection };
    }
    if (!(error instanceof Rejection)) throw error;
    return {
      status: STATUS[error.code] ?? 400,
      answer: { error: `${error.code}: ${error.reason}` },
      refused: [],
      rejection: error,
    };
  }
}
