import type { RotatingFile } from "./rotating-file.js";
import type { Gap } from "./verdict-lines.js";

export interface SinkOptions {
  file: RotatingFile;
  clock: () => number;
  /** A line waits at most this long, milliseconds. */
  flushMs: number;
  /** Pause after a failure, milliseconds. */
  retryMs: number;
  /** Characters of a batch that is written without waiting. */
  batchLength: number;
  /** Characters that are written at once where several batches wait. */
  maxWrite: number;
  /** Characters that may wait for a disk that does not take them; what comes on top is lost, and counted. */
  maxWaiting: number;
  /** Line that admits lost lines once writing works again. */
  gapLine?: (gap: Gap) => string;
  onFailure: (error: Error) => void;
  onRecovery: () => void;
}

interface Batch {
  text: string;
  lines: number;
}

/** Collects lines and writes them in batches, one at a time, as often as it takes. Never throws, never blocks. */
export class LineSink {
  #open: Batch = { text: "", lines: 0 };
  #queue: Batch[] = [];
  #waiting = 0;
  #gap: Gap | undefined;
  #lost = 0;
  #written = 0;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly options: SinkOptions) {}

  /** Lines that could not be kept. */
  get lost(): number {
    return this.#lost;
  }

  /** Lines handed to the file system. */
  get written(): number {
    return this.#written;
  }

  /** Opens the file; resolves when that is done or has failed. */
  async start(): Promise<void> {
    this.#queue.push({ text: "", lines: 0 });
    await this.flush();
  }

  /** @param line with its line end. */
  write(line: string): void {
    if (this.#waiting + line.length > this.options.maxWaiting) {
      this.#lose(1);
      return;
    }
    this.#open.text += line;
    this.#open.lines++;
    this.#waiting += line.length;
    if (this.#open.text.length >= this.options.batchLength) {
      this.#seal();
      if (!this.#retryTimer) this.#pump();
    } else if (!this.#timer && !this.#retryTimer) {
      this.#timer = setTimeout(() => this.flush(), this.options.flushMs);
      this.#timer.unref();
    }
  }

  /** Writes what waits; resolves when that is done or has failed. */
  async flush(): Promise<void> {
    this.#seal();
    this.#pump();
    await this.#running;
  }

  /** Writes what waits, in one attempt, and closes the file. Lines that could not be written count as lost. */
  async close(): Promise<void> {
    await this.#running;
    await this.flush();
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    const left = this.#queue.reduce((sum, { lines }) => sum + lines, 0);
    this.#queue = [];
    this.#waiting = 0;
    if (left > 0) this.#lose(left);
    await this.options.file.close(true).catch((error: Error) => this.options.onFailure(error));
  }

  #lose(lines: number): void {
    const now = this.options.clock();
    this.#lost += lines;
    this.#gap = { lost: (this.#gap?.lost ?? 0) + lines, from: this.#gap?.from ?? now, to: now };
  }

  #seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#open.lines === 0) return;
    this.#queue.push(this.#open);
    this.#open = { text: "", lines: 0 };
  }

  #pump(): void {
    if (this.#running) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      // What was sealed after the last look at the queue.
      if (this.#queue.length > 0 && !this.#retryTimer) this.#pump();
    });
  }

  /** The first batch, with as many behind it as may be written at once; it stays in the queue. */
  #next(): Batch | undefined {
    const [first, ...rest] = this.#queue;
    if (!first) return undefined;
    for (const batch of rest) {
      if (first.text.length + batch.text.length > this.options.maxWrite) break;
      first.text += batch.text;
      first.lines += batch.lines;
      this.#queue.splice(1, 1);
    }
    return first;
  }

  async #drain(): Promise<void> {
    for (let batch = this.#next(); batch; batch = this.#next()) {
      try {
        await this.options.file.append(Buffer.from(batch.text));
      } catch (error) {
        this.#failed(error as Error);
        return;
      }
      this.#queue.shift();
      this.#waiting -= batch.text.length;
      this.#written += batch.lines;
      this.#recovered();
    }
  }

  #failed(error: Error): void {
    this.#failing = true;
    this.options.onFailure(error);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.flush();
    }, this.options.retryMs);
    this.#retryTimer.unref();
  }

  #recovered(): void {
    // The lost lines came after everything that waited.
    if (this.#gap && this.#queue.length === 0) {
      const text = this.options.gapLine?.(this.#gap) ?? "";
      this.#gap = undefined;
      if (text !== "") {
        this.#queue.push({ text, lines: 0 });
        this.#waiting += text.length;
      }
    }
    if (this.#failing) {
      this.#failing = false;
      this.options.onRecovery();
    }
  }
}
