import { Rejection } from "../../common/rejection.js";
import type { LocalTime, WallTime } from "./local-time.js";

export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
export const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** `Thu Oct 15 09:30:00 UTC 2015`, as `date` prints it; the zone may be missing. */
const CTIME =
  /^([A-Z][a-z]{2}) ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2})(?: ([A-Z]{1,5}|[+-]\d{4}))? (\d{4})$/;
/** `2015-10-15 09:30:00`, also with T, parts of a second and a zone. */
const ISO = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:[.,]\d{1,9})? ?(Z|[A-Z]{2,5}|[+-]\d{2}:?\d{2})?$/;

export function monthOf(name: string): number {
  const month = MONTHS.indexOf(name as (typeof MONTHS)[number]) + 1;
  if (month === 0) throw new Rejection("FORMAT", "the time is not on any calendar");
  return month;
}

function wallOf([year, month, day, hour, minute, second]: readonly (string | number | undefined)[]): WallTime {
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
  };
}

/**
 * Reads an association time; one without a zone is local.
 *
 * @returns Unix seconds; parts of a second are cut.
 * @throws {Rejection} FORMAT.
 */
export function parseWallTime(text: string, local: LocalTime): number {
  const iso = ISO.exec(text);
  if (iso) return local.toUnix(wallOf(iso.slice(1, 7)), iso[7]);
  const match = CTIME.exec(text);
  if (!match) throw new Rejection("FORMAT", "the association time cannot be read");
  const [, weekday, month, day, hour, minute, second, zone, year] = match;
  const wall = wallOf([year, monthOf(month as string), day, hour, minute, second]);
  const time = local.toUnix(wall, zone);
  if (WEEKDAYS[new Date(Date.UTC(wall.year, wall.month - 1, wall.day)).getUTCDay()] !== weekday) {
    throw new Rejection("FORMAT", "the association time names the wrong weekday");
  }
  return time;
}
