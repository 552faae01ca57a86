import { type Cell, labels } from "./cell.js";
import { isStoreFailure, StoreFailure } from "./failure.js";
import { lookUp, type ReadCounts } from "./lookup.js";
import { byTable, type OpenCell, openCell } from "./prober.js";
import { openValue } from "./record.js";
import { placeOf } from "./state.js";
import type { StateBook } from "./state-book.js";
import type { StoreDriver } from "./store/driver.js";

const FIRST_ROUND = 4;
const MAX_ROUND = 512;
/** A gap of one label at the end of a round could be a deleted row: a second one is asked for. */
const TRAILING = 2;

/** What one question to the database was about. */
interface Asked {
  table: string;
  reading: Reading;
  counter: number;
  label: Buffer;
}

interface Reading {
  open: OpenCell;
  /** Values by counter as far as asked; a hole is a missing one. */
  found: Map<number, { label: Buffer; value: Buffer }>;
  asked: number;
  round: number;
}

/** A cell with its opened records in the order of their counters, dummies among them. */
export interface CellRecords {
  open: OpenCell;
  records: Buffer[];
}

/** Reads whole cells: rounds of labels, all cells of a round in one shuffled statement for each table. */
export class CellReader {
  constructor(
    private readonly driver: StoreDriver,
    private readonly book: StateBook,
  ) {}

  /**
   * @throws {StoreFailure} TAMPERED for a row that does not open under its label, HOLE for one that is missing inside a
   *   cell, MISSING_TABLE, WRONG_KEY, UNREACHABLE. A cell's last rows can be cut unseen, see `verifyTables`.
   */
  async read(cells: readonly Cell[], counts?: ReadCounts): Promise<CellRecords[]> {
    try {
      return await this.readOnce(cells, await this.book.recent(), counts);
    } catch (error) {
      if (!isStoreFailure(error, "MISSING_TABLE")) throw error;
      // Somebody dropped or re-encrypted the month since the state was read.
      return await this.readOnce(cells, await this.book.fresh(), counts);
    }
  }

  private async readOnce(cells: readonly Cell[], state: Awaited<ReturnType<StateBook["recent"]>>, counts?: ReadCounts) {
    const readings: Reading[] = [];
    for (const cell of cells) {
      const place = placeOf(state, this.book.masters, cell);
      if (place) readings.push({ open: openCell(cell, place), found: new Map(), asked: 0, round: FIRST_ROUND });
    }
    for (let left = readings; left.length > 0; left = left.filter((reading) => !isComplete(reading))) {
      if (counts) counts.rounds++;
      await this.round(left, counts);
    }
    await this.checkHoles(readings, counts);
    return readings.map((reading) => ({ open: reading.open, records: recordsOf(reading) }));
  }

  private async round(readings: readonly Reading[], counts?: ReadCounts): Promise<void> {
    const questions = readings.flatMap((reading): Asked[] => {
      const { open, asked, round } = reading;
      const names = labels(open.kw, asked, round);
      reading.asked += round;
      reading.round = Math.min(MAX_ROUND, asked === 0 ? 2 * FIRST_ROUND : 2 * round);
      return names.map((label, i) => ({ table: open.place.table, reading, counter: asked + i, label }));
    });
    await this.ask(questions, counts);
  }

  private async ask(questions: readonly Asked[], counts?: ReadCounts): Promise<void> {
    for (const [table, group] of byTable(questions)) {
      const asked = new Map(group.map((question) => [question.label.toString("latin1"), question]));
      const names = group.map(({ label }) => label);
      for (const row of await lookUp(this.driver, this.driver, table, names, counts)) {
        const question = asked.get((row.label as Buffer).toString("latin1"));
        question?.reading.found.set(question.counter, { label: question.label, value: row.val as Buffer });
      }
    }
  }

  /** A counter that is missing below one that exists is asked for once more: a batch may have come between two statements. */
  private async checkHoles(readings: readonly Reading[], counts?: ReadCounts): Promise<void> {
    const missing = () =>
      readings.flatMap((reading) => {
        const { open, found } = reading;
        if (found.size === 0) return [];
        const last = Math.max(...found.keys());
        const holes: Asked[] = [];
        for (let counter = 0; found.size <= last && counter < last; counter++) {
          if (found.has(counter)) continue;
          holes.push({ table: open.place.table, reading, counter, label: labels(open.kw, counter, 1)[0] as Buffer });
        }
        return holes;
      });
    const holes = missing();
    if (holes.length === 0) return;
    await this.ask(holes, counts);
    const [hole] = missing();
    if (hole) throw new StoreFailure("HOLE", `${hole.table}: rows of a cell are gone`, hole.table);
  }
}

/** A cell is read when at least two labels at the end of the last round do not exist. */
function isComplete({ found, asked }: Reading): boolean {
  for (let counter = asked - TRAILING; counter < asked; counter++) if (found.has(counter)) return false;
  return true;
}

function recordsOf({ open, found }: Reading): Buffer[] {
  const { keys, table } = open.place;
  const records: Buffer[] = [];
  for (let counter = 0; counter < found.size; counter++) {
    const { label, value } = found.get(counter) as { label: Buffer; value: Buffer };
    const record = openValue(keys.record, label, value);
    if (!record) throw new StoreFailure("TAMPERED", `${table}: a row was changed, swapped or cut`, table);
    records.push(record);
  }
  return records;
}
