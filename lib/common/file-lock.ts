import { randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ensurePrivateFolder } from "./files.js";

/** Whoever holds a lock is done within moments; many who take it one after the other may need longer. */
const PATIENCE_MS = 15_000;
/** Older than this a lock was left behind, whoever has its process number now. */
const ABANDONED_MS = 60_000;
const SHORTEST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 25;

/** Locks that this process holds. */
const held = new Set<string>();
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The text of a lock, another one each time that it is taken; undefined for one that nobody holds. */
function holderOf(lock: string): string | undefined {
  try {
    return readFileSync(lock, "utf8");
  } catch {
    return undefined;
  }
}

/** The text of a lock that was left behind; undefined where it is held, or gone. */
function abandoned(lock: string): string | undefined {
  try {
    const text = readFileSync(lock, "utf8");
    const age = Date.now() - statSync(lock).mtimeMs;
    const pid = Number(text.split(" ")[0]);
    // Whoever has made the file is about to write its number into it.
    if (text === "" && age < ABANDONED_MS) return undefined;
    if (age <= ABANDONED_MS && pid > 0 && isRunning(pid)) return undefined;
    // A process that let go of it and ended since it was read has left nothing behind.
    return holderOf(lock) === text ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Takes an abandoned lock away, and no other one: somebody else may have done so a moment ago. */
function clear(lock: string, text: string): void {
  const aside = `${lock}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    renameSync(lock, aside);
    if (readFileSync(aside, "utf8") === text) rmSync(aside);
    else renameSync(aside, lock);
  } catch {
    // It is gone.
  }
}

function take(lock: string): boolean {
  try {
    const file = openSync(lock, "wx", 0o600);
    try {
      writeSync(file, `${process.pid} ${randomBytes(8).toString("hex")}\n`);
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

/**
 * Does what reads a file, changes it and writes it again, while no other process does so: a lock file `<path>.lock` is
 * held meanwhile. A lock whose process is gone is taken over. Blocks this process while it waits; within `work` the same
 * lock may be taken again.
 *
 * @param work must be done when it returns.
 * @throws {Error} that names the lock, when one process holds it for a quarter of a minute; of the file system; of `work`.
 */
export function withFileLock<T>(path: string, work: () => T): T {
  const lock = `${resolve(path)}.lock`;
  if (held.has(lock)) return work();
  ensurePrivateFolder(dirname(lock));
  let holder: string | undefined;
  let deadline = 0;
  for (let wait = SHORTEST_WAIT_MS; !take(lock); wait = Math.min(LONGEST_WAIT_MS, 2 * wait)) {
    const text = abandoned(lock);
    const now = holderOf(lock);
    if (now !== holder || deadline === 0) deadline = performance.now() + PATIENCE_MS;
    holder = now;
    if (text !== undefined) clear(lock, text);
    else if (performance.now() > deadline)
      throw new Error(`${lock} is held by another process; if none runs, remove it`);
    else Atomics.wait(sleeper, 0, 0, wait);
  }
  held.add(lock);
  try {
    return work();
  } finally {
    held.delete(lock);
    rmSync(lock, { force: true });
  }
}
