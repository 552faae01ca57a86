import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** A file that was rotated away. Its name never changes again, so that a reader cannot meet it twice. */
export interface Segment {
  path: string;
  /** Counts up over all days. */
  sequence: number;
}

const SEQUENCE_DIGITS = 6;

/** UTC day of a time in milliseconds, as YYYY-MM-DD. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Name and place of one kind of file of a trail. */
export class SegmentNames {
  readonly current: string;
  readonly #pattern: RegExp;

  /** @param name matches `lib/common/identifier`. */
  constructor(
    readonly folder: string,
    readonly name: string,
    readonly extension: string,
  ) {
    this.current = join(folder, `${name}.${extension}`);
    const literal = name.replaceAll(".", "\\.");
    this.#pattern = new RegExp(`^${literal}-\\d{4}-\\d{2}-\\d{2}-(\\d{${SEQUENCE_DIGITS},15})\\.${extension}$`);
  }

  path(day: string, sequence: number): string {
    const number = String(sequence).padStart(SEQUENCE_DIGITS, "0");
    return join(this.folder, `${this.name}-${day}-${number}.${this.extension}`);
  }

  /** Oldest first. */
  async list(): Promise<Segment[]> {
    const segments: Segment[] = [];
    for (const entry of await readdir(this.folder)) {
      const sequence = this.#pattern.exec(entry)?.[1];
      if (sequence !== undefined) segments.push({ path: join(this.folder, entry), sequence: Number(sequence) });
    }
    return segments.sort((a, b) => a.sequence - b.sequence);
  }

  /** Deletes the oldest segments. */
  async keepNewest(count: number): Promise<void> {
    const segments = await this.list();
    for (const { path } of segments.slice(0, Math.max(0, segments.length - count))) await rm(path, { force: true });
  }
}
