import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ensurePrivateFolder } from "../../common/files.js";
import type { Ledger } from "../ledger.js";
import { TILE_WIDTH } from "../merkle/tile.js";
import type { LedgerSnapshot } from "../state.js";
import { anchorsText, bundled, checkpointLine, entryLine, trustLine } from "./lines.js";
import { type ManifestFile, signManifest } from "./manifest.js";
import { tilePath, tilesOf } from "./tile-path.js";

/** What was exported. */
export interface ExportSummary {
  size: number;
  checkpoints: number;
  files: number;
}

/** Rows read from the database at once. */
const PAGE = 1024;

/** Writes the files of an export and remembers their hashes. */
class ExportFolder {
  readonly files: ManifestFile[] = [];

  constructor(private readonly root: string) {}

  write(path: string, parts: Iterable<string | Uint8Array>): void {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true, mode: 0o700 });
    const sha256 = createHash("sha256");
    const file = openSync(full, "wx", 0o600);
    try {
      for (const part of parts) {
        const bytes = typeof part === "string" ? Buffer.from(part) : part;
        sha256.update(bytes);
        for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.files.push({ path, sha256: sha256.digest("hex") });
  }
}

function* entryLines(snapshot: LedgerSnapshot, progress: (done: number) => void): Generator<string> {
  for (let from = 0; from < snapshot.size; from += PAGE) {
    yield snapshot
      .rows(from, Math.min(from + PAGE, snapshot.size))
      .map(entryLine)
      .join("");
    progress(from);
  }
}

function* checkpointLines({ checkpoints }: LedgerSnapshot, count: { checkpoints: number }): Generator<string> {
  for (;;) {
    const from = count.checkpoints;
    const notes = checkpoints(from, PAGE);
    if (notes.length === 0) return;
    count.checkpoints += notes.length;
    yield notes.map((note, i) => checkpointLine(from + i, note)).join("");
  }
}

function writeParts(folder: ExportFolder, snapshot: LedgerSnapshot, progress: (done: number) => void): ExportSummary {
  const { signer, size, checkpoint, trust, anchors } = snapshot;
  const count = { checkpoints: 0 };
  folder.write("vkey", [`${signer.vkey}\n`]);
  folder.write("checkpoint", [checkpoint.note]);
  folder.write("checkpoints.jsonl", checkpointLines(snapshot, count));
  folder.write("entries.jsonl", entryLines(snapshot, progress));
  folder.write("trust.jsonl", trust.map(trustLine));
  if (anchors.length > 0) folder.write("anchors.json", [anchorsText(anchors)]);
  for (const { level, n, width } of tilesOf(size)) {
    folder.write(tilePath(level, n, width), [snapshot.tile(level, n)]);
    if (level > 0) continue;
    const rows = snapshot.rows(n * TILE_WIDTH, n * TILE_WIDTH + width);
    folder.write(tilePath("entries", n, width), rows.map(bundled));
  }
  const files = [...folder.files].sort((a, b) => (a.path < b.path ? -1 : 1));
  folder.write("manifest", [signManifest({ size, files }, signer)]);
  return { size, checkpoints: count.checkpoints, files: folder.files.length };
}

/**
 * Writes a ledger as files that can be checked without it: `entries.jsonl`, `checkpoints.jsonl`, `trust.jsonl`,
 * `anchors.json` where there are any, the tiles and bundles of C2SP tlog-tiles, the last `checkpoint`, the `vkey`, and a
 * signed `manifest` of them all. The folder appears when it is complete.
 *
 * @param target a folder that does not exist, or is empty.
 * @throws {Error} where the folder is in use, or an entry is damaged on disk.
 */
export function writeExport(
  ledger: Ledger,
  target: string,
  progress: (done: number) => void = () => {},
): ExportSummary {
  if (existsSync(target) && readdirSync(target).length > 0) throw new Error(`${target} exists and is not empty`);
  ensurePrivateFolder(dirname(target));
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    mkdirSync(temporary, { mode: 0o700 });
    const summary = ledger.snapshot((snapshot) => writeParts(new ExportFolder(temporary), snapshot, progress));
    renameSync(temporary, target);
    return summary;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}
