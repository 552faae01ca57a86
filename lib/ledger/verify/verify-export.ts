import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LedgerCheckpoint } from "../../common/ledger-receipt.js";
import { openCheckpoint } from "../checkpoint.js";
import type { LedgerEntry } from "../entry.js";
import { anchorsText, trustLine } from "../export/lines.js";
import { tilesOf } from "../export/tile-path.js";
import { TILE_WIDTH } from "../merkle/tile.js";
import type { TileTree } from "../merkle/tile-tree.js";
import { type NoteVerifier, parseVkey } from "../note.js";
import { checkAnchors, checkBundle, checkManifest, checkTile } from "./check-files.js";
import { ExportFault, faultAt } from "./fault.js";
import { LogAuditor, type TrustAuditor } from "./log-auditor.js";
import { readBytes, readLines, readText } from "./read-files.js";
import { readCheckpoints, readEntries, readErasures } from "./read-lines.js";

export interface VerifyOptions {
  /** Works out trust again, see `lib/trust`. */
  trust: TrustAuditor;
  /** The log's key from a trusted place; without it the export vouches for itself. */
  vkey?: string;
  /** Anchors from a trusted place, such as a chain: a list of `{size, rootHash}`. */
  anchors?: unknown;
  progress?: (entries: number, of: number) => void;
}

/** What was found to be true of an export. */
export interface ExportReport {
  origin: string;
  vkey: string;
  /** Whether the key came from outside the export. */
  keyPinned: boolean;
  /** Root of all entries, 64 hex digits. */
  rootHash: string;
  entries: number;
  /** Entries whose data was erased; trust follows from what their erasures restate. */
  erased: number;
  checkpoints: number;
  devices: number;
  anchors: number;
  files: number;
}

const PROGRESS_EVERY = 1000;

function readVkey(root: string, given: string | undefined): NoteVerifier {
  const text = readText(root, "vkey");
  const verifier = faultAt("file vkey", () => parseVkey(text.replace(/\n$/, "")));
  if (given !== undefined && verifier.vkey !== given.trim()) {
    throw new ExportFault("file vkey", "the export is of another log, or signed by another key");
  }
  if (text !== `${verifier.vkey}\n`) throw new ExportFault("file vkey", "it is not in canonical form");
  return verifier;
}

function checkLast(root: string, checkpoints: readonly LedgerCheckpoint[], verifier: NoteVerifier): void {
  const note = readText(root, "checkpoint");
  const { size } = faultAt("file checkpoint", () => openCheckpoint(note, verifier));
  const last = checkpoints.at(-1);
  if (last ? last.note !== note : size !== 0) throw new ExportFault("file checkpoint", "it is not the last checkpoint");
}

/** Follows all entries; tiles and bundles are compared as they fill. */
function checkEntries(root: string, auditor: LogAuditor, signed: number, progress: VerifyOptions["progress"]): void {
  let bundle: LedgerEntry[] = [];
  for (const entry of readEntries(root)) {
    bundle.push(entry);
    for (const tile of auditor.next(entry)) checkTile(root, tile);
    if (bundle.length === TILE_WIDTH) {
      checkBundle(root, Math.floor(entry.index / TILE_WIDTH), bundle);
      bundle = [];
    }
    if (entry.index % PROGRESS_EVERY === 0) progress?.(entry.index, signed);
  }
  auditor.finish();
  const { tree } = auditor;
  for (const { level, n, width } of tilesOf(tree.size)) {
    if (width < TILE_WIDTH) checkTile(root, { level, n, bytes: tree.tileBytes(level, n) });
  }
  if (bundle.length > 0) checkBundle(root, Math.floor(tree.size / TILE_WIDTH), bundle);
}

function checkTrust(root: string, trust: TrustAuditor): number {
  const records = trust.all();
  let count = 0;
  for (const line of readLines(root, "trust.jsonl")) {
    const record = records[count++];
    if (!record) throw new ExportFault("file trust.jsonl", "it holds more devices than the log");
    if (!line.equals(Buffer.from(trustLine(record)))) {
      throw new ExportFault(`trust of ${record.device}`, "it is not what the log gives");
    }
  }
  const missing = records[count];
  if (missing) throw new ExportFault(`trust of ${missing.device}`, "it is missing");
  return count;
}

function checkExportedAnchors(root: string, tree: TileTree): number {
  if (!existsSync(join(root, "anchors.json"))) return 0;
  const text = readText(root, "anchors.json");
  const anchors = checkAnchors(
    faultAt("file anchors.json", () => JSON.parse(text)),
    tree,
  );
  faultAt("file anchors.json", () => {
    if (anchorsText(anchors) !== text) throw new Error("it is not in canonical form");
  });
  return anchors.length;
}

/**
 * Checks an export without the machine it came from: every signature, every leaf, the root and the consistency of all
 * checkpoints, the trust that follows from the entries, anchors, tiles, and that no file is missing, changed or added.
 *
 * @param root folder of the export.
 * @throws {ExportFault} that names the first thing that is wrong.
 */
export function verifyExport(root: string, options: VerifyOptions): ExportReport {
  const verifier = readVkey(root, options.vkey);
  const checkpoints = readCheckpoints(root, verifier);
  const auditor = new LogAuditor(checkpoints, readErasures(root), options.trust);
  checkEntries(root, auditor, checkpoints.at(-1)?.size ?? 0, options.progress);
  checkLast(root, checkpoints, verifier);
  const devices = checkTrust(root, options.trust);
  const { tree, erased } = auditor;
  let anchors = checkExportedAnchors(root, tree);
  if (options.anchors !== undefined) anchors += checkAnchors(options.anchors, tree).length;
  const text = readBytes(root, "manifest").toString();
  return {
    origin: verifier.name,
    vkey: verifier.vkey,
    keyPinned: options.vkey !== undefined,
    rootHash: tree.root().toString("hex"),
    entries: tree.size,
    erased,
    checkpoints: checkpoints.length,
    devices,
    anchors,
    files: checkManifest(root, verifier, tree.size, text),
  };
}
