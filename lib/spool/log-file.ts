import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** A file of a log. */
export interface LogFile {
  /** Puts bytes at a position. @returns once they are on the disk. @throws {Error} of the file system. */
  commit(bytes: Buffer, position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

const { O_WRONLY, O_CREAT, O_EXCL, O_DSYNC } = constants;

/**
 * Linux flushes what is written to a file that was opened so before the write returns, as `fdatasync` after it would
 * (open(2)): one call instead of two, and a turn of the event loop less. Windows lacks it, and macOS does not go as far
 * as to the disk.
 */
const FLUSHES_ITSELF = process.platform === "linux" ? O_DSYNC : 0;

/** Makes a file that must not exist yet, private to its owner. @throws {Error} of the file system. */
export async function openLogFile(path: string): Promise<LogFile> {
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | FLUSHES_ITSELF, 0o600);
  return {
    async commit(bytes, position) {
      for (let written = 0; written < bytes.length; ) {
        written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
      }
      if (FLUSHES_ITSELF === 0) await file.datasync();
    },
    truncate: (length) => file.truncate(length),
    close: () => file.close(),
  };
}
