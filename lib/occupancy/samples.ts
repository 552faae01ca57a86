import { randomBytes } from "node:crypto";
import { LABEL_BYTES } from "./cell.js";
import type { Connection } from "./connection.js";
import { NO_EPOCH } from "./keys.js";
import { cellTable } from "./state.js";

/** A row as the database has it. */
export interface StoredRow {
  table: string;
  /** 16 bytes in hex. */
  label: string;
  /** 68 bytes in hex. */
  value: string;
}

const MAX_ROWS = 100;

/** Some rows of the newest month, from a random label on: what anybody with the database's password sees. */
export async function storedRows({ book, driver }: Connection, limit: number): Promise<StoredRow[]> {
  const { epochs } = await book.recent();
  const newest = Object.keys(epochs)
    .filter((epoch) => epoch !== NO_EPOCH)
    .sort()
    .at(-1);
  const entry = newest === undefined ? undefined : epochs[newest];
  if (newest === undefined || !entry) return [];
  const table = cellTable(newest, (entry.moving ?? entry).generation);
  const count = Math.max(1, Math.min(MAX_ROWS, Math.trunc(limit)));
  const rows = await driver.all(driver.dialect.page(table, randomBytes(LABEL_BYTES), count));
  if (rows.length < count)
    rows.push(...(await driver.all(driver.dialect.page(table, Buffer.alloc(0), count - rows.length))));
  return rows.map(({ label, val }) => ({
    table,
    label: (label as Buffer).toString("hex"),
    value: (val as Buffer).toString("hex"),
  }));
}
