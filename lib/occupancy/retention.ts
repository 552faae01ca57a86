import type { Connection } from "./connection.js";
import { StoreFailure } from "./failure.js";
import { NO_EPOCH } from "./keys.js";
import { allTags } from "./tags/tag-store.js";

/** The month so many months before that of a time (milliseconds since 1970), `YYYYMM` (UTC). */
export function monthsAgo(count: number, now: number): string {
  const today = new Date(now);
  const date = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - count, 1));
  return `${date.getUTCFullYear()}${String(date.getUTCMonth() + 1).padStart(2, "0")}`;
}

/** `wl_idx_202611`, `wl_hll_202611_k2`, `wl_tagidx_202611` … */
const TABLE = /^wl_[a-z]+_(\d{6})(?:_k(\d+))?$/;

/** The tables that belong to a month, with their generations. */
export async function monthTables({
  driver,
}: Connection): Promise<{ name: string; epoch: string; generation: number }[]> {
  const rows = await driver.all({ sql: driver.dialect.tables, parameters: [] });
  return rows.flatMap(({ name }) => {
    const [, epoch, generation] = TABLE.exec(String(name)) ?? [];
    return epoch === undefined || epoch === NO_EPOCH
      ? []
      : [{ name: String(name), epoch, generation: Number(generation ?? 1) }];
  });
}

/**
 * Drops all tables of the months before one. The state forgets them first, so that a crash leaves tables that nobody
 * reads; the next call drops those too.
 *
 * @param epoch `YYYYMM`.
 * @returns the months that were forgotten.
 * @throws {StoreFailure} SETTINGS for a text that is no month.
 */
export async function dropBefore(connection: Connection, epoch: string): Promise<string[]> {
  if (!/^\d{4}(0[1-9]|1[0-2])$/.test(epoch)) throw new StoreFailure("SETTINGS", "the month must be YYYYMM");
  let dropped: string[] = [];
  await connection.book.change((state) => {
    dropped = Object.keys(state.epochs).filter((name) => name !== NO_EPOCH && name < epoch);
    for (const name of dropped) delete state.epochs[name];
    for (const tags of allTags(state)) tags.months = tags.months.filter((month) => month >= epoch);
  });
  for (const table of await monthTables(connection)) {
    if (table.epoch < epoch) await connection.driver.exec(`DROP TABLE IF EXISTS ${table.name}`);
  }
  return dropped.sort();
}
