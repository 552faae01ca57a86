import type { SecurityVerdict } from "../common/security.js";
import type { OpenFile } from "./line-file.js";
import { LineSink } from "./line-sink.js";
import { RotatingFile } from "./rotating-file.js";
import { SegmentNames } from "./segments.js";
import { CSV_HEADER, csvLine, gapLine, jsonLine } from "./verdict-lines.js";

export type AuditFormat = "jsonl" | "csv";

export const AUDIT_FORMATS: readonly AuditFormat[] = ["jsonl", "csv"];

export interface AuditOptions {
  folder: string;
  /** Name of the files, see `lib/common/identifier`. */
  name: string;
  formats?: readonly AuditFormat[];
  /** Bytes of one file; 16 MiB by default. */
  maxBytes?: number;
  /** Files kept of each format, the current one included; 20 by default. */
  maxFiles?: number;
  /** Milliseconds since the Unix epoch. */
  clock?: () => number;
  /** A verdict waits at most this long in memory, milliseconds; 250 by default. */
  flushMs?: number;
  /** Pause after a failure, milliseconds; 1000 by default. */
  retryMs?: number;
  /** Characters that may wait for a disk that takes nothing; 4 Mi for each format by default. */
  maxWaiting?: number;
  openFile?: OpenFile;
  /** Called for each failed attempt. */
  onFailure?: (error: Error) => void;
  /** Called when all formats can be written again. */
  onRecovery?: () => void;
}

const MIB = 1_048_576;
export const DEFAULT_AUDIT_BYTES = 16 * MIB;
export const DEFAULT_AUDIT_FILES = 20;
const BATCH_LENGTH = 65_536;
const MAX_WRITE = MIB;

/**
 * Writes verdicts to `<folder>/<name>.jsonl` and `<name>.csv`, readable while written.
 *
 * A batch of whole lines is one write. A disk that fails loses nothing until `maxWaiting` is full; from there on lines
 * are counted as lost, and the JSONL file says so where they are missing.
 */
export class AuditTrail {
  readonly #sinks: { sink: LineSink; file: RotatingFile; line: (verdict: SecurityVerdict) => string }[];

  constructor(options: AuditOptions) {
    const { folder, name, formats = AUDIT_FORMATS, clock = Date.now, openFile } = options;
    const failing = new Set<AuditFormat>();
    this.#sinks = formats.map((format) => {
      const file = new RotatingFile({
        names: new SegmentNames(folder, name, format),
        ...(format === "csv" ? { header: CSV_HEADER } : {}),
        maxBytes: options.maxBytes ?? DEFAULT_AUDIT_BYTES,
        maxFiles: options.maxFiles ?? DEFAULT_AUDIT_FILES,
        clock,
        ...(openFile ? { openFile } : {}),
      });
      const sink = new LineSink({
        file,
        clock,
        flushMs: options.flushMs ?? 250,
        retryMs: options.retryMs ?? 1000,
        batchLength: BATCH_LENGTH,
        maxWrite: Math.min(MAX_WRITE, (options.maxBytes ?? DEFAULT_AUDIT_BYTES) / 2),
        maxWaiting: options.maxWaiting ?? 4 * MIB,
        ...(format === "jsonl" ? { gapLine } : {}),
        onFailure(error) {
          failing.add(format);
          options.onFailure?.(error);
        },
        onRecovery() {
          failing.delete(format);
          if (failing.size === 0) options.onRecovery?.();
        },
      });
      return { sink, file, line: format === "csv" ? csvLine : jsonLine };
    });
  }

  /** Repairs or creates the files, so that a disk that takes nothing is known before the first verdict. */
  async start(): Promise<void> {
    await Promise.all(this.#sinks.map(({ sink }) => sink.start()));
  }

  write(verdict: SecurityVerdict): void {
    for (const { sink, line } of this.#sinks) sink.write(line(verdict));
  }

  /** Lines that could not be kept, of all formats. */
  get lost(): number {
    return this.#sinks.reduce((sum, { sink }) => sum + sink.lost, 0);
  }

  /** Lines handed to the file system, of all formats. */
  get written(): number {
    return this.#sinks.reduce((sum, { sink }) => sum + sink.written, 0);
  }

  /** Bytes of unfinished lines of a crash that were cut off. */
  get cutBytes(): number {
    return this.#sinks.reduce((sum, { file }) => sum + file.cutBytes, 0);
  }

  /** Writes what waits; resolves when that is done or has failed. */
  async flush(): Promise<void> {
    await Promise.all(this.#sinks.map(({ sink }) => sink.flush()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map(({ sink }) => sink.close()));
  }
}
