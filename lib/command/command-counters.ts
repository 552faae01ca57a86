import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { withFileLock } from "../common/file-lock.js";
import { writeFileAtomic } from "../common/files.js";
import { isIdentifier } from "../common/identifier.js";
import { parseJsonObject } from "../common/json.js";

/** Numbers reserved by one write; a restart leaves a gap of up to as many. */
const STEP = 64;
const MAX_FILE = { maxBytes: 16_777_216, maxDepth: 4 };
const BOOT_ID_BYTES = 8;

/** @throws {Error} that names the file: with other numbers a device would take an old command for a new one. */
function readReserved(path: string): Map<string, number> {
  if (!existsSync(path)) return new Map();
  const damaged = () => new Error(`${path} is damaged; restore it from the backup, commands need their counters`);
  let reserved: unknown;
  try {
    const { version, reserved: given } = parseJsonObject(readFileSync(path), MAX_FILE);
    if (version !== 1) throw damaged();
    reserved = given;
  } catch {
    throw damaged();
  }
  if (typeof reserved !== "object" || reserved === null || Array.isArray(reserved)) throw damaged();
  const entries = Object.entries(reserved as Record<string, unknown>);
  if (!entries.every(([id, end]) => isIdentifier(id) && Number.isSafeInteger(end) && (end as number) > 0)) {
    throw damaged();
  }
  return new Map(entries as [string, number][]);
}

/**
 * Message counters of what is sent to devices, per device and never one twice: the end of a block of numbers is on the
 * disk before the first of them is used (RFC 8613 appendix B.1.1), so that a crash skips numbers and repeats none. Blocks
 * are reserved under a lock: processes that share the file get different ones.
 */
export class CommandCounters {
  /** Random, of this start: even with a file from a backup no number is used twice under one boot id. */
  readonly bootId = randomBytes(BOOT_ID_BYTES);
  private readonly blocks = new Map<string, { next: number; end: number }>();

  /** @throws {Error} for a damaged file. */
  constructor(private readonly path: string) {
    readReserved(path);
  }

  /**
   * The next number of a device, from 1 on.
   *
   * @throws {Error} where it cannot be reserved: then nothing may be sent.
   */
  next(device: string): number {
    if (!isIdentifier(device)) throw new TypeError("the device's name is not an identifier");
    let block = this.blocks.get(device);
    if (!block || block.next >= block.end) {
      block = this.reserve(device, block?.end ?? 1);
      this.blocks.set(device, block);
    }
    return block.next++;
  }

  private reserve(device: string, from: number): { next: number; end: number } {
    return withFileLock(this.path, () => {
      const reserved = readReserved(this.path);
      const next = Math.max(from, reserved.get(device) ?? 1);
      const end = next + STEP;
      reserved.set(device, end);
      const document = { version: 1, reserved: Object.fromEntries([...reserved].sort(([a], [b]) => (a < b ? -1 : 1))) };
      writeFileAtomic(this.path, `${JSON.stringify(document)}\n`);
      return { next, end };
    });
  }
}
