import { hash } from "node:crypto";
import { isJsonObject } from "../../common/json.js";
import type { AnchorRecord } from "../../common/ledger-receipt.js";
import type { LedgerEntry } from "../entry.js";
import { bundled } from "../export/lines.js";
import { openManifest } from "../export/manifest.js";
import { tilePath } from "../export/tile-path.js";
import { HASH_SIZE } from "../merkle/hash.js";
import { TILE_WIDTH } from "../merkle/tile.js";
import type { CompleteTile, TileTree } from "../merkle/tile-tree.js";
import type { NoteVerifier } from "../note.js";
import { ExportFault, faultAt } from "./fault.js";
import { listFiles, readBytes } from "./read-files.js";

/** Holds a tile of the export against the one that its entries give. */
export function checkTile(root: string, { level, n, bytes }: CompleteTile): void {
  const path = tilePath(level, n, bytes.length / HASH_SIZE);
  const found = readBytes(root, path);
  if (found.equals(bytes)) return;
  for (let at = 0; level === 0 && found.length === bytes.length && at < bytes.length; at += HASH_SIZE) {
    if (found.subarray(at, at + HASH_SIZE).equals(bytes.subarray(at, at + HASH_SIZE))) continue;
    throw new ExportFault(`entry ${n * TILE_WIDTH + at / HASH_SIZE}`, `its leaf is another one in ${path}`);
  }
  throw new ExportFault(`file ${path}`, "its hashes are not those of the entries");
}

/** Holds a bundle of the export against its entries. */
export function checkBundle(root: string, n: number, entries: readonly LedgerEntry[]): void {
  const path = tilePath("entries", n, entries.length);
  if (!readBytes(root, path).equals(Buffer.concat(entries.map(bundled)))) {
    throw new ExportFault(`file ${path}`, "it does not hold the entries");
  }
}

/** Holds anchors against the log: each root must be that of the entries it speaks of. */
export function checkAnchors(anchors: unknown, tree: TileTree): AnchorRecord[] {
  if (!Array.isArray(anchors)) throw new ExportFault("anchors", "they are not a list");
  return anchors.map((anchor: unknown) => {
    const size = isJsonObject(anchor) ? anchor.size : undefined;
    const where = `anchor of size ${String(size)}`;
    if (!isJsonObject(anchor) || typeof anchor.rootHash !== "string") throw new ExportFault(where, "it has no root");
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 1)
      throw new ExportFault(where, "it has no size");
    if (size > tree.size) throw new ExportFault(where, `the export has ${tree.size} entries only`);
    const root = faultAt(where, () => tree.root(size).toString("hex"));
    if (root !== anchor.rootHash.replace(/^0x/, "").toLowerCase()) {
      throw new ExportFault(where, "its root is not that of the entries");
    }
    return anchor as unknown as AnchorRecord;
  });
}

/** Every file is the one that was signed for, and there is no other. */
export function checkManifest(root: string, verifier: NoteVerifier, size: number, text: string): number {
  const manifest = faultAt("file manifest", () => openManifest(text, verifier));
  if (manifest.size !== size)
    throw new ExportFault("file manifest", `it is that of an export of ${manifest.size} entries`);
  const listed = new Set(manifest.files.map(({ path }) => path));
  for (const path of listFiles(root)) {
    if (path !== "manifest" && !listed.has(path))
      throw new ExportFault(`file ${path}`, "the manifest does not name it");
  }
  for (const { path, sha256 } of manifest.files) {
    if (hash("sha256", readBytes(root, path), "hex") !== sha256) {
      throw new ExportFault(`file ${path}`, "it is not the one that was signed for");
    }
  }
  return listed.size + 1;
}
