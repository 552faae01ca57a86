import { canonicalJson } from "../../common/canonical-json.js";
import type { AnchorRecord } from "../../common/ledger-receipt.js";
import type { TrustRecord } from "../../common/trust.js";
import type { LedgerEntry } from "../entry.js";

/** Bytes of a bundled entry's length (C2SP tlog-tiles). */
const LENGTH_SIZE = 2;

/** A line of `entries.jsonl`. Every line has one spelling only, so that each changed byte is seen. */
export function entryLine({ index, leafHash, text }: Omit<LedgerEntry, "data">): string {
  return `{"data":${text},"index":${index},"leaf":"${leafHash}"}\n`;
}

/** A line of `checkpoints.jsonl`. */
export function checkpointLine(number: number, note: string): string {
  return `${canonicalJson({ number, note })}\n`;
}

/** A line of `trust.jsonl`. */
export function trustLine(record: TrustRecord): string {
  return `${canonicalJson(record)}\n`;
}

/** The text of `anchors.json`. */
export function anchorsText(anchors: readonly AnchorRecord[]): string {
  return `[${anchors.map((anchor) => `\n  ${canonicalJson(anchor)}`).join(",")}\n]\n`;
}

/** One entry of a bundle: its length and its text. An erased entry has none left; its leaf is in the tile. */
export function bundled({ text }: LedgerEntry): Buffer {
  const bytes = Buffer.from(text ?? "");
  const length = Buffer.alloc(LENGTH_SIZE);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
