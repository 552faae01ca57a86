import { isJsonObject } from "../common/json.js";
import { type Alert, isAlert } from "./alert.js";

/** An alert that waits for its delivery. */
export interface QueueEntry {
  /** Grows by one with each alert. */
  sequence: number;
  /** Milliseconds since the Unix epoch. */
  queuedAt: number;
  alert: Alert;
}

export interface QueueContents {
  entries: QueueEntry[];
  nextSequence: number;
  /** Lines that could be read. */
  lines: number;
  /** Lines that could not be read, besides a last one that was cut off. */
  damaged: number;
}

export function entryLine({ sequence, queuedAt, alert }: QueueEntry): string {
  return JSON.stringify({ sequence, queuedAt, alert });
}

export function goneLine(sequence: number): string {
  return JSON.stringify({ gone: sequence });
}

type Line = QueueEntry | { gone: number };

function parseLine(text: string): Line | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const isCount = (field: unknown): field is number => Number.isSafeInteger(field) && (field as number) >= 0;
  const { gone, sequence, queuedAt, alert } = value;
  if (isCount(gone)) return { gone };
  return isCount(sequence) && isCount(queuedAt) && isAlert(alert) ? { sequence, queuedAt, alert } : undefined;
}

/**
 * Reads a queue's file: lines that add an alert and lines that say that one is gone.
 *
 * A last line without its line feed was being written when the process died: nobody was told that it was kept, so it
 * counts for nothing. It is used if it is whole.
 */
export function readQueueLines(text: string): QueueContents {
  const entries = new Map<number, QueueEntry>();
  let nextSequence = 1;
  let lines = 0;
  let damaged = 0;
  const all = text.split("\n");
  all.forEach((content, index) => {
    if (content === "") return;
    const line = parseLine(content);
    if (!line) {
      if (index < all.length - 1) damaged++;
      return;
    }
    lines++;
    if ("gone" in line) {
      entries.delete(line.gone);
      return;
    }
    entries.set(line.sequence, line);
    nextSequence = Math.max(nextSequence, line.sequence + 1);
  });
  return { entries: [...entries.values()], nextSequence, lines, damaged };
}
