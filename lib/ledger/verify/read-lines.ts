import { canonicalJson } from "../../common/canonical-json.js";
import { isJsonObject } from "../../common/json.js";
import type { LedgerCheckpoint } from "../../common/ledger-receipt.js";
import { openCheckpoint } from "../checkpoint.js";
import { type Erasure, type LedgerEntry, type LedgerEntryData, MAX_ENTRY_BYTES } from "../entry.js";
import { checkpointLine, entryLine } from "../export/lines.js";
import { leafHash } from "../merkle/hash.js";
import type { NoteVerifier } from "../note.js";
import { readLedgerEvent } from "../read-event.js";
import { ExportFault, faultAt } from "./fault.js";
import { decodeText, readLines } from "./read-files.js";

const ENTRIES = "entries.jsonl";
const ERASE_MARK = Buffer.from('"kind":"erase"');

function parseLine(bytes: Buffer, where: string): unknown {
  const text = decodeText(bytes, where);
  return faultAt(where, () => JSON.parse(text) as unknown);
}

function sameText(bytes: Buffer, expected: string, where: string): void {
  if (!bytes.equals(Buffer.from(expected))) throw new ExportFault(where, "its line is not in canonical form");
}

/** @throws {Error} where it is no erasure as the ledger writes them. */
function readErasure(value: unknown): Erasure {
  const erasure = value as Erasure;
  if (!isJsonObject(value) || !isJsonObject(value.kept)) throw new Error("it does not say what was erased");
  if (!Number.isSafeInteger(erasure.index) || typeof erasure.leafHash !== "string") throw new Error("it names no leaf");
  const { trust, ...event } = erasure.kept;
  readLedgerEvent(event);
  if (!Array.isArray(trust)) throw new Error("it does not say what trust followed");
  return erasure;
}

function checkData(where: string, data: LedgerEntryData): void {
  faultAt(where, () => {
    const { salt, trust, erased, ...event } = data;
    if (typeof salt !== "string") throw new Error("it has no salt");
    if (trust !== undefined && !Array.isArray(trust)) throw new Error("its trust is not a list");
    if ((event.kind === "erase") !== (erased !== undefined)) throw new Error("an erasure is of kind erase");
    if (erased === undefined) readLedgerEvent(event);
    else readErasure(erased);
  });
}

function readEntry(bytes: Buffer, index: number): LedgerEntry {
  const where = `entry ${index}`;
  const value = parseLine(bytes, where);
  if (!isJsonObject(value)) throw new ExportFault(where, "its line is not an object");
  if (value.index !== index) throw new ExportFault(where, `its line is that of entry ${String(value.index)}`);
  const { leaf, data } = value;
  if (typeof leaf !== "string" || !/^[0-9a-f]{64}$/.test(leaf)) throw new ExportFault(where, "it has no leaf hash");
  if (data !== null && !isJsonObject(data)) throw new ExportFault(where, "its data is not an object");
  const text = faultAt(where, () => (data === null ? null : canonicalJson(data)));
  if (text !== null && Buffer.byteLength(text) > MAX_ENTRY_BYTES) throw new ExportFault(where, "it is too long");
  const entry: LedgerEntry = { index, leafHash: leaf, data: data as LedgerEntryData | null, text };
  sameText(bytes, entryLine(entry), where);
  if (entry.data === null || text === null) return entry;
  if (leafHash(Buffer.from(text)).toString("hex") !== leaf) {
    throw new ExportFault(where, "its data is not what its leaf is the hash of");
  }
  checkData(where, entry.data);
  return entry;
}

/** The entries of an export, in order. */
export function* readEntries(root: string): Generator<LedgerEntry> {
  let index = 0;
  for (const line of readLines(root, ENTRIES)) yield readEntry(line, index++);
}

/** What entries say about erased ones, by the index of the erased entry. Lines that cannot be read are left for later. */
export function readErasures(root: string): Map<number, Erasure> {
  const erasures = new Map<number, Erasure>();
  let index = 0;
  for (const line of readLines(root, ENTRIES)) {
    if (line.includes(ERASE_MARK)) {
      try {
        const { data } = readEntry(line, index);
        if (data?.erased && data.erased.index < index) erasures.set(data.erased.index, data.erased);
      } catch {
        // The entry itself is checked, and named, when its turn comes.
      }
    }
    index++;
  }
  return erasures;
}

/** The checkpoints of an export, each signed by the key, each larger than the one before. */
export function readCheckpoints(root: string, verifier: NoteVerifier): LedgerCheckpoint[] {
  const checkpoints: LedgerCheckpoint[] = [];
  for (const line of readLines(root, "checkpoints.jsonl")) {
    const number = checkpoints.length;
    const where = `checkpoint ${number}`;
    const value = parseLine(line, where);
    if (!isJsonObject(value) || typeof value.note !== "string") throw new ExportFault(where, "its line has no note");
    if (value.number !== number) throw new ExportFault(where, `its line is that of checkpoint ${String(value.number)}`);
    const { note } = value;
    faultAt(where, () => sameText(line, checkpointLine(number, note), where));
    const checkpoint = faultAt(where, () => openCheckpoint(note, verifier));
    if (checkpoint.size <= (checkpoints.at(-1)?.size ?? 0)) {
      throw new ExportFault(where, "it is not larger than the one before it");
    }
    checkpoints.push(checkpoint);
  }
  return checkpoints;
}
