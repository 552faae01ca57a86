import { Rejection } from "../../common/rejection.js";
import type { Session } from "../session.js";
import { EventSessions } from "./event-sessions.js";
import { type FeedItem, readFeed } from "./feed.js";
import { isLogHeader, lineText, MAX_LINE_BYTES, parseLogLine } from "./fields.js";
import { LocalTime } from "./local-time.js";
import { parseSyslog } from "./syslog.js";

export const LOG_FORMATS = ["auto", "fields", "syslog", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogReaderSettings {
  /** `auto` looks at every line. */
  format?: LogFormat;
  /** IANA zone of times that name none. */
  timeZone?: string;
  /** Unix seconds now; decides the year of syslog lines that have none. */
  now?: () => number;
}

const SYSLOG = /^(<\d{1,3}>|1 \S+ \S+ |[A-Z][a-z]{2} [ \d]\d? \d{2}:\d{2}:\d{2} )/;

/**
 * Makes sessions of the lines or messages of any known log. Order does not matter, and a session that comes twice is
 * for the store to leave out.
 */
export class LogReader {
  private readonly format: LogFormat;
  private readonly local: LocalTime;
  private readonly now: () => number;
  readonly events = new EventSessions();
  /** Lines about nothing: heads of tables, blank ones, syslog of something else. */
  ignored = 0;

  /** @throws {RangeError} for a zone that does not exist. */
  constructor(settings: LogReaderSettings = {}) {
    this.format = settings.format ?? "auto";
    this.local = new LocalTime(settings.timeZone || "UTC");
    this.now = settings.now ?? (() => Math.floor(Date.now() / 1000));
  }

  /**
   * Reads one line or message.
   *
   * @param input text, bytes, or parsed JSON.
   * @returns sessions to store; open ones come again when they have ended.
   * @throws {Rejection} SIZE, FORMAT, SCHEMA or RANGE.
   */
  read(input: unknown): Session[] {
    if (typeof input !== "string" && !Buffer.isBuffer(input)) {
      if (this.format === "auto" || this.format === "json") return this.fromFeed(readFeed(input));
      throw new Rejection("SCHEMA", "the log is neither text nor bytes");
    }
    const format = this.format === "auto" ? formatOf(input) : this.format;
    if (format === "json") return this.fromFeed(readFeed(input));
    const text = lineText(input);
    if (text.trim() === "" || isLogHeader(text)) return this.ignore();
    if (format === "fields") return [parseLogLine(text, this.local)];
    const event = parseSyslog(text, this.local, this.now());
    return event ? this.events.take(event) : this.ignore();
  }

  private fromFeed(items: readonly FeedItem[]): Session[] {
    return items.flatMap((item) => ("event" in item ? this.events.take(item.event) : [item.session]));
  }

  private ignore(): Session[] {
    this.ignored++;
    return [];
  }
}

function formatOf(input: string | Buffer): Exclude<LogFormat, "auto"> {
  const head = typeof input === "string" ? input.slice(0, MAX_LINE_BYTES) : input.toString("latin1", 0, 512);
  const first = head.trimStart()[0];
  if (first === "{" || first === "[") return "json";
  return SYSLOG.test(head) ? "syslog" : "fields";
}
