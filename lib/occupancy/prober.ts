import { type Cell, cellKey, cellName, LABEL_BYTES, labelBytes } from "./cell.js";
import type { Place } from "./state.js";
import { type Dialect, MAX_LABELS, type Session } from "./store/driver.js";

/** A cell, its key and where its rows are. */
export interface OpenCell {
  cell: Cell;
  name: string;
  place: Place;
  kw: Buffer;
  /** Labels made together, since setting the cipher up costs more than sixteen of them: the first one's counter. */
  block?: { first: number; bytes: Buffer };
}

const BLOCK = 16;

export function openCell(cell: Cell, place: Place, name = cellName(cell)): OpenCell {
  return { cell, name, place, kw: cellKey(place.keys.index, cell) };
}

/** One label of a cell. */
export function labelAt(open: OpenCell, counter: number): Buffer {
  const first = counter - (counter % BLOCK);
  if (open.block?.first !== first) open.block = { first, bytes: labelBytes(open.kw, first, BLOCK) };
  const at = (counter - first) * LABEL_BYTES;
  return open.block.bytes.subarray(at, at + LABEL_BYTES);
}

/** What the search for the end of one cell knows. */
interface Search {
  open: OpenCell;
  /** Highest counter known to exist, -1 for none, and the lowest one known to be free. */
  taken: number;
  free: number;
  step: number;
}

function asked({ taken, free, step }: Search): number {
  return free === Number.POSITIVE_INFINITY ? taken + step : Math.floor((taken + free) / 2);
}

function isDone({ taken, free }: Search): boolean {
  return free === taken + 1;
}

/**
 * The number of the next free label of each cell: doubling steps, then halving, one statement and table a round for
 * all cells together.
 *
 * @returns the counters in the order of the cells.
 */
export async function probe(session: Session, dialect: Dialect, cells: readonly OpenCell[]): Promise<number[]> {
  const searches = cells.map((open): Search => ({ open, taken: -1, free: Number.POSITIVE_INFINITY, step: 1 }));
  for (let left = searches; left.length > 0; left = left.filter((search) => !isDone(search))) {
    const questions = left.map((search) => {
      const counter = asked(search);
      return { search, counter, label: labelAt(search.open, counter) };
    });
    const existing = await existingLabels(
      session,
      dialect,
      questions.map(({ search, label }) => ({ table: search.open.place.table, label })),
    );
    for (const { search, counter, label } of questions) {
      if (existing.has(label.toString("latin1"))) {
        search.taken = counter;
        search.step *= 2;
      } else {
        search.free = counter;
      }
    }
  }
  return searches.map(({ free }) => free);
}

async function existingLabels(
  session: Session,
  dialect: Dialect,
  questions: readonly { table: string; label: Buffer }[],
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const [table, group] of byTable(questions)) {
    for (let at = 0; at < group.length; at += MAX_LABELS) {
      // By label: the order says nothing about which cell was asked first.
      const some = group.slice(at, at + MAX_LABELS).map(({ label }) => label);
      for (const row of await session.all(dialect.existing(table, some.sort(Buffer.compare)))) {
        found.add((row.label as Buffer).toString("latin1"));
      }
    }
  }
  return found;
}

export function byTable<T extends { table: string }>(items: readonly T[]): Map<string, T[]> {
  const tables = new Map<string, T[]>();
  for (const item of items) {
    const group = tables.get(item.table);
    if (group) group.push(item);
    else tables.set(item.table, [item]);
  }
  return tables;
}
