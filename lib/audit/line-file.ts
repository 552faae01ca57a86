import { type FileHandle, open, stat } from "node:fs/promises";

export type OpenFile = (path: string, flags: string, mode: number) => Promise<FileHandle>;

const SEARCH_STEP = 65_536;
const NEWLINE = 10;

/** Length of the file up to and with its last newline. */
async function wholeLines(handle: FileHandle, size: number): Promise<number> {
  const block = Buffer.alloc(SEARCH_STEP);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - SEARCH_STEP);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    const newline = block.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

/** A file that holds whole lines only: a batch of them is appended entirely or not at all. */
export class LineFile {
  #size: number;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly inode: number,
    size: number,
    /** Last change before this opening, milliseconds since the Unix epoch. */
    readonly changedAt: number,
    /** Bytes of an unfinished last line that a crash had left. */
    readonly cutBytes: number,
  ) {
    this.#size = size;
  }

  /** Opens or creates a file (mode 0600), and cuts an unfinished last line off. */
  static async open(path: string, openFile: OpenFile = open): Promise<LineFile> {
    const handle = await openFile(path, "a+", 0o600);
    try {
      await handle.chmod(0o600);
      const { size, ino, mtimeMs } = await handle.stat();
      const whole = await wholeLines(handle, size);
      if (whole < size) await handle.truncate(whole);
      return new LineFile(path, handle, ino, whole, mtimeMs, size - whole);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** The file's first bytes. */
  async head(length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  }

  /** Whether the path still leads to this file, and nobody moved, deleted or cut it. */
  async isInPlace(): Promise<boolean> {
    try {
      const { ino, size } = await stat(this.path);
      return ino === this.inode && size === this.#size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  /**
   * Appends whole lines.
   *
   * @throws {Error} of the file system; what was written of them is cut off again, as far as that is still possible.
   */
  async append(lines: Buffer): Promise<void> {
    try {
      for (let written = 0; written < lines.length; ) {
        const { bytesWritten } = await this.handle.write(lines, written, lines.length - written);
        written += bytesWritten;
      }
    } catch (error) {
      await this.handle.truncate(this.#size).catch(() => {});
      throw error;
    }
    this.#size += lines.length;
  }

  /** @param durable also waits until the disk has it. */
  async close(durable = false): Promise<void> {
    try {
      if (durable) await this.handle.datasync();
    } finally {
      await this.handle.close();
    }
  }
}
