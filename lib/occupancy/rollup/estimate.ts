import { Rejection } from "../../common/rejection.js";
import { type Cell, DAY, epochOf, HOUR, SCOPE } from "../cell.js";
import type { Connection } from "../connection.js";
import type { AccessPoints } from "../directory.js";
import { StoreFailure } from "../failure.js";
import { lookUp, noCounts, type ReadCounts } from "../lookup.js";
import { openValue } from "../record.js";
import { checkPeriod } from "../session.js";
import { rollUpTable } from "../state.js";
import { DAY_PRECISION, HOUR_PRECISION, HyperLogLog, sketchBytes } from "./hyperloglog.js";
import { precisionOf, rollUpLabel } from "./roll-up-rows.js";

export interface EstimateAnswer {
  /** Distinct MACs, rounded. */
  estimate: number;
  accessPoints: number;
  /** The period in whole hours that the estimate is about. */
  from: number;
  to: number;
  /** Roll-ups asked for, and those that were not written yet (or taken away). */
  slots: number;
  missing: number;
  counts: ReadCounts;
}

export interface HeatAnswer {
  /** Beginning of each hour, Unix seconds. */
  hours: number[];
  /** For each access point one number for each hour; null where there is no roll-up. */
  rows: { ap: string; devices: (number | null)[] }[];
  counts: ReadCounts;
}

const MAX_SLOTS = 200_000;

/** Sketches of cells, undefined where there is none. */
async function sketches(
  { book, driver }: Connection,
  cells: readonly Cell[],
  counts: ReadCounts,
): Promise<(HyperLogLog | undefined)[]> {
  if (cells.length > MAX_SLOTS) throw new Rejection("RANGE", `more than ${MAX_SLOTS} roll-ups: ask for less`);
  const state = await book.recent();
  const found: (HyperLogLog | undefined)[] = cells.map(() => undefined);
  const tables = new Map<string, Map<string, number>>();
  const labels = cells.map((cell, i) => {
    const epoch = epochOf(cell);
    const rollUps = state.epochs[epoch]?.rollUps;
    if (!rollUps) return undefined;
    const keys = book.masters.keys(rollUps.key, epoch);
    const label = rollUpLabel(keys, cell);
    const table = rollUpTable(epoch, rollUps.generation);
    const asked = tables.get(table) ?? new Map<string, number>();
    tables.set(table, asked.set(label.toString("latin1"), i));
    return { label, keys };
  });
  counts.rounds++;
  for (const [table, asked] of tables) {
    const names = [...asked.values()].map((i) => labels[i]?.label as Buffer);
    for (const row of await lookUp(driver, driver, table, names, counts)) {
      const i = asked.get((row.label as Buffer).toString("latin1"));
      const own = i === undefined ? undefined : labels[i];
      if (i === undefined || !own) continue;
      const precision = precisionOf(cells[i] as Cell);
      const packed = openValue(own.keys.record, own.label, row.val as Buffer, sketchBytes(precision));
      if (!packed) throw new StoreFailure("TAMPERED", `${table}: a roll-up was changed, swapped or cut`, table);
      found[i] = HyperLogLog.unpack(precision, packed);
    }
  }
  return found;
}

function roundedPeriod(from: number, to: number): { from: number; to: number } {
  const period = checkPeriod(from, to);
  return { from: Math.floor(period.from / HOUR) * HOUR, to: Math.ceil(period.to / HOUR) * HOUR };
}

/** Whole days, and hours at the edges. */
function slotsOf(id: Buffer, from: number, to: number): Cell[] {
  const cells: Cell[] = [];
  for (let at = from; at < to; ) {
    const isDay = at % DAY === 0 && at + DAY <= to;
    cells.push(isDay ? { scope: SCOPE.apDay, slot: at / DAY, id } : { scope: SCOPE.apHour, slot: at / HOUR, id });
    at += isDay ? DAY : HOUR;
  }
  return cells;
}

/** @throws {Rejection} RANGE; {StoreFailure} TAMPERED, UNREACHABLE … */
export async function estimate(
  connection: Connection,
  accessPoints: AccessPoints,
  from: number,
  to: number,
): Promise<EstimateAnswer> {
  const period = roundedPeriod(from, to);
  const names = await connection.directory.select(accessPoints);
  const cells = names.flatMap((name) => slotsOf(Buffer.from(name), period.from, period.to));
  const counts = noCounts();
  const found = await sketches(connection, cells, counts);
  const days = new HyperLogLog(DAY_PRECISION);
  const hours = new HyperLogLog(HOUR_PRECISION);
  let hasHours = false;
  for (const sketch of found) {
    if (sketch?.precision === DAY_PRECISION) days.unite(sketch);
    else if (sketch) {
      hours.unite(sketch);
      hasHours = true;
    }
  }
  return {
    estimate: Math.round(united(days, hasHours ? hours : undefined)),
    accessPoints: names.length,
    ...period,
    slots: cells.length,
    missing: found.filter((sketch) => !sketch).length,
    counts,
  };
}

/** The days' precise estimate, and what the hours add to it: both differ by the same chance, so the difference is good. */
function united(days: HyperLogLog, hours: HyperLogLog | undefined): number {
  const sum = days.estimate();
  if (!hours) return sum;
  const folded = new HyperLogLog(HOUR_PRECISION);
  folded.unite(days);
  const before = folded.estimate();
  folded.unite(hours);
  return sum + Math.max(0, folded.estimate() - before);
}

/** @throws {Rejection} RANGE; {StoreFailure} TAMPERED, UNREACHABLE … */
export async function heat(
  connection: Connection,
  accessPoints: AccessPoints,
  from: number,
  to: number,
): Promise<HeatAnswer> {
  const period = roundedPeriod(from, to);
  const names = (await connection.directory.select(accessPoints)).sort();
  const hours: number[] = [];
  for (let at = period.from; at < period.to; at += HOUR) hours.push(at);
  const cells = names.flatMap((name) =>
    hours.map((at): Cell => ({ scope: SCOPE.apHour, slot: at / HOUR, id: Buffer.from(name) })),
  );
  const counts = noCounts();
  const found = await sketches(connection, cells, counts);
  const rows = names.map((ap, i) => {
    const own = found.slice(i * hours.length, (i + 1) * hours.length);
    return { ap, devices: own.map((sketch) => (sketch ? Math.round(sketch.estimate()) : null)) };
  });
  return { hours, rows, counts };
}
