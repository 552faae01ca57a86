import { copyFile, open, readdir, readFile, rename, truncate } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "./folder.js";
import { FRAME_OVERHEAD, soundPrefix } from "./frame.js";

/** One file of a log. Its name holds the number of its first record. */
export interface Segment {
  path: string;
  first: number;
  /** Records in it. */
  count: number;
  /** Bytes of them. */
  bytes: number;
  /** Records that can be read, where the file was damaged after the opening. */
  readable?: number;
}

/** The number behind the last record that can be read. */
export function readableEnd({ first, count, readable }: Segment): number {
  return first + Math.min(count, readable ?? count);
}

/** What opening a log found. */
export interface Recovery {
  /** Records that can be read. */
  records: number;
  /** Bytes that were no sound record and were cut off; a crash leaves some, and so does a damaged disk. */
  damagedBytes: number;
  /** Records that are certainly gone: others with a higher number are still there. */
  lostRecords: number;
}

const NAME = /^(\d{16})(\.cut)?\.seg$/;
/** The last segment that was cut, as it was found. */
const DAMAGED = "damaged.seg.kept";

export function segmentPath(folder: string, first: number): string {
  return join(folder, `${String(first).padStart(16, "0")}.seg`);
}

/** Highest number that `bytes` could have held records for: none is shorter than its frame. */
function possibleRecords(bytes: number): number {
  return Math.ceil(bytes / FRAME_OVERHEAD);
}

interface Found {
  path: string;
  first: number;
  wasCut: boolean;
}

async function listed(folder: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const name of await readdir(folder)) {
    const match = NAME.exec(name);
    if (match) found.push({ path: join(folder, name), first: Number(match[1]), wasCut: match[2] !== undefined });
  }
  return found.sort((a, b) => a.first - b.first);
}

async function cut(folder: string, { path, first, wasCut }: Found, end: number): Promise<string> {
  await copyFile(path, join(folder, DAMAGED));
  await truncate(path, end);
  const file = await open(path, "r+");
  await file.datasync();
  await file.close();
  // The name says that what is missing behind it has been counted.
  const renamed = segmentPath(folder, first).replace(/seg$/, "cut.seg");
  if (!wasCut) await rename(path, renamed);
  return renamed;
}

/**
 * Reads all segments of a folder and cuts each one back to the records that are sound from its beginning on.
 *
 * @returns them, oldest first, and the next number, which no record ever had.
 * @throws {Error} of the file system.
 */
export async function recoverSegments(
  folder: string,
): Promise<{ segments: Segment[]; next: number; recovery: Recovery }> {
  const segments: Segment[] = [];
  const recovery: Recovery = { records: 0, damagedBytes: 0, lostRecords: 0 };
  const found = await listed(folder);
  let next = 1;
  let changed = false;
  for (const [index, file] of found.entries()) {
    const bytes = await readFile(file.path);
    const sound = soundPrefix(bytes);
    const follower = found[index + 1]?.first;
    // A failed flush may have left records here that were not acknowledged and whose numbers were given anew.
    const count = follower === undefined ? sound.count : Math.min(sound.count, Math.max(0, follower - file.first));
    const damaged = bytes.length - sound.end;
    const missing = follower === undefined || file.wasCut ? 0 : Math.max(0, follower - file.first - count);
    next = Math.max(next, file.first + count);
    let { path } = file;
    if (damaged > 0 || missing > 0) {
      path = await cut(folder, file, sound.end);
      changed = true;
    }
    if (damaged > 0 && follower === undefined) next += possibleRecords(damaged);
    recovery.damagedBytes += damaged;
    recovery.lostRecords += missing;
    recovery.records += count;
    segments.push({ path, first: file.first, count, bytes: sound.end });
  }
  if (changed) await syncFolder(folder);
  return { segments, next, recovery };
}
