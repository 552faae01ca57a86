import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { ensurePrivateFolder, writeFileAtomic } from "../common/files.js";

const ID = /^[0-9a-f]{16}$/;

/** Makes created, renamed and deleted names of a folder reach the disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * The name of what a folder holds, 16 hex digits, made with the folder. Record numbers are unique together with it:
 * a folder that was wiped begins at 1 again, but under another name.
 *
 * @throws {Error} of the file system.
 */
export function folderId(folder: string): string {
  ensurePrivateFolder(folder);
  const path = join(folder, "id");
  try {
    const known = readFileSync(path, "utf8").trim();
    if (ID.test(known)) return known;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const id = randomBytes(8).toString("hex");
  writeFileAtomic(path, `${id}\n`);
  return id;
}
