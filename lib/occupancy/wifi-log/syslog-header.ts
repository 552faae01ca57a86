import { Rejection } from "../../common/rejection.js";
import type { LocalTime } from "./local-time.js";
import { monthOf, parseWallTime } from "./wall-time.js";

/** What the header of a syslog line says. */
export interface SyslogLine {
  /** Unix seconds; missing where the header has the nil value. */
  time?: number;
  /** Missing where the header has the nil value. */
  host?: string;
  /** The message with structured data in front of it, unread. */
  message: string;
}

const PRIORITY = /^<(\d{1,3})>/;
const RFC5424 = /^1 (\S{1,64}) (\S{1,255}) ([\s\S]*)$/;
const RFC3164 = /^([A-Z][a-z]{2}) ( \d|\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\S{1,255}) ([\s\S]*)$/;
const DAY_SEC = 86_400;

/** Some controllers put Unix seconds, with parts, where RFC 5424 wants ISO 8601. */
function headerTime(text: string, local: LocalTime): number | undefined {
  if (text === "-") return undefined;
  if (/^\d{9,10}(\.\d{1,9})?$/.test(text)) return Math.floor(Number(text));
  return parseWallTime(text, local);
}

/** RFC 3164 has no year: the one that brings the time nearest to `now`, so that a log may run over New Year. */
function yearless(match: RegExpExecArray, local: LocalTime, now: number): number {
  const [, name, day, hour, minute, second] = match;
  const month = monthOf(name as string);
  const thisYear = new Date(now * 1000).getUTCFullYear();
  const times: number[] = [];
  for (const year of [thisYear - 1, thisYear, thisYear + 1]) {
    // 29 February is in one of them at most, and in none where the line is wrong.
    if (new Date(Date.UTC(year, month - 1, Number(day))).getUTCMonth() !== month - 1) continue;
    const wall = { year, month, day: Number(day), hour: Number(hour), minute: Number(minute), second: Number(second) };
    times.push(local.toUnix(wall));
  }
  if (times.length === 0) throw new Rejection("FORMAT", "the time is not on any calendar");
  const nearest = times.reduce((best, time) => (Math.abs(time - now) < Math.abs(best - now) ? time : best));
  // A log is of the past: half a year ahead is the year before.
  return nearest > now + 30 * DAY_SEC && times.some((time) => time <= now)
    ? Math.max(...times.filter((time) => time <= now))
    : nearest;
}

/**
 * Reads the header of a line as RFC 5424 or RFC 3164 has it; the priority may be missing, as in files.
 *
 * @param now Unix seconds; decides the year where the line has none.
 * @throws {Rejection} FORMAT.
 */
export function parseSyslogLine(text: string, local: LocalTime, now: number): SyslogLine {
  const priority = PRIORITY.exec(text);
  if (priority && Number(priority[1]) > 191) throw new Rejection("FORMAT", "the syslog priority is above 191");
  const rest = text.slice(priority?.[0].length ?? 0).replace(/\r?\n?$/, "");
  const modern = RFC5424.exec(rest);
  if (modern) {
    const [, stamp, host, message] = modern as unknown as [string, string, string, string];
    const time = headerTime(stamp, local);
    return { ...(time === undefined ? {} : { time }), ...(host === "-" ? {} : { host }), message };
  }
  const old = RFC3164.exec(rest);
  if (!old) throw new Rejection("FORMAT", "the line has neither an RFC 5424 nor an RFC 3164 header");
  return { time: yearless(old, local, now), host: old[6] as string, message: old[7] as string };
}
