import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { digest } from "./keys.js";

export const RECORD_BYTES = 40;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Every value in a cell table: nonce 12, record 40, tag 16. */
export const VALUE_BYTES = NONCE_BYTES + RECORD_BYTES + TAG_BYTES;

/** Duration of a session whose end is not known. */
export const OPEN_DURATION = 0xffff_ffff;

/** What a record is: nothing, a session, or a part of an access point's name. */
export const VERSION = { dummy: 0, session: 1, name: 2 } as const;

const AP_AT = 16;
const AP_BYTES = 24;
/** Length byte of an access point whose name does not fit: the field then holds a digest of it. */
const LONG_NAME = 0xff;

/** A record of 40 bytes, read in place. */
export interface SessionRecord {
  /** 6 bytes. */
  mac: Buffer;
  /** Unix seconds. */
  start: number;
  /** Seconds, or {@link OPEN_DURATION}. */
  duration: number;
  /** Length byte and field of the access point, 25 bytes; see {@link apField}. */
  ap: Buffer;
}

/** Length byte and 24 bytes that stand for an access point: its UTF-8 name, or a digest of a longer one. */
export function apField(name: string): Buffer {
  const field = Buffer.alloc(1 + AP_BYTES);
  const bytes = Buffer.from(name);
  if (bytes.length <= AP_BYTES) {
    field[0] = bytes.length;
    bytes.copy(field, 1);
  } else {
    field[0] = LONG_NAME;
    digest(name, AP_BYTES).copy(field, 1);
  }
  return field;
}

/** ver 1 | mac 6 | start u32be | duration u32be | apLen 1 | ap 24, zero-padded. */
export function encodeSession(mac: Buffer, start: number, duration: number, ap: Buffer): Buffer {
  const record = Buffer.allocUnsafe(RECORD_BYTES);
  record[0] = VERSION.session;
  mac.copy(record, 1, 0, 6);
  record.writeUInt32BE(start, 7);
  record.writeUInt32BE(duration, 11);
  ap.copy(record, 15);
  return record;
}

/** A record that says nothing; sealed it cannot be told from others. */
export function dummyRecord(): Buffer {
  return Buffer.alloc(RECORD_BYTES);
}

/** Reads a record. @returns undefined for one that is no session. */
export function decodeSession(record: Buffer): SessionRecord | undefined {
  if (record[0] !== VERSION.session) return undefined;
  return {
    mac: record.subarray(1, 7),
    start: record.readUInt32BE(7),
    duration: record.readUInt32BE(11),
    ap: record.subarray(15),
  };
}

/** Parts of a name for the directory: digest 6, part u32be, parts u32be, length, 24 bytes of it. */
export function encodeName(name: string): Buffer[] {
  const bytes = Buffer.from(name);
  const parts = Math.ceil(bytes.length / AP_BYTES);
  return Array.from({ length: parts }, (_, part) => {
    const record = Buffer.alloc(RECORD_BYTES);
    const piece = bytes.subarray(part * AP_BYTES, (part + 1) * AP_BYTES);
    record[0] = VERSION.name;
    digest(name, 6).copy(record, 1);
    record.writeUInt32BE(part, 7);
    record.writeUInt32BE(parts, 11);
    record[15] = piece.length;
    piece.copy(record, AP_AT);
    return record;
  });
}

/** The whole names in the records of the directory, each once. */
export function decodeNames(records: readonly Buffer[]): string[] {
  const pieces = new Map<string, Map<number, Buffer>>();
  const names = new Set<string>();
  for (const record of records) {
    if (record[0] !== VERSION.name) continue;
    const parts = record.readUInt32BE(11);
    const id = `${record.toString("hex", 1, 7)}|${parts}`;
    const found = pieces.get(id) ?? new Map<number, Buffer>();
    pieces.set(id, found.set(record.readUInt32BE(7), record.subarray(AP_AT, AP_AT + (record[15] as number))));
    if (found.size === parts) {
      const ordered = [...found].sort(([a], [b]) => a - b).map(([, piece]) => piece);
      names.add(Buffer.concat(ordered).toString("utf8"));
    }
  }
  return [...names];
}

/**
 * nonce ‖ AES-256-GCM(K_rec, nonce, record, aad = label) ‖ tag. The label as associated data keeps the server from
 * moving a value to another label.
 *
 * @param nonce 12 random bytes, never used twice under a key.
 */
export function sealValue(key: KeyObject | Uint8Array, nonce: Uint8Array, label: Uint8Array, record: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(label);
  const sealed = cipher.update(record);
  cipher.final();
  const value = Buffer.allocUnsafe(NONCE_BYTES + record.length + TAG_BYTES);
  value.set(nonce, 0);
  sealed.copy(value, NONCE_BYTES);
  cipher.getAuthTag().copy(value, NONCE_BYTES + record.length);
  return value;
}

/** The opposite of {@link sealValue}. @returns undefined for a value that was not sealed under this key and label. */
export function openValue(
  key: KeyObject | Uint8Array,
  label: Uint8Array,
  value: Buffer,
  size = RECORD_BYTES,
): Buffer | undefined {
  if (value.length !== NONCE_BYTES + size + TAG_BYTES) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, value.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(label);
  decipher.setAuthTag(value.subarray(NONCE_BYTES + size));
  const record = decipher.update(value.subarray(NONCE_BYTES, NONCE_BYTES + size));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return record;
}
