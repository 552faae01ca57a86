import { open } from "node:fs/promises";
import { frameAt } from "./frame.js";
import { readableEnd, type Segment } from "./segments.js";

export interface LogRecord {
  number: number;
  payload: Buffer;
}

export interface ReadLimits {
  /** Most records. */
  records: number;
  /** Payload bytes that are not exceeded, except by a single record. */
  bytes: number;
}

interface Place {
  segment: Segment;
  number: number;
  offset: number;
}

/** Reads a log's records in order, and remembers where the last reading ended, since the next one begins there. */
export class SegmentReader {
  private last: Place | undefined;
  private lostTotal = 0;

  /** @param segments the log's own list, oldest first, which changes while this reads. */
  constructor(private readonly segments: readonly Segment[]) {}

  /** Records of a file that were no longer readable. */
  get lost(): number {
    return this.lostTotal;
  }

  async read(from: number, limits: ReadLimits): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    let bytes = 0;
    for (const segment of [...this.segments]) {
      if (readableEnd(segment) <= from) continue;
      const found = await this.readSegment(segment, Math.max(from, segment.first), {
        records: limits.records - records.length,
        bytes: limits.bytes - bytes,
      });
      for (const record of found) {
        if (records.length > 0 && bytes + record.payload.length > limits.bytes) return records;
        records.push(record);
        bytes += record.payload.length;
      }
      if (records.length >= limits.records || bytes >= limits.bytes) break;
    }
    return records;
  }

  private async readSegment(segment: Segment, from: number, limits: ReadLimits): Promise<LogRecord[]> {
    const end = readableEnd(segment);
    const known = this.last;
    const place: Place =
      known?.segment === segment && known.number <= from ? { ...known } : { segment, number: segment.first, offset: 0 };
    const bytes = await contents(segment, place.offset);
    if (!bytes) return [];
    const base = place.offset;
    const records: LogRecord[] = [];
    let size = 0;
    while (place.number < end && records.length < limits.records) {
      const frame = frameAt(bytes, place.offset - base);
      if (!frame) {
        this.lostTotal += end - place.number;
        segment.readable = place.number - segment.first;
        break;
      }
      if (place.number >= from) {
        size += frame.payload.length;
        if (records.length > 0 && size > limits.bytes) break;
        records.push({ number: place.number, payload: frame.payload });
      }
      place.number++;
      place.offset = base + frame.end;
    }
    this.last = place;
    return records;
  }
}

/** What is committed of a segment from an offset on; undefined where it was deleted meanwhile. */
async function contents(segment: Segment, offset: number): Promise<Buffer | undefined> {
  const length = Math.max(0, segment.bytes - offset);
  try {
    const file = await open(segment.path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
