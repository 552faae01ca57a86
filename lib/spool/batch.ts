import { createHash } from "node:crypto";
import { isIdentifier } from "../common/identifier.js";
import { type JsonObject, parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { parseTimestamp } from "../common/timestamp.js";
import { MAX_RECORD_DEPTH } from "./outbound-record.js";
import { rawMember } from "./raw-member.js";

export const MAX_BATCH_RECORDS = 1000;
export const DEFAULT_BATCH_BODY_BYTES = 4_194_304;
const MAX_BATCH_DEPTH = MAX_RECORD_DEPTH + 2;

/** A batch, ready to be posted. */
export interface Batch {
  /** `<spool>:<first>-<last>`: record numbers, which no clock can repeat, in the spool of this name. */
  batchId: string;
  /** SHA-256 of the bytes of the `logs` array as they stand in the body, 64 hex digits. */
  batchHash: string;
  size: number;
  body: Buffer;
}

export interface BatchParts {
  gatewayId: string;
  /** Name of the spool. */
  spool: string;
  first: number;
  last: number;
  /** When it was cut, milliseconds since the Unix epoch. */
  at: number;
  /** Records as JSON, each one as it was spooled. */
  records: readonly Buffer[];
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Puts records into a batch `{gateway_id, batch_id, timestamp, batch_size, batch_hash, logs}`. */
export function makeBatch({ gatewayId, spool, first, last, at, records }: BatchParts): Batch {
  const comma = Buffer.from(",");
  const pieces = records.flatMap((record, index) => (index === 0 ? [record] : [comma, record]));
  const logs = Buffer.concat([Buffer.from("["), ...pieces, Buffer.from("]")]);
  const batchId = `${spool}:${first}-${last}`;
  const batchHash = sha256(logs);
  const head = JSON.stringify({
    gateway_id: gatewayId,
    batch_id: batchId,
    timestamp: new Date(at).toISOString(),
    batch_size: records.length,
    batch_hash: batchHash,
  });
  const body = Buffer.concat([Buffer.from(`${head.slice(0, -1)},"logs":`), logs, Buffer.from("}")]);
  return { batchId, batchHash, size: records.length, body };
}

/** A batch as it arrived: its hash is the one of its bytes. The records in it are not looked into. */
export interface ReceivedBatch {
  gatewayId: string;
  batchId: string;
  batchHash: string;
  /** Clock of the gateway when it was cut, milliseconds since the Unix epoch. */
  timestamp: number;
  logs: unknown[];
}

/**
 * Reads a batch's body and recomputes its hash over the bytes of `logs`.
 *
 * @throws {Rejection} SIZE, FORMAT, SCHEMA, RANGE, or AUTH where the hash is another one.
 */
export function readBatch(body: Buffer, maxBytes = DEFAULT_BATCH_BODY_BYTES): ReceivedBatch {
  const batch: JsonObject = parseJsonObject(body, { maxBytes, maxDepth: MAX_BATCH_DEPTH });
  const { gateway_id, batch_id, timestamp, batch_size, batch_hash, logs } = batch;
  if (!isIdentifier(gateway_id)) throw new Rejection("SCHEMA", "gateway_id is not an identifier");
  if (typeof batch_id !== "string" || !/^[A-Za-z0-9._:-]{1,100}$/.test(batch_id)) {
    throw new Rejection("SCHEMA", "batch_id is not 1 to 100 of A-Z a-z 0-9 . _ : -");
  }
  if (typeof batch_hash !== "string" || !/^[0-9a-f]{64}$/.test(batch_hash)) {
    throw new Rejection("SCHEMA", "batch_hash is not 64 hex digits");
  }
  if (!Array.isArray(logs)) throw new Rejection("SCHEMA", "logs is not an array");
  if (logs.length === 0 || logs.length > MAX_BATCH_RECORDS) {
    throw new Rejection("RANGE", `a batch has 1 to ${MAX_BATCH_RECORDS} records`);
  }
  if (batch_size !== logs.length) throw new Rejection("SCHEMA", "batch_size is not the number of records");
  if (sha256(rawMember(body, "logs")) !== batch_hash) {
    throw new Rejection("AUTH", "batch_hash is not the hash of the bytes of logs");
  }
  return {
    gatewayId: gateway_id,
    batchId: batch_id,
    batchHash: batch_hash,
    timestamp: parseTimestamp(timestamp),
    logs,
  };
}
