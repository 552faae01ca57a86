import { isJsonObject, type JsonLimits, type JsonObject, parseJson } from "../../common/json.js";
import { Rejection } from "../../common/rejection.js";
import { parseTimestamp } from "../../common/timestamp.js";
import { checkAp, checkSession, formatMac, MAX_DURATION_SEC, parseMac, type Session } from "../session.js";
import { parseDuration } from "./duration.js";
import { kindOf, type WifiEvent } from "./event.js";

const LIMITS: JsonLimits = { maxBytes: 1 << 20, maxDepth: 4 };
/** Most items in one message. */
export const MAX_FEED_ITEMS = 10_000;

/** What a feed brings: a session, or a device that comes or leaves. */
export type FeedItem = { session: Session } | { event: WifiEvent };

function secondsOf(value: unknown, what: string): number {
  try {
    return Math.floor(parseTimestamp(value) / 1000);
  } catch (error) {
    if (error instanceof Rejection) throw new Rejection(error.code, error.reason.replace(/^timestamp/, what));
    throw error;
  }
}

function durationOf(item: JsonObject, start: number): unknown {
  const { duration, end } = item;
  if (typeof duration === "string") return parseDuration(duration);
  if (typeof duration === "number") return Math.floor(duration);
  if (duration !== undefined && duration !== null) throw new Rejection("SCHEMA", "the duration is no number or text");
  if (end === undefined || end === null) return "open";
  const length = secondsOf(end, "end") - start;
  if (length < 0) throw new Rejection("RANGE", "the session ends before it starts");
  return length;
}

function eventOf(item: JsonObject): WifiEvent {
  const kind = typeof item.event === "string" && item.event.length <= 32 ? kindOf(item.event) : undefined;
  if (!kind) throw new Rejection("SCHEMA", "the event is neither join nor leave");
  const event: WifiEvent = {
    kind,
    mac: formatMac(parseMac(item.mac)),
    ap: checkAp(item.ap),
    time: secondsOf(item.time, "time"),
  };
  const { duration } = item;
  if (kind === "join" || duration === undefined || duration === null) return event;
  if (typeof duration !== "number" || duration < 0 || duration > MAX_DURATION_SEC) {
    throw new Rejection("RANGE", "the duration of an event must be seconds, at most a year");
  }
  return { ...event, duration: Math.floor(duration) };
}

function itemOf(item: unknown): FeedItem {
  if (!isJsonObject(item)) throw new Rejection("SCHEMA", "an item of the feed is not an object");
  if (item.event !== undefined) return { event: eventOf(item) };
  const start = secondsOf(item.start, "start");
  return { session: checkSession({ mac: item.mac, ap: item.ap, start, duration: durationOf(item, start) }) };
}

/**
 * Reads what an HTTP or MQTT feed sends: `{mac, ap, start, duration}` or `{mac, ap, start, end}` (a session; without
 * duration and end an open one) or `{event: "join" | "leave", mac, ap, time, duration?}`, one or an array of them.
 * Times are Unix time in seconds or milliseconds, or ISO 8601 (without a zone: UTC). All or nothing.
 *
 * @param input JSON as bytes or text, or what was parsed from it.
 * @throws {Rejection} SIZE, FORMAT, SCHEMA or RANGE.
 */
export function readFeed(input: unknown): FeedItem[] {
  const value = typeof input === "string" || Buffer.isBuffer(input) ? parseJson(input, LIMITS) : input;
  if (!Array.isArray(value)) return [itemOf(value)];
  if (value.length > MAX_FEED_ITEMS) throw new Rejection("SIZE", `more than ${MAX_FEED_ITEMS} items in one message`);
  return value.map(itemOf);
}
