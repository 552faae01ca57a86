import { randomBytes } from "node:crypto";
import type { OpenLimit } from "./answers.js";
import { type Cell, cellName, DAY, dayOf, epochOf, epochSpan, labels, SCOPE } from "./cell.js";
import type { CellRecords } from "./cell-reader.js";
import type { Connection } from "./connection.js";
import { StoreFailure } from "./failure.js";
import { NO_EPOCH } from "./keys.js";
import { decodeSession, dummyRecord, OPEN_DURATION, type SessionRecord, sealValue } from "./record.js";
import { slots } from "./spread.js";

export interface Erased {
  /** Sessions of the device, and rows that became dummies. */
  sessions: number;
  rows: number;
}

/** Cells read and overwritten in one transaction. */
const AT_ONCE = 100;

/**
 * Overwrites every record of a device by a dummy: a row that is taken away would leave a hole, which stops reading.
 * First at the access points, the device's own days last: after a crash these still tell what is left to do.
 */
export async function erase(connection: Connection, mac: Buffer, limit: OpenLimit): Promise<Erased> {
  const { epochs } = await connection.book.fresh();
  const days: Cell[] = [];
  for (const epoch of Object.keys(epochs)) {
    if (epoch === NO_EPOCH) continue;
    const span = epochSpan(epoch);
    const { first, last } = slots(SCOPE.macDay, span.from, span.to);
    for (let slot = first; slot <= last; slot++) days.push({ scope: SCOPE.macDay, slot, id: mac });
  }
  const sessions = (await connection.reader.read(days)).flatMap(({ records }) =>
    records.flatMap((record) => decodeSession(record) ?? []),
  );
  const places = new Map<string, Cell>();
  for (const session of sessions) {
    for (const cell of await accessPointCells(connection, session, limit)) {
      if (epochs[epochOf(cell)]) places.set(cellName(cell), cell);
    }
  }
  const rows = (await overwrite(connection, [...places.values()], mac)) + (await overwrite(connection, days, mac));
  for (const table of new Set((await connection.reader.read(days)).map(({ open }) => open.place.table))) {
    await connection.driver.purge(table);
  }
  const names = new Set(sessions.map(({ start, ap }) => `${start}|${ap.toString("latin1")}`));
  return { sessions: names.size, rows };
}

/** Where a record of the session can be, that of an open one wherever it may have been carried. */
async function accessPointCells({ directory }: Connection, session: SessionRecord, limit: OpenLimit): Promise<Cell[]> {
  const { start, duration } = session;
  const name = await directory.nameOf(session.ap);
  if (name === undefined) throw new StoreFailure("HOLE", "the directory lacks an access point that has sessions");
  const id = Buffer.from(name);
  const carriedTo = Math.max(start + 1, Math.min(limit.now, start + limit.openSec) + DAY);
  const to = duration === OPEN_DURATION ? carriedTo : Math.max(start + 1, start + duration);
  return [SCOPE.apHour, SCOPE.apDay].flatMap((scope) => {
    const { first, last } = slots(scope, start, to);
    return Array.from({ length: last - first + 1 }, (_, i): Cell => ({ scope, slot: first + i, id }));
  });
}

async function overwrite({ book, driver, reader }: Connection, cells: readonly Cell[], mac: Buffer): Promise<number> {
  let rows = 0;
  const ordered = [...cells].sort((a, b) => dayOf(a) - dayOf(b));
  for (let at = 0; at < ordered.length; at += AT_ONCE) {
    rows += await driver.transaction(async (session) => {
      // Nobody appends or re-encrypts until the end; the reader asks on another connection, for what is committed.
      book.remember(await book.locked(session));
      let overwritten = 0;
      for (const cell of await reader.read(ordered.slice(at, at + AT_ONCE))) {
        for (const row of dummiesFor(cell, mac)) {
          overwritten += await session.run(driver.dialect.overwrite(cell.open.place.table, row));
        }
      }
      return overwritten;
    });
  }
  return rows;
}

function dummiesFor({ open, records }: CellRecords, mac: Buffer) {
  return records.flatMap((record, counter) => {
    if (!decodeSession(record)?.mac.equals(mac)) return [];
    const [label] = labels(open.kw, counter, 1) as [Buffer];
    return [{ label, value: sealValue(open.place.keys.record, randomBytes(12), label, dummyRecord()) }];
  });
}
