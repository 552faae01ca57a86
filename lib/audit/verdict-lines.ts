import type { SecurityVerdict } from "../common/security.js";
import { floatCell, integerCell, textCell } from "./csv-cells.js";

/** The columns of the seed's collector, then those that Redoubt adds. */
export const CSV_COLUMNS = [
  "timestamp",
  "client_id",
  "topic",
  "payload_size",
  "temp",
  "humidity",
  "message_rate",
  "status",
  "attack_type",
  "severity",
  "authenticated",
  "score",
  "rejection",
  "reported_rate",
  "digest",
  "id",
  "origin",
  "reasons",
] as const;

/** First line of a CSV file. */
export const CSV_HEADER = `${CSV_COLUMNS.join(",")}\r\n`;

/**
 * One row. The seed's columns have its units and notation (whole Unix seconds, bytes, floats with a point), but a value
 * that is not known is empty where the seed wrote 0.0, and `message_rate` is measured.
 */
export function csvLine(verdict: SecurityVerdict): string {
  const cells = [
    integerCell(Math.floor(verdict.at / 1000)),
    textCell(verdict.source),
    textCell(verdict.topic),
    integerCell(verdict.size),
    floatCell(verdict.temperature),
    floatCell(verdict.humidity),
    integerCell(verdict.rate),
    verdict.status,
    verdict.attackType ?? "",
    verdict.severity,
    String(verdict.authenticated),
    floatCell(verdict.score),
    verdict.rejection ?? "",
    floatCell(verdict.reportedRate),
    textCell(verdict.digest),
    textCell(verdict.id),
    verdict.origin,
    textCell(verdict.reasons.map(({ text }) => text).join(" | ")),
  ];
  return `${cells.join(",")}\r\n`;
}

/** One line with every field of the verdict. */
export function jsonLine(verdict: SecurityVerdict): string {
  return `${JSON.stringify(verdict)}\n`;
}

/** A stretch of time for which verdicts are missing, since they could not be written. */
export interface Gap {
  lost: number;
  /** When the first and the last of them should have been written, milliseconds since the Unix epoch. */
  from: number;
  to: number;
}

/** The line of a JSONL trail that admits a gap. */
export function gapLine(gap: Gap): string {
  return `${JSON.stringify({ gap })}\n`;
}
