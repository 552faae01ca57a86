import type { AnchorRecord } from "../common/ledger-receipt.js";
import type { LedgerEntryData } from "./entry.js";
import type { StoredEntry } from "./entry-row.js";
import type { Ledger } from "./ledger.js";

/** One entry, as short as a line. */
export interface LogLine {
  index: number;
  /** Gateway clock, milliseconds since the Unix epoch; null where the data cannot be read. */
  at: number | null;
  kind: string | null;
  /** Names in it, at most 5, and how many there are. */
  devices: string[];
  deviceCount: number;
  /** 64 hex digits. */
  leafHash: string;
  /** Of a batch, 64 hex digits. */
  batchHash: string | null;
  /** `damaged`: the data on disk is not what the leaf is the hash of. */
  state: "kept" | "erased" | "damaged";
  /** The first transaction that covers the entry. */
  anchor: { transaction: string; chainId: number } | null;
}

/** What a page shows of a log, of bounded size. */
export interface LogView {
  /** Gateway clock, milliseconds since the Unix epoch. */
  at: number;
  origin: string;
  /** Public key that the checkpoints are signed with. */
  vkey: string;
  checkpoint: { size: number; rootHash: string; note: string };
  /** The anchor that covers most entries. */
  anchored: AnchorRecord | null;
  /** Newest first, at most {@link LINES}. */
  entries: LogLine[];
}

export const LINES = 50;
const MAX_DEVICES = 5;
const MAX_ANCHORS = 200;

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value.slice(0, 64) : undefined;
}

/** Every device that an entry is about. */
function devicesOf({ evidence = [], operator, trust = [], erased, detail }: LedgerEntryData): string[] {
  const named = [...evidence, ...trust, ...(operator ? [operator] : []), ...(erased?.kept.evidence ?? [])];
  // An incident calls it source, for it need not be a device.
  const told = [detail?.device, detail?.device_id, detail?.source].map(textOf).filter((name) => name !== undefined);
  return [...new Set([...named.map(({ device }) => device), ...told])];
}

function dataOf({ text, isDamaged }: StoredEntry): LedgerEntryData | undefined {
  return text === null || isDamaged ? undefined : (JSON.parse(text) as LedgerEntryData);
}

function lineOf(stored: StoredEntry, anchors: readonly AnchorRecord[]): LogLine {
  const data = dataOf(stored);
  const devices = data ? devicesOf(data) : [];
  const anchor = anchors.find(({ size }) => size > stored.index);
  return {
    index: stored.index,
    at: data?.at ?? null,
    kind: data?.kind ?? null,
    devices: devices.slice(0, MAX_DEVICES),
    deviceCount: devices.length,
    leafHash: stored.leafHash,
    batchHash: textOf(data?.detail?.batch_hash) ?? null,
    state: stored.isDamaged ? "damaged" : stored.text === null ? "erased" : "kept",
    anchor: anchor ? { transaction: anchor.transaction, chainId: anchor.chainId } : null,
  };
}

/**
 * @param at gateway clock, milliseconds since the Unix epoch.
 * @throws {Error} where the ledger cannot be read; entries that are damaged are shown as such.
 */
export function logView(ledger: Ledger, at: number): LogView {
  const { checkpoint } = ledger;
  const { size } = checkpoint;
  const stored = ledger.stored(Math.max(0, size - LINES), size);
  const oldest = stored[0]?.index ?? 0;
  const anchors = ledger.anchorsFrom(oldest + 1, MAX_ANCHORS);
  return {
    at,
    origin: ledger.origin,
    vkey: ledger.vkey,
    checkpoint: { size, rootHash: checkpoint.rootHash, note: checkpoint.note },
    anchored: ledger.lastAnchor ?? null,
    entries: stored.map((entry) => lineOf(entry, anchors)).reverse(),
  };
}
