import { createCipheriv, createHmac, type KeyObject } from "node:crypto";
import { NO_EPOCH } from "./keys.js";

export const HOUR = 3600;
export const DAY = 86_400;

/** What a cell is about: an access point's hour or day, a device's day, or the list of access points. */
export const SCOPE = { apHour: 1, macDay: 2, apDay: 3, directory: 16 } as const;
export type Scope = (typeof SCOPE)[keyof typeof SCOPE];

/** Length of a scope's cells, seconds. */
export function cellLength(scope: Scope): number {
  return scope === SCOPE.apHour ? HOUR : DAY;
}

/** One cell: everything about `id` in the time `slot * cellLength(scope)` and on. */
export interface Cell {
  scope: Scope;
  slot: number;
  /** UTF-8 name of an access point, 6 bytes of a MAC, or nothing for the directory. */
  id: Buffer;
}

/** `YYYYMM` (UTC) of a time in Unix seconds. */
export function epochAt(time: number): string {
  const date = new Date(time * 1000);
  return `${String(date.getUTCFullYear()).padStart(4, "0")}${String(date.getUTCMonth() + 1).padStart(2, "0")}`;
}

/** First second of an epoch, and the first of the next. */
export function epochSpan(epoch: string): { from: number; to: number } {
  const year = Number(epoch.slice(0, 4));
  const month = Number(epoch.slice(4));
  return { from: Date.UTC(year, month - 1, 1) / 1000, to: Date.UTC(year, month, 1) / 1000 };
}

/** The day of a cell since 1970-01-01, which decides its table; the directory belongs to no day. */
export function dayOf(cell: Cell): number {
  return cell.scope === SCOPE.apHour ? Math.floor(cell.slot / 24) : cell.slot;
}

const epochOfDay = new Map<number, string>();

/** The epoch of a cell; no cell lies in two. */
export function epochOf(cell: Cell): string {
  if (cell.scope === SCOPE.directory) return NO_EPOCH;
  const day = dayOf(cell);
  let epoch = epochOfDay.get(day);
  if (epoch === undefined) {
    epoch = epochAt(day * DAY);
    if (epochOfDay.size > 10_000) epochOfDay.clear();
    epochOfDay.set(day, epoch);
  }
  return epoch;
}

/** A text that only equal cells share. */
export function cellName(cell: Cell): string {
  return `${cell.scope}|${cell.slot}|${cell.id.toString("latin1")}`;
}

/**
 * The key that the labels of a cell are made with:
 * HMAC-SHA256(K_idx, scope (1 byte) ‖ length of id (2, big-endian) ‖ slot (4, big-endian) ‖ id).
 */
export function cellKey(indexKey: KeyObject | Uint8Array, cell: Cell): Buffer {
  const head = Buffer.allocUnsafe(7 + cell.id.length);
  head.writeUInt8(cell.scope, 0);
  head.writeUInt16BE(cell.id.length, 1);
  head.writeUInt32BE(cell.slot, 3);
  cell.id.copy(head, 7);
  return createHmac("sha256", indexKey).update(head).digest();
}

export const LABEL_BYTES = 16;

/** `AES-256(kw, be128(i))` for i = from … from+count-1 as bytes one after the other: AES in counter mode over zeros. */
export function labelBytes(kw: Uint8Array, from: number, count: number): Buffer {
  const counter = Buffer.alloc(LABEL_BYTES);
  counter.writeUIntBE(from, 10, 6);
  return createCipheriv("aes-256-ctr", kw, counter).update(Buffer.alloc(LABEL_BYTES * count));
}

/** The labels `from` … `from + count - 1` of a cell (Cash et al., NDSS 2014, Pi_bas). */
export function labels(kw: Uint8Array, from: number, count: number): Buffer[] {
  const bytes = labelBytes(kw, from, count);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * LABEL_BYTES, (i + 1) * LABEL_BYTES));
}
