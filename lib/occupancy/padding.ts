import { type Cell, DAY, epochOf, SCOPE } from "./cell.js";
import type { CellRecords } from "./cell-reader.js";
import type { Connection } from "./connection.js";
import { StoreFailure } from "./failure.js";
import { decodeSession, dummyRecord } from "./record.js";

/** How the cells of an hour or day that ended are filled up: to a power of two, or to a multiple of N for `fixed:N`. */
export type Padding = "none" | "pow2" | `fixed:${number}`;

const MAX_FIXED = 4096;
/** Access points at once. */
const AT_ONCE = 50;
/** Sessions that come a little late still go into an open cell. */
const GRACE_SEC = 900;
/** Without a beginning: what may have ended while nobody ran. */
const LOOK_BACK_SEC = 26 * 3600;

/** @throws {StoreFailure} SETTINGS for anything but `none`, `pow2`, `fixed:1` … `fixed:4096`. */
export function checkPadding(padding: Padding | undefined): void {
  if (padding === undefined || padding === "none" || padding === "pow2") return;
  const size = Number(/^fixed:([1-9]\d{0,3})$/.exec(padding)?.[1]);
  if (!(size <= MAX_FIXED)) {
    throw new StoreFailure("SETTINGS", `padding must be none, pow2 or fixed:1 to fixed:${MAX_FIXED}`);
  }
}

/** How many rows a cell of `count` rows is to have. */
export function paddedCount(padding: Padding, count: number): number {
  if (padding === "none") return count;
  if (padding === "pow2") return count === 0 ? 0 : 2 ** Math.ceil(Math.log2(count));
  const size = Number(padding.slice("fixed:".length));
  return Math.max(1, Math.ceil(count / size)) * size;
}

/**
 * Adds dummies to the cells that ended within (from, to]: the hours and days of every access point, and the days of the
 * devices that were there. What is full already gets none.
 *
 * @returns how many dummies were added.
 */
export async function padCells(connection: Connection, padding: Padding, from: number, to: number): Promise<number> {
  checkPadding(padding);
  if (padding === "none" || from >= to) return 0;
  const names = await connection.directory.all();
  const ended = (length: number) => ({ first: Math.floor(from / length), last: Math.floor(to / length) - 1 });
  let added = 0;
  const devices = new Map<string, Cell>();
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const ids = names.slice(at, at + AT_ONCE).map((name) => Buffer.from(name));
    for (const scope of [SCOPE.apHour, SCOPE.apDay]) {
      const { first, last } = ended(scope === SCOPE.apDay ? DAY : 3600);
      for (let slot = first; slot <= last; slot++) {
        const cells = ids.map((id): Cell => ({ scope, slot, id }));
        const read = await fill(connection, padding, cells);
        added += read.added;
        if (scope === SCOPE.apDay) noteDevices(devices, slot, read.cells);
      }
    }
  }
  const days = [...devices.values()];
  for (let at = 0; at < days.length; at += 10 * AT_ONCE) {
    added += (await fill(connection, padding, days.slice(at, at + 10 * AT_ONCE))).added;
  }
  return added;
}

/** What {@link padCells} does for the cells that ended up to `now`, less a time of grace for late sessions. */
export async function padClosed(connection: Connection, padding: Padding, from: number | undefined, now: number) {
  const to = now - GRACE_SEC;
  return { added: await padCells(connection, padding, from ?? to - LOOK_BACK_SEC, to), until: to };
}

function noteDevices(devices: Map<string, Cell>, day: number, cells: readonly CellRecords[]): void {
  for (const { records } of cells) {
    for (const record of records) {
      const session = decodeSession(record);
      if (!session) continue;
      devices.set(`${day}|${session.mac.toString("hex")}`, { scope: SCOPE.macDay, slot: day, id: session.mac });
    }
  }
}

async function fill({ book, reader, writer }: Connection, padding: Padding, cells: readonly Cell[]) {
  await book.addEpochs([...new Set(cells.map(epochOf))]);
  const read = await reader.read(cells);
  const dummies = read.flatMap(({ open, records }) =>
    Array.from({ length: paddedCount(padding, records.length) - records.length }, () => ({
      cell: open.cell,
      record: dummyRecord(),
    })),
  );
  if (dummies.length > 0) await writer.append(dummies);
  return { added: dummies.length, cells: read };
}
