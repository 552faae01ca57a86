import { rename } from "node:fs/promises";
import { ensurePrivateFolder } from "../common/files.js";
import { LineFile, type OpenFile } from "./line-file.js";
import { dayOf, type SegmentNames } from "./segments.js";

export interface RotationOptions {
  names: SegmentNames;
  /** First line of each file; none by default. */
  header?: string;
  /** A file that would exceed it is rotated away, bytes. */
  maxBytes: number;
  /** Files kept, the current one included; at least 1. */
  maxFiles: number;
  /** Milliseconds since the Unix epoch. */
  clock: () => number;
  openFile?: OpenFile;
}

/** The current file of a trail and those rotated away by size, by UTC day, or because their header is another one. */
export class RotatingFile {
  #file: LineFile | undefined;
  #day = "";
  #cutBytes = 0;
  readonly #header: Buffer;

  constructor(private readonly options: RotationOptions) {
    this.#header = Buffer.from(options.header ?? "");
  }

  /** Bytes of unfinished lines that were found and cut off. */
  get cutBytes(): number {
    return this.#cutBytes;
  }

  /**
   * Appends whole lines, after a rotation where one is due.
   *
   * @throws {Error} of the file system; nothing was appended then, and the next call starts from the file as it is.
   */
  async append(lines: Buffer): Promise<void> {
    try {
      if (this.#file && !(await this.#file.isInPlace())) await this.close();
      let file = this.#file ?? (await this.#open());
      if (this.#isDue(file, lines.length)) {
        await this.#rotate();
        file = await this.#open();
      }
      // A file without lines belongs to no day yet.
      if (file.size <= this.#header.length) this.#day = dayOf(this.options.clock());
      await file.append(file.size === 0 ? Buffer.concat([this.#header, lines]) : lines);
    } catch (error) {
      await this.close().catch(() => {});
      throw error;
    }
  }

  async close(durable = false): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close(durable);
  }

  #isDue(file: LineFile, more: number): boolean {
    if (file.size <= this.#header.length) return false;
    return file.size + more > this.options.maxBytes || this.#day !== dayOf(this.options.clock());
  }

  async #open(): Promise<LineFile> {
    const { names, openFile, clock } = this.options;
    ensurePrivateFolder(names.folder);
    for (;;) {
      const file = await LineFile.open(names.current, openFile);
      this.#file = file;
      this.#cutBytes += file.cutBytes;
      this.#day = dayOf(file.size === 0 ? clock() : file.changedAt);
      if (file.size === 0 || (await file.head(this.#header.length)).equals(this.#header)) return file;
      await this.#rotate();
    }
  }

  async #rotate(): Promise<void> {
    const { names, maxFiles } = this.options;
    await this.close(true);
    const last = (await names.list()).at(-1);
    await rename(names.current, names.path(this.#day, (last?.sequence ?? 0) + 1));
    await names.keepNewest(maxFiles - 1);
  }
}
