import { isJsonObject, type JsonObject } from "../common/json.js";
import type { LedgerEvent } from "../common/ledger-event.js";
import { Rejection } from "../common/rejection.js";
import type { SecurityVerdict } from "../common/security.js";

/** Of a batch: what identifies it, never the records in it. */
const BATCH_MEMBERS = [
  "gateway_id",
  "batch_id",
  "timestamp",
  "batch_size",
  "batch_hash",
  "max_score",
  "attacks",
] as const;

function incident(verdict: SecurityVerdict): LedgerEvent {
  const { id, at, attackType, severity, source, authenticated, topic, size, digest, score, rejection, origin } =
    verdict;
  const detail = { id, attackType, severity, source, authenticated, topic, size, digest, score, rejection, origin };
  return { kind: "incident", at, detail };
}

function batch(value: JsonObject, now: number): LedgerEvent {
  if (typeof value.batch_hash !== "string") throw new Rejection("SCHEMA", "msg.batch has no batch_hash");
  const detail: JsonObject = {};
  for (const name of BATCH_MEMBERS) if (value[name] !== undefined) detail[name] = value[name];
  return { kind: "batch", at: now, detail };
}

function hadTrustLeft(message: object): boolean {
  const { trust } = message as { trust?: unknown };
  return isJsonObject(trust) && typeof trust.previous === "number" && trust.previous > 0;
}

/**
 * What a message asks the ledger to remember: `ledger` (one event or a list), else `batch`, else an anomalous
 * `verdict`. No evidence is drawn from batches and verdicts here: that is the business of trust, which records its own.
 *
 * @param now gateway clock, milliseconds since the Unix epoch: the time of a batch, and of events without one.
 * @param whileTrusted whether a verdict counts only for a device whose trust was above 0 when its message came.
 * @returns an empty list for an ordinary verdict.
 * @throws {Rejection} SCHEMA where there is nothing to remember.
 */
export function ledgerEventsOf(message: object, now: number, whileTrusted = false): LedgerEvent[] {
  const { ledger, batch: batched, verdict } = message as { ledger?: unknown; batch?: unknown; verdict?: unknown };
  if (ledger !== undefined) {
    const events: unknown[] = Array.isArray(ledger) ? ledger : [ledger];
    if (events.length === 0) throw new Rejection("SCHEMA", "msg.ledger holds no event");
    return events.map((event) => (isJsonObject(event) ? { at: now, ...event } : event) as LedgerEvent);
  }
  if (isJsonObject(batched)) return [batch(batched, now)];
  if (isJsonObject(verdict)) {
    const given = verdict as unknown as SecurityVerdict;
    if (given.status !== "anomaly" || (whileTrusted && !hadTrustLeft(message))) return [];
    return [incident(given)];
  }
  throw new Rejection("SCHEMA", "the message holds nothing to record: no ledger, batch or verdict");
}
