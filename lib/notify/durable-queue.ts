import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { writeFileAtomic } from "../common/files.js";
import type { Alert } from "./alert.js";
import { AppendFile } from "./append-file.js";
import { entryLine, goneLine, type QueueEntry, readQueueLines } from "./queue-lines.js";

/** Lines about alerts that are gone, beyond as many as there are alerts, at which the file is written anew. */
const SPARE_LINES = 256;

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/**
 * Alerts in the order in which they came, in memory and in a file: what {@link push} took over survives `kill -9` and
 * a power failure. Taking an alert out is not synced: after a power failure it may be delivered again, never lost.
 */
export class DurableQueue {
  private readonly entries = new Map<number, QueueEntry>();
  private nextSequence: number;
  private lines: number;
  private file: AppendFile;
  private droppedTotal = 0;
  /** Lines of the file that were unreadable at the start; the damaged file was kept as `<path>.damaged`. */
  readonly damaged: number;

  /**
   * @param path the file; made when needed, with its folder.
   * @param capacity most alerts, at least 2; beyond it the oldest are dropped and counted.
   * @throws {Error} of the file system.
   */
  constructor(
    private readonly path: string,
    private readonly capacity = 1000,
  ) {
    const text = readIfThere(path);
    const contents = readQueueLines(text);
    this.damaged = contents.damaged;
    if (this.damaged > 0) copyFileSync(path, `${path}.damaged`);
    for (const entry of contents.entries) this.entries.set(entry.sequence, entry);
    this.nextSequence = contents.nextSequence;
    this.lines = contents.lines;
    // A torn last line must not swallow the next one.
    const isClean = text === "" || (text.endsWith("\n") && this.lines === this.entries.size && this.damaged === 0);
    if (!isClean) this.rewrite();
    this.file = new AppendFile(path);
    this.dropOldest();
  }

  get size(): number {
    return this.entries.size;
  }

  /** Alerts that were dropped because the queue was full. */
  get dropped(): number {
    return this.droppedTotal;
  }

  /** The oldest alert. */
  get head(): QueueEntry | undefined {
    return this.entries.values().next().value;
  }

  /**
   * @param now milliseconds since the Unix epoch.
   * @throws {Error} of the file system; the alerts are then in memory only.
   */
  push(alerts: readonly Alert[], now: number): void {
    const added = alerts.map((alert) => ({ sequence: this.nextSequence++, queuedAt: now, alert }));
    for (const entry of added) this.entries.set(entry.sequence, entry);
    this.file.append(added.map(entryLine), true);
    this.lines += added.length;
    this.dropOldest();
  }

  /** @throws {Error} of the file system; a restart may then deliver the alert again. */
  remove(sequence: number): void {
    if (!this.entries.delete(sequence)) return;
    this.forget([sequence]);
  }

  has(sequence: number): boolean {
    return this.entries.has(sequence);
  }

  /** An empty queue leaves no file. */
  close(): void {
    this.file.close();
    if (this.size === 0) rmSync(this.path, { force: true });
  }

  private dropOldest(): void {
    const surplus = this.size - this.capacity;
    if (surplus <= 0) return;
    // The oldest may be on its way at this moment: those behind it go.
    const dropped = [...this.entries.keys()].slice(1, 1 + surplus);
    for (const sequence of dropped) this.entries.delete(sequence);
    this.droppedTotal += dropped.length;
    this.forget(dropped);
  }

  private forget(sequences: readonly number[]): void {
    this.file.append(sequences.map(goneLine), false);
    this.lines += sequences.length;
    if (this.lines <= 2 * this.size + SPARE_LINES) return;
    this.rewrite();
    this.file.close();
    this.file = new AppendFile(this.path);
  }

  private rewrite(): void {
    writeFileAtomic(this.path, [...this.entries.values()].map((entry) => `${entryLine(entry)}\n`).join(""));
    this.lines = this.size;
  }
}
