import { countDevices, type OpenLimit, overlaps, type Stay, staysOf } from "./answers.js";
import { epochOf } from "./cell.js";
import type { CellRecords } from "./cell-reader.js";
import type { Connection } from "./connection.js";
import type { AccessPoints } from "./directory.js";
import { noCounts, type ReadCounts } from "./lookup.js";
import { decodeSession, type SessionRecord } from "./record.js";
import { checkPeriod, parseMac } from "./session.js";
import { accessPointCover, deviceCover } from "./spread.js";

/** One stay of the device that was asked for; times in Unix seconds, not clipped to the question. */
export interface Interval {
  from: number;
  /** End; of an open session what is known so far. */
  to: number;
  ap: string;
  isOpen: boolean;
}

export interface PresenceAnswer {
  present: boolean;
  /** In order of their beginning. Pieces of one long stay are joined. */
  intervals: Interval[];
  counts: ReadCounts;
}

export interface CountAnswer {
  /** Distinct MACs. */
  count: number;
  /** How many access points were asked. */
  accessPoints: number;
  counts: ReadCounts;
}

function sessionsOf(cells: readonly CellRecords[]): SessionRecord[] {
  return cells.flatMap(({ records }) => records.flatMap((record) => decodeSession(record) ?? []));
}

/**
 * Whether a device was somewhere in [from, to).
 *
 * @throws {Rejection} FORMAT, RANGE; {StoreFailure} where the answer could be wrong or cannot be had.
 */
export async function presence(
  { reader, directory, book }: Connection,
  mac: string,
  from: number,
  to: number,
  limit: OpenLimit,
): Promise<PresenceAnswer> {
  const device = parseMac(mac);
  const period = checkPeriod(from, to);
  const { epochs } = await book.recent();
  const cells = deviceCover(device, period.from, period.to).filter((cell) => epochs[epochOf(cell)]);
  const counts = noCounts();
  // The cell's key holds the whole MAC, so every record in it is this device's.
  const records = sessionsOf(await reader.read(cells, counts));
  const stays = staysOf(records, limit).filter((stay) => overlaps(stay, period.from, period.to));
  const intervals: Interval[] = [];
  for (const { start, end, ap, isOpen } of joined(stays)) {
    const name = await directory.nameOf(Buffer.from(ap, "latin1"));
    intervals.push({ from: start, to: end, ap: name ?? "", isOpen });
  }
  return { present: intervals.length > 0, intervals, counts };
}

/** In order, pieces of one stay put together. */
function joined(stays: Stay[]): Stay[] {
  const result: Stay[] = [];
  for (const stay of stays.sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = result.findLast(({ ap }) => ap === stay.ap);
    if (last && last.end === stay.start && stay.end > stay.start) {
      last.end = stay.end;
      last.isOpen = stay.isOpen;
    } else {
      result.push({ ...stay });
    }
  }
  return result;
}

/**
 * How many devices were at some of the access points in [from, to).
 *
 * @throws {Rejection} RANGE; {StoreFailure} where the answer could be wrong or cannot be had.
 */
export async function count(
  { reader, directory, book }: Connection,
  accessPoints: AccessPoints,
  from: number,
  to: number,
  limit: OpenLimit,
): Promise<CountAnswer> {
  const period = checkPeriod(from, to);
  const names = await directory.select(accessPoints);
  const { epochs } = await book.recent();
  const cells = names
    .flatMap((name) => accessPointCover(Buffer.from(name), period.from, period.to))
    .filter((cell) => epochs[epochOf(cell)]);
  const counts = noCounts();
  const records = sessionsOf(await reader.read(cells, counts));
  return { count: countDevices(records, period.from, period.to, limit), accessPoints: names.length, counts };
}
