import { type Cell, cellLength, DAY, HOUR, SCOPE, type Scope } from "./cell.js";
import { apField, encodeSession, OPEN_DURATION } from "./record.js";
import type { NewRecord } from "./row-writer.js";
import { MAX_PIECE_SEC, parseMac, type Session } from "./session.js";

/** A record to be, and the time whose cells get it. */
export interface Entry {
  mac: Buffer;
  ap: string;
  start: number;
  /** Seconds, or `OPEN_DURATION`. */
  duration: number;
  /** The cells that touch [from, to) get the record. */
  from: number;
  to: number;
  /** The days before have it already. */
  daysFrom: number;
}

/**
 * The records of a checked session: one, or pieces of at most 31 days.
 *
 * @param until an open record was carried into the cells before this time; the final one must be there too.
 */
export function entriesOf(session: Session, until = 0): Entry[] {
  const mac = parseMac(session.mac);
  const { ap, start } = session;
  if (session.duration === "open") {
    return [{ mac, ap, start, duration: OPEN_DURATION, from: start, to: start + 1, daysFrom: start }];
  }
  const entries: Entry[] = [];
  const end = start + session.duration;
  for (let at = start; at === start || at < end; at += MAX_PIECE_SEC) {
    const duration = Math.min(MAX_PIECE_SEC, end - at);
    entries.push({ mac, ap, start: at, duration, from: at, to: Math.max(at + duration, at + 1), daysFrom: at });
  }
  const first = entries[0] as Entry;
  first.to = Math.max(first.to, until);
  return entries;
}

/** What an open session needs when new hours began: its record in the cells of [from, to), both full hours. */
export function carriedEntry(open: Session, from: number, to: number): Entry {
  const [entry] = entriesOf({ ...open, duration: "open" }) as [Entry];
  return { ...entry, from, to, daysFrom: Math.ceil(from / DAY) * DAY };
}

/** The slots of a scope that [from, to) touches. */
export function slots(scope: Scope, from: number, to: number): { first: number; last: number } {
  const length = cellLength(scope);
  return { first: Math.floor(from / length), last: Math.floor((to - 1) / length) };
}

/** One record for each cell: the access point's hours and days, the device's days. */
export function recordsOf(entry: Entry): NewRecord[] {
  const record = encodeSession(entry.mac, entry.start, entry.duration, apField(entry.ap));
  const ap = Buffer.from(entry.ap);
  const records: NewRecord[] = [];
  const add = (scope: Scope, id: Buffer, from: number) => {
    const { first, last } = slots(scope, from, entry.to);
    for (let slot = first; slot <= last; slot++) records.push({ cell: { scope, slot, id }, record });
  };
  add(SCOPE.apHour, ap, entry.from);
  if (entry.daysFrom >= entry.to) return records;
  add(SCOPE.apDay, ap, entry.daysFrom);
  add(SCOPE.macDay, entry.mac, entry.daysFrom);
  return records;
}

/** Days of a device in [from, to). */
export function deviceCover(mac: Buffer, from: number, to: number): Cell[] {
  const { first, last } = slots(SCOPE.macDay, from, to);
  return Array.from({ length: last - first + 1 }, (_, i) => ({ scope: SCOPE.macDay, slot: first + i, id: mac }));
}

/** Above this many hours of a day, the day's cell holds fewer records than the hours' together. */
const HOURS_WORTH_A_DAY = 14;

/** Cells of an access point that hold every session overlapping [from, to): days, and hours at the edges. */
export function accessPointCover(id: Buffer, from: number, to: number): Cell[] {
  const cells: Cell[] = [];
  for (let at = from; at < to; ) {
    const day = Math.floor(at / DAY);
    const end = Math.min(to, (day + 1) * DAY);
    const { first, last } = slots(SCOPE.apHour, at, end);
    if (last - first + 1 > HOURS_WORTH_A_DAY) cells.push({ scope: SCOPE.apDay, slot: day, id });
    else for (let slot = first; slot <= last; slot++) cells.push({ scope: SCOPE.apHour, slot, id });
    at = end;
  }
  return cells;
}

/** First second of the hour after a time. */
export function nextHour(time: number): number {
  return (Math.floor(time / HOUR) + 1) * HOUR;
}
