import { randomBytes } from "node:crypto";
import type { OpenLimit } from "./answers.js";
import { type Cell, cellKey, DAY, epochSpan, labels, SCOPE } from "./cell.js";
import type { Connection } from "./connection.js";
import { NO_EPOCH } from "./keys.js";
import { decodeSession, sealValue } from "./record.js";
import { RollUps } from "./rollup/roll-ups.js";
import { cellTable, type EpochState, newTable, rollUpTable } from "./state.js";
import type { LabelledValue } from "./store/driver.js";
import { rotateTags } from "./tags/tag-rotation.js";

export interface RotationProgress {
  /** What of the epoch: its cells, its roll-ups or its tags. */
  what: "cells" | "roll-ups" | "tags";
  /** `YYYYMM`, or `000000` for the list of access points. */
  epoch: string;
  /** Days of the epoch that are done, of how many. */
  done: number;
  of: number;
}

/** Access points, or devices, whose cells are read at once. */
const AT_ONCE = 50;

/** The days of an epoch as [first, last]. */
function daysOf(epoch: string): { first: number; last: number } {
  if (epoch === NO_EPOCH) return { first: 0, last: 0 };
  const { from, to } = epochSpan(epoch);
  return { first: from / DAY, last: to / DAY - 1 };
}

/**
 * Re-encrypts every epoch that an older master wrote under the first one, day by day: a day is copied into a new table
 * and counted as copied in one transaction, so that it is always in exactly one place and a killed run goes on where it
 * was. When all days are copied the old table is dropped. Roll-ups and tags are made anew from the cells.
 *
 * @returns how many epochs were re-encrypted, the tags of all months as one more.
 */
export async function rotate(
  connection: Connection,
  limit: OpenLimit,
  onProgress: (progress: RotationProgress) => void = () => {},
): Promise<number> {
  const { book } = connection;
  // Writing the state seals it under the first master.
  const { epochs } = await book.change(() => {});
  const { primary } = book.masters;
  let rotated = 0;
  for (const epoch of Object.keys(epochs).sort()) {
    const entry = epochs[epoch] as EpochState;
    if (entry.key !== primary || entry.moving) {
      await rotateCells(connection, epoch, onProgress);
      rotated++;
    }
    if (entry.rollUps && entry.rollUps.key !== primary) await rotateRollUps(connection, epoch, limit, onProgress);
    await dropOlder(connection, epoch);
  }
  if (await rotateTags(connection, limit, (at) => onProgress({ what: "tags", ...at }))) rotated++;
  return rotated;
}

async function rotateCells(
  connection: Connection,
  epoch: string,
  onProgress: (progress: RotationProgress) => void,
): Promise<void> {
  const { book } = connection;
  const { first, last } = daysOf(epoch);
  const before = (await book.fresh()).epochs[epoch];
  if (!before) return;
  if (!before.moving) {
    const generation = before.generation + 1;
    await book.createRows(cellTable(epoch, generation));
    await book.change(({ epochs }) => {
      const entry = epochs[epoch];
      if (entry) entry.moving ??= { ...newTable(book.masters.primary, generation), day: first };
    });
  }
  for (let day = (await book.fresh()).epochs[epoch]?.moving?.day ?? first; day <= last; day++) {
    await copyDay(connection, epoch, day);
    onProgress({ what: "cells", epoch, done: day - first + 1, of: last - first + 1 });
  }
  await book.change(({ epochs }) => {
    const entry = epochs[epoch];
    if (!entry?.moving) return;
    const { day: _, ...table } = entry.moving;
    epochs[epoch] = { ...table, ...(entry.rollUps ? { rollUps: entry.rollUps } : {}) };
  });
}

async function copyDay(connection: Connection, epoch: string, day: number): Promise<void> {
  const { book, driver } = connection;
  const state = await driver.transaction(async (session) => {
    const state = await book.locked(session);
    const moving = state.epochs[epoch]?.moving;
    if (moving?.day !== day) return undefined;
    book.remember(state);
    const keys = book.masters.keys(moving.key, epoch);
    const table = cellTable(epoch, moving.generation);
    for await (const cells of cellsOfDay(connection, epoch, day)) {
      const rows: LabelledValue[] = [];
      for (const { cell, records } of cells) {
        const names = labels(cellKey(keys.index, cell), 0, records.length);
        for (const [counter, record] of records.entries()) {
          const label = names[counter] as Buffer;
          rows.push({ label, value: sealValue(keys.record, randomBytes(12), label, record) });
        }
      }
      rows.sort((a, b) => Buffer.compare(a.label, b.label));
      if (rows.length > 0) for (const query of driver.dialect.insert(table, rows)) await session.run(query);
      moving.rows += rows.length;
    }
    const copied = structuredClone(state);
    (copied.epochs[epoch] as Required<EpochState>).moving.day = day + 1;
    await book.save(session, copied);
    return copied;
  });
  if (state) book.remember(state);
}

/** All cells of a day with their records, the access points' first: they tell which devices were there. */
async function* cellsOfDay({ directory, reader }: Connection, epoch: string, day: number) {
  const read = async (cells: readonly Cell[]) =>
    (await reader.read(cells)).map(({ open, records }) => ({ cell: open.cell, records }));
  if (epoch === NO_EPOCH) {
    yield await read([{ scope: SCOPE.directory, slot: 0, id: Buffer.alloc(0) }]);
    return;
  }
  const names = await directory.all();
  const devices = new Map<string, Buffer>();
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const ids = names.slice(at, at + AT_ONCE).map((name) => Buffer.from(name));
    for (let hour = -1; hour < 24; hour++) {
      const scope = hour < 0 ? SCOPE.apDay : SCOPE.apHour;
      const found = await read(ids.map((id): Cell => ({ scope, slot: hour < 0 ? day : day * 24 + hour, id })));
      for (const record of found.flatMap(({ records }) => records)) {
        const mac = decodeSession(record)?.mac;
        if (mac) devices.set(mac.toString("hex"), mac);
      }
      yield found;
    }
  }
  const macs = [...devices.values()];
  for (let at = 0; at < macs.length; at += 10 * AT_ONCE) {
    const some = macs.slice(at, at + 10 * AT_ONCE);
    yield await read(some.map((id): Cell => ({ scope: SCOPE.macDay, slot: day, id })));
  }
}

/** Written anew from the cells into a table of its own; a killed run begins the month's roll-ups again. */
async function rotateRollUps(
  connection: Connection,
  epoch: string,
  limit: OpenLimit,
  onProgress: (progress: RotationProgress) => void,
): Promise<void> {
  const { book } = connection;
  const old = (await book.fresh()).epochs[epoch]?.rollUps;
  if (!old) return;
  const generation = old.generation + 1;
  const table = rollUpTable(epoch, generation);
  await book.createRows(table);
  const { first, last } = daysOf(epoch);
  const rollUps = new RollUps();
  const keys = book.masters.keys(book.masters.primary, epoch);
  for (let day = first; day <= last; day++) {
    await rollUps.writeDay(connection, day, { table, keys }, limit);
    onProgress({ what: "roll-ups", epoch, done: day - first + 1, of: last - first + 1 });
  }
  await book.change(({ epochs }) => {
    const entry = epochs[epoch];
    if (entry) entry.rollUps = { key: book.masters.primary, generation };
  });
}

/** Older generations of an epoch's tables; a run that was killed may have left some. */
async function dropOlder({ book, driver }: Connection, epoch: string): Promise<void> {
  const entry = (await book.fresh()).epochs[epoch];
  if (!entry) return;
  for (let generation = 1; generation < entry.generation; generation++) {
    await driver.exec(`DROP TABLE IF EXISTS ${cellTable(epoch, generation)}`);
  }
  for (let generation = 1; generation < (entry.rollUps?.generation ?? 1); generation++) {
    await driver.exec(`DROP TABLE IF EXISTS ${rollUpTable(epoch, generation)}`);
  }
}
