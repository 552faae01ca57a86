import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cell, cellName, epochOf } from "./cell.js";
import { isStoreFailure, StoreFailure } from "./failure.js";
import { byTable, labelAt, type OpenCell, openCell, probe } from "./prober.js";
import { sealValue } from "./record.js";
import { placeOf, type State } from "./state.js";
import type { StateBook } from "./state-book.js";
import type { LabelledValue, Session, StoreDriver } from "./store/driver.js";

/** A record and the cell it goes into. */
export interface NewRecord {
  cell: Cell;
  /** 40 bytes. */
  record: Buffer;
}

/** Up to which entry of which journal a batch brings the tables. */
export interface JournalMark {
  id: string;
  position: number;
}

/** What is written in the same transaction as a batch, before its rows. */
export interface Companion {
  /** Runs outside of the transaction, before each attempt. */
  prepare(): Promise<void>;
  /** May throw MISSING_TABLE, then both run again. */
  write(session: Session, state: State): Promise<void>;
}

interface Known {
  open: OpenCell;
  next: number;
}

/** Cells whose next counter is kept in memory, about 300 bytes each. */
const HOT_CELLS = 65_536;
const ATTEMPTS = 20;
const NONCE_BYTES = 12;

/** Appends records to cells: all of a batch in one transaction, never over a row that exists. */
export class RowWriter {
  /** Next counters by table and cell, the least recently used first. */
  private readonly hot = new Map<string, Known>();

  constructor(
    private readonly driver: StoreDriver,
    private readonly book: StateBook,
  ) {}

  /**
   * Appends all records or none. A label that is taken means that somebody else has written to the cell: it is looked
   * up again and the batch repeated.
   *
   * @param mark entries that the tables have already are not written again.
   * @throws {StoreFailure}
   */
  async append(records: readonly NewRecord[], mark?: JournalMark, companion?: Companion): Promise<void> {
    const epochs = [...new Set(records.map(({ cell }) => epochOf(cell)))];
    const cells = new Map<string, { cell: Cell; records: Buffer[] }>();
    for (const { cell, record } of records) {
      const name = cellName(cell);
      const group = cells.get(name);
      if (group) group.records.push(record);
      else cells.set(name, { cell, records: [record] });
    }
    for (let attempt = 1; ; attempt++) {
      await this.book.addEpochs(epochs);
      await companion?.prepare();
      try {
        await this.attempt(cells, mark, companion);
        return;
      } catch (error) {
        if (!isStoreFailure(error, "LABEL_TAKEN", "MISSING_TABLE") || attempt === ATTEMPTS) throw error;
        for (const name of cells.keys()) this.hot.delete(name);
        await this.book.fresh();
        await sleep(randomInt(1, 5 * attempt + 2));
      }
    }
  }

  private async attempt(
    cells: ReadonlyMap<string, { cell: Cell; records: Buffer[] }>,
    mark?: JournalMark,
    companion?: Companion,
  ) {
    const used: Known[] = [];
    const state = await this.driver.transaction(async (session) => {
      const state = await this.book.locked(session);
      if (mark) {
        if ((state.journals[mark.id] ?? 0) >= mark.position) return undefined;
        state.journals[mark.id] = mark.position;
      }
      await companion?.write(session, state);
      used.push(...(await this.counters(session, state, cells)));
      await this.insert(
        session,
        used.map((known) => ({ ...known, records: (cells.get(known.open.name) as { records: Buffer[] }).records })),
      );
      await this.book.save(session, state);
      return state;
    });
    if (!state) return;
    this.book.remember(state);
    for (const { open, next } of used) {
      const count = cells.get(open.name)?.records.length ?? 0;
      this.hot.delete(open.name);
      this.hot.set(open.name, { open, next: next + count });
    }
    for (const name of this.hot.keys()) {
      if (this.hot.size <= HOT_CELLS) break;
      this.hot.delete(name);
    }
  }

  private async counters(session: Session, state: State, cells: ReadonlyMap<string, { cell: Cell }>): Promise<Known[]> {
    const known: Known[] = [];
    const unknown: OpenCell[] = [];
    for (const [name, { cell }] of cells) {
      const place = placeOf(state, this.book.masters, cell);
      if (!place) throw new StoreFailure("MISSING_TABLE", `the month ${epochOf(cell)} was dropped meanwhile`);
      const hot = this.hot.get(name);
      // A month that was re-encrypted, or dropped and made anew, has another table.
      if (hot && hot.open.place.state.born === place.state.born) {
        // The rows are counted in this batch's state.
        hot.open.place = place;
        known.push(hot);
      } else unknown.push(openCell(cell, place, name));
    }
    const counters = await probe(session, this.driver.dialect, unknown);
    return [...known, ...unknown.map((open, i) => ({ open, next: counters[i] as number }))];
  }

  private async insert(session: Session, cells: readonly (Known & { records: Buffer[] })[]): Promise<void> {
    const total = cells.reduce((sum, { records }) => sum + records.length, 0);
    const nonces = randomBytes(NONCE_BYTES * total);
    let used = 0;
    const rows: (LabelledValue & { table: string })[] = [];
    for (const { open, next, records } of cells) {
      const { keys, table, state } = open.place;
      state.rows += records.length;
      for (const [i, record] of records.entries()) {
        const label = labelAt(open, next + i);
        const nonce = nonces.subarray(NONCE_BYTES * used, NONCE_BYTES * ++used);
        rows.push({ table, label, value: sealValue(keys.record, nonce, label, record) });
      }
    }
    for (const [table, group] of byTable(rows)) {
      // The order of the labels is as good as a shuffle, since they are pseudo-random: it says nothing about which rows
      // belong together. Two writers that take their locks in one order cannot block each other, and the tree likes it.
      group.sort(byLabel);
      for (const query of this.driver.dialect.insert(table, group)) await session.run(query);
    }
  }
}

/** The first four bytes nearly always decide. */
function byLabel(a: LabelledValue, b: LabelledValue): number {
  return a.label.readUInt32BE(0) - b.label.readUInt32BE(0) || Buffer.compare(a.label, b.label);
}
