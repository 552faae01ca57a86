import type { Connection } from "./connection.js";
import { StoreFailure } from "./failure.js";
import { openValue } from "./record.js";
import { cellTable, type TableState } from "./state.js";
import { number } from "./store/driver.js";

export interface TableReport {
  table: string;
  rows: number;
}

const PAGE = 2000;

/**
 * Opens every row of every month and compares their number with what was written: finds also what a query cannot see,
 * rows cut from the end of a cell.
 *
 * @throws {StoreFailure} TAMPERED for a row that does not open, HOLE for a table with fewer or more rows than written.
 */
export async function verifyTables(connection: Connection): Promise<TableReport[]> {
  const { book, driver } = connection;
  const reports: TableReport[] = [];
  for (const epoch of Object.keys((await book.fresh()).epochs).sort()) {
    const tables = (entry: Awaited<ReturnType<typeof book.fresh>>["epochs"][string] | undefined): TableState[] =>
      entry ? [entry, ...(entry.moving ? [entry.moving] : [])] : [];
    for (const { key, generation } of tables((await book.fresh()).epochs[epoch])) {
      await openRows(connection, cellTable(epoch, generation), book.masters.keys(key, epoch).record);
    }
    await driver.transaction(async (session) => {
      for (const { generation, rows } of tables((await book.locked(session)).epochs[epoch])) {
        const table = cellTable(epoch, generation);
        const [row] = await session.all({ sql: `SELECT count(*) AS n FROM ${table}`, parameters: [] });
        if (number(row, "n") !== rows) {
          throw new StoreFailure("HOLE", `${table}: ${number(row, "n")} rows, but ${rows} were written`, table);
        }
        reports.push({ table, rows });
      }
    });
  }
  return reports;
}

async function openRows({ driver }: Connection, table: string, key: Parameters<typeof openValue>[0]): Promise<void> {
  for (let after = Buffer.alloc(0); ; ) {
    const rows = await driver.all(driver.dialect.page(table, after, PAGE));
    for (const row of rows) {
      if (openValue(key, row.label as Buffer, row.val as Buffer)) continue;
      throw new StoreFailure("TAMPERED", `${table}: a row was changed, swapped or cut`, table);
    }
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.label as Buffer<ArrayBuffer>;
  }
}
