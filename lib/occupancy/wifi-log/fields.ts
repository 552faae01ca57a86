import { Rejection } from "../../common/rejection.js";
import { checkSession, type Session } from "../session.js";
import { parseDuration } from "./duration.js";
import type { LocalTime } from "./local-time.js";
import { parseWallTime } from "./wall-time.js";

/** The columns of a session log, in their order; a 15th may number the records. */
export const LOG_COLUMNS = [
  "Client IP Address",
  "Client MAC Address",
  "Association Time",
  "Vendor",
  "AP Name",
  "Device Name",
  "Map Location",
  "SSID",
  "Profile",
  "VLAN ID",
  "Protocol",
  "Session Duration",
  "Policy Type",
  "Avg. Session Throughput (Kbps)",
] as const;

const COLUMN = { mac: 1, time: 2, ap: 4, duration: 11 } as const;
/** Longest line, bytes. */
export const MAX_LINE_BYTES = 4096;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws {Rejection} SIZE, FORMAT for bytes that are no UTF-8. */
export function lineText(line: string | Buffer): string {
  if ((typeof line === "string" ? Buffer.byteLength(line) : line.length) > MAX_LINE_BYTES) {
    throw new Rejection("SIZE", `a line of a log has at most ${MAX_LINE_BYTES} bytes`);
  }
  if (typeof line === "string") return line;
  try {
    return utf8.decode(line);
  } catch {
    throw new Rejection("FORMAT", "the line is not UTF-8");
  }
}

/** Cells of a comma-separated line (RFC 4180); the controller's export has commas where its stream has tabs. */
function commaCells(line: string): string[] {
  if (!line.includes('"')) return line.split(",");
  const cells: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/gy;
  for (;;) {
    const match = pattern.exec(line);
    if (!match) throw new Rejection("FORMAT", "the line has unbalanced quotes");
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === "") return cells;
  }
}

function cellsOf(text: string): string[] {
  const line = text.replace(/\r?\n?$/, "");
  const cells = line.includes("\t") ? line.split("\t") : commaCells(line);
  const hasRecordId = cells.length === LOG_COLUMNS.length + 1 && /^\d+$/.test(cells[LOG_COLUMNS.length] as string);
  if (cells.length !== LOG_COLUMNS.length && !hasRecordId) {
    throw new Rejection("FORMAT", `the line has ${cells.length} fields, not ${LOG_COLUMNS.length}`);
  }
  return cells.map((cell) => cell.trim());
}

/** Whether a line is the table's head: its MAC column says so, whatever the others are called. */
export function isLogHeader(text: string): boolean {
  return /^"?Client IP Address"?\s*[\t,]\s*"?Client MAC Address"?\s*[\t,]/i.test(text.replace(/^\ufeff/, ""));
}

/**
 * One session of a log with 14 fields, separated by tabs, or by commas as in the controller's export.
 *
 * Only the MAC address, the access point, the association time and the duration are read; everything else about the
 * person (address, device name, throughput) goes no further. Times are local unless they name a zone.
 *
 * @throws {Rejection} SIZE, FORMAT or RANGE.
 */
export function parseLogLine(line: string | Buffer, local: LocalTime): Session {
  const cells = cellsOf(lineText(line));
  const cell = (column: keyof typeof COLUMN) => cells[COLUMN[column]] as string;
  return checkSession({
    mac: cell("mac"),
    ap: cell("ap"),
    start: parseWallTime(cell("time"), local),
    duration: parseDuration(cell("duration")),
  });
}
