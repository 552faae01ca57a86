import { closeSync, existsSync, fdatasync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { writeFileAtomic } from "../common/files.js";
import type { LowestUnfinished } from "./admitted-records.js";
import type { AdmittedCounter, RecordMark, ReplayLine } from "./replay-line.js";
import { formatReplayLine, parseReplayLine } from "./replay-line.js";
import { ReplayWindows } from "./replay-windows.js";

const HEADER = "redoubt-replay 1";
/** Lines after which the file is written anew, unless that many are needed. */
const COMPACT_FROM = 20_000;
const SYNC_AFTER_MS = 200;

export interface ReplayFileOptions {
  lowestUnfinished?: LowestUnfinished;
  /** Lines after which the file is written anew; default 20,000. */
  compactFrom?: number;
}

/**
 * Replay windows that outlive the process: each admission is appended to a file before it counts. Once
 * {@link admit} has returned, `kill -9` cannot undo it; a power cut may undo those of the last 0.2 seconds, as the
 * disk is flushed that often and not for each message.
 *
 * The file is made by the first admission, private to its owner, and is written anew when most of it is old.
 */
export class ReplayFile {
  readonly #path: string;
  readonly #windows: ReplayWindows;
  readonly #compactFrom: number;
  #file: number | undefined;
  #lines = 0;
  /** A write failed half-way: the next line must not become part of its rest. */
  #isTorn = false;
  #timer: NodeJS.Timeout | undefined;
  #syncing: number | undefined;
  #damaged = 0;

  /** @throws {Error} of the file system, or for a file of another kind. */
  constructor(path: string, options: ReplayFileOptions = {}) {
    this.#path = path;
    this.#compactFrom = options.compactFrom ?? COMPACT_FROM;
    const { lowestUnfinished } = options;
    this.#windows = new ReplayWindows({
      write: (line) => this.#append(line),
      ...(lowestUnfinished && { lowestUnfinished }),
    });
    this.#load();
  }

  /** Lines within the file that could not be read; one that a crash cut off at its end is none. */
  get damaged(): number {
    return this.#damaged;
  }

  /** See {@link ReplayWindows.admit}. @throws {Rejection}; {Error} of the file system: then the message is not admitted. */
  admit(sender: AdmittedCounter, record?: RecordMark): void {
    this.#windows.admit(sender, record);
  }

  /** Flushes and closes the file; may be called twice, and a later admission opens it again. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#file === undefined) return;
    fdatasyncSync(this.#file);
    this.#release(this.#file);
  }

  #load(): void {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    const [header, ...lines] = text.split("\n");
    if (header !== HEADER) throw new Error(`${this.#path} does not hold replay windows`);
    const last = lines.pop();
    this.#isTorn = last !== "";
    for (const line of lines) {
      const parsed = parseReplayLine(line);
      if (parsed) this.#windows.apply(parsed);
      else if (line !== "") this.#damaged++;
    }
    this.#lines = lines.length;
  }

  #append(line: ReplayLine): void {
    if (this.#lines >= Math.max(this.#compactFrom, 2 * this.#windows.size)) this.#compact();
    this.#file ??= this.#open();
    const bytes = Buffer.from(`${this.#isTorn ? "\n" : ""}${formatReplayLine(line)}`);
    this.#isTorn = true;
    let written = 0;
    while (written < bytes.length) written += writeSync(this.#file, bytes, written);
    this.#isTorn = false;
    this.#lines++;
    this.#timer ??= setTimeout(() => this.#sync(), SYNC_AFTER_MS).unref();
  }

  #open(): number {
    if (!existsSync(this.#path)) writeFileAtomic(this.#path, `${HEADER}\n`);
    return openSync(this.#path, "a", 0o600);
  }

  #sync(): void {
    this.#timer = undefined;
    if (this.#file === undefined || this.#syncing !== undefined) return;
    const file = this.#file;
    this.#syncing = file;
    // A disk that cannot flush shows in the next write; what is lost by then is what a power cut would take.
    fdatasync(file, () => {
      this.#syncing = undefined;
      if (file !== this.#file) closeSync(file);
    });
  }

  /** Closes a file, at once or when the flush that is under way has ended. */
  #release(file: number): void {
    this.#file = undefined;
    if (this.#syncing !== file) closeSync(file);
  }

  #compact(): void {
    const lines = [...this.#windows.lines()].map(formatReplayLine);
    writeFileAtomic(this.#path, `${HEADER}\n${lines.join("")}`);
    this.#lines = lines.length;
    this.#isTorn = false;
    if (this.#file !== undefined) this.#release(this.#file);
  }
}
