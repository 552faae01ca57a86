import { readFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { ensurePrivateFolder } from "../common/files.js";
import { syncFolder } from "./folder.js";

const FORM = /^(\d{1,16}) ([0-9a-f]{8})\n$/;

function line(position: number): string {
  return `${position} ${crc32(String(position)).toString(16).padStart(8, "0")}\n`;
}

function parse(text: string): number | undefined {
  const position = Number(FORM.exec(text)?.[1]);
  return Number.isSafeInteger(position) && text === line(position) ? position : undefined;
}

/**
 * A position in a log that survives a crash: written beside, fsynced, renamed over, the folder fsynced.
 * Saving is asynchronous; what is asked for while a save runs is saved next, and only the newest.
 */
export class Cursor {
  private saving: Promise<void> | undefined;
  private wanted: number;
  private saved: number;

  private constructor(
    private readonly path: string,
    position: number,
    /** The file could not be read; the position is where the caller said. */
    readonly wasDamaged: boolean,
  ) {
    this.wanted = position;
    this.saved = wasDamaged ? Number.NaN : position;
  }

  /**
   * @param fallback position where there is no file, or a damaged one; must not be beyond what is done.
   * @throws {Error} of the file system.
   */
  static load(path: string, fallback: number): Cursor {
    ensurePrivateFolder(dirname(path));
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Cursor(path, fallback, false);
      throw error;
    }
    const position = parse(text);
    return new Cursor(path, position ?? fallback, position === undefined);
  }

  /** As last asked for. */
  get position(): number {
    return this.wanted;
  }

  /** @returns when this position, or a later one, is on the disk. @throws {Error} of the file system. */
  async save(position: number): Promise<void> {
    this.wanted = position;
    while (this.saved !== this.wanted) {
      this.saving ??= this.write(this.wanted).finally(() => {
        this.saving = undefined;
      });
      await this.saving;
    }
  }

  private async write(position: number): Promise<void> {
    const temporary = `${this.path}.tmp`;
    try {
      const file = await open(temporary, "w", 0o600);
      try {
        await file.writeFile(line(position));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
      await syncFolder(dirname(this.path));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
    this.saved = position;
  }
}
