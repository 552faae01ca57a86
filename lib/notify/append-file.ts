import { closeSync, fchmodSync, fstatSync, fsyncSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { ensurePrivateFolder } from "../common/files.js";

/** A file of lines that only grows, for its owner's eyes only (0600). */
export class AppendFile {
  private readonly descriptor: number;
  /** The last write may have ended within a line. */
  private isTorn = false;

  constructor(path: string) {
    ensurePrivateFolder(dirname(path));
    this.descriptor = openSync(path, "a", 0o600);
    fchmodSync(this.descriptor, 0o600);
  }

  get size(): number {
    return fstatSync(this.descriptor).size;
  }

  /**
   * @param lines each without its line feed; all of them reach the file in one go.
   * @param durable whether they are on the disk, not only in the system's memory, when this returns.
   * @throws {Error} of the file system; what was written of the lines is then a broken line that readers skip.
   */
  append(lines: readonly string[], durable: boolean): void {
    const bytes = Buffer.from(`${this.isTorn ? "\n" : ""}${lines.join("\n")}\n`);
    this.isTorn = true;
    let written = 0;
    while (written < bytes.length) written += writeSync(this.descriptor, bytes, written);
    this.isTorn = false;
    if (durable) fsyncSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
