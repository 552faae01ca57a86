import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { ensurePrivateFolder, writeFileAtomic } from "../common/files.js";

export interface DeadLetter {
  /** When it was given up, milliseconds since the Unix epoch. */
  at: number;
  batchId: string;
  size: number;
  /** Why; nothing of what the server said but its status. */
  error: string;
  /** The body that was refused, byte for byte. */
  body: Buffer;
}

const DEFAULT_MAX_BYTES = 64 * 1_048_576;
const NAME = /^\d{13}-[0-9a-z-]+\.json$/;

/**
 * Batches that the server refuses, one file each: a line about why, then the body as it was sent. Beyond the cap the
 * oldest files go, counted.
 */
export class DeadLetters {
  private readonly files: { path: string; bytes: number }[] = [];
  private bytes = 0;
  private deleted = 0;

  /** @throws {Error} of the file system. */
  constructor(
    private readonly folder: string,
    private readonly maxBytes = DEFAULT_MAX_BYTES,
  ) {
    ensurePrivateFolder(folder);
    for (const name of readdirSync(folder)
      .filter((entry) => NAME.test(entry))
      .sort()) {
      const path = join(folder, name);
      this.note(path, statSync(path).size);
    }
  }

  /** Batches that are kept. */
  get count(): number {
    return this.files.length;
  }

  /** Batches that had to go for others, since the start. */
  get dropped(): number {
    return this.deleted;
  }

  /** @returns once it is on the disk. @throws {Error} of the file system. */
  add({ at, batchId, size, error, body }: DeadLetter): void {
    const why = `${JSON.stringify({ at: new Date(at).toISOString(), batch_id: batchId, batch_size: size, error })}\n`;
    const name = `${String(at).padStart(13, "0")}-${batchId.toLowerCase().replaceAll(/[^0-9a-z]+/g, "-")}.json`;
    const path = join(this.folder, name);
    const bytes = Buffer.concat([Buffer.from(why), body, Buffer.from("\n")]);
    writeFileAtomic(path, bytes);
    this.note(path, bytes.length);
    while (this.bytes > this.maxBytes && this.files.length > 1) {
      const oldest = this.files.shift() as { path: string; bytes: number };
      this.bytes -= oldest.bytes;
      this.deleted++;
      rmSync(oldest.path, { force: true });
    }
  }

  private note(path: string, bytes: number): void {
    this.files.push({ path, bytes });
    this.bytes += bytes;
  }
}
