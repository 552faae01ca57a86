import { Rejection } from "../../common/rejection.js";
import { MAX_DURATION_SEC } from "../session.js";

const UNITS: readonly { pattern: string; seconds: number }[] = [
  { pattern: "d|days?", seconds: 86_400 },
  { pattern: "h|hrs?|hours?", seconds: 3600 },
  { pattern: "m|mins?|minutes?", seconds: 60 },
  { pattern: "s|secs?|seconds?", seconds: 1 },
];
/** `1 days 2 hrs 5 min 3 sec`: any of the parts may be missing, none may come twice or out of order. */
const PARTS = new RegExp(
  `^${UNITS.map(({ pattern }) => `(?:(\\d{1,9})\\s*(?:${pattern})\\.?)?`).join("[\\s,]*")}$`,
  "i",
);
const CLOCK = /^(\d{1,5}):([0-5]\d):([0-5]\d)$/;
const STILL_OPEN = /^(|-|n\/?a|open|ongoing|unknown)$/i;

/**
 * Reads how long a session took: `1 days 2 hrs 5 min 3 sec` with any part missing, singular or plural, `2:05:03`, or
 * plain seconds. Nothing is added for a missing part: a day that is not named is no day.
 *
 * @returns seconds, or `"open"` for a session whose end the log does not know (empty, `-`, `N/A`).
 * @throws {Rejection} FORMAT, or RANGE above a year.
 */
export function parseDuration(text: string): number | "open" {
  const trimmed = text.trim();
  if (trimmed.length > 64) throw new Rejection("FORMAT", "the session duration cannot be read");
  if (STILL_OPEN.test(trimmed)) return "open";
  const seconds = secondsOf(trimmed);
  if (seconds === undefined) throw new Rejection("FORMAT", "the session duration cannot be read");
  if (seconds > MAX_DURATION_SEC) throw new Rejection("RANGE", "the session duration is above a year");
  return seconds;
}

function secondsOf(text: string): number | undefined {
  // Some exports have parts of seconds; sessions are kept in whole ones.
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Math.floor(Number(text));
  const clock = CLOCK.exec(text);
  if (clock) return Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  const parts = PARTS.exec(text);
  if (!parts) return undefined;
  return UNITS.reduce((sum, { seconds }, i) => sum + Number(parts[i + 1] ?? 0) * seconds, 0);
}

/** `1 days 2 hrs 5 min 3 sec` as the first system's controller writes it: without the leading parts that are 0. */
export function formatDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), "days"],
    [Math.floor(seconds / 3600) % 24, "hrs"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "sec"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  const shown = parts.slice(first < 0 ? -1 : first);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(" ");
}
