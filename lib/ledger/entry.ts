import { randomBytes } from "node:crypto";
import { canonicalJson } from "../common/canonical-json.js";
import type { LedgerEvent } from "../common/ledger-event.js";
import { Rejection } from "../common/rejection.js";
import type { TrustChange } from "../common/trust.js";

/** Length that a C2SP tlog-tiles entry bundle can express. */
export const MAX_ENTRY_BYTES = 65_535;
const SALT_SIZE = 16;

/** Says which entry's data was erased, by whom, and what of it still counts. */
export interface Erasure {
  index: number;
  /** 64 hex digits; what the tree keeps of the entry. */
  leafHash: string;
  /** Name of the person's login. */
  by: string;
  reason: string;
  /** What trust follows from: restated, because nobody can read it in the entry any more. */
  kept: Pick<LedgerEvent, "kind" | "at" | "evidence" | "operator"> & { trust: TrustChange[] };
}

/** What an entry's leaf is the hash of, as canonical JSON. */
export interface LedgerEntryData extends LedgerEvent {
  /** 16 random bytes in base64url: without them an erased entry could be found again by trying. */
  salt: string;
  /** What the rules made of the event; absent where nothing changed. */
  trust?: TrustChange[];
  /** Only of kind `erase`. */
  erased?: Erasure;
}

/** One entry as it is stored. */
export interface LedgerEntry {
  index: number;
  /** RFC 6962 leaf hash, 64 hex digits. */
  leafHash: string;
  /** null: erased. */
  data: LedgerEntryData | null;
  /** Canonical JSON of the data, which the leaf is the hash of; null: erased. */
  text: string | null;
}

/** @throws {Rejection} SIZE, SCHEMA, RANGE or FORMAT for what cannot be an entry. */
export function encodeEntry(event: LedgerEvent & { erased?: Erasure }, trust: readonly TrustChange[]): Buffer {
  const data = { ...event, salt: randomBytes(SALT_SIZE).toString("base64url") };
  const text = Buffer.from(canonicalJson(trust.length > 0 ? { ...data, trust } : data));
  if (text.length > MAX_ENTRY_BYTES) {
    throw new Rejection("SIZE", `an entry of ${text.length} bytes exceeds the limit of ${MAX_ENTRY_BYTES}`);
  }
  return text;
}

/** The event that an entry recorded, without what the ledger added. */
export function eventOf(data: LedgerEntryData): LedgerEvent {
  const { salt: _salt, trust: _trust, erased: _erased, ...event } = data;
  return event;
}

/** What must be kept of an entry whose data goes: the operator's name and words are the person's, not the log's. */
export function keptOf(data: LedgerEntryData): Erasure["kept"] {
  const { kind, at, evidence, operator, trust = [] } = data;
  return {
    kind,
    at,
    trust,
    ...(evidence ? { evidence } : {}),
    ...(operator ? { operator: { ...operator, by: "erased", reason: "erased" } } : {}),
  };
}
