import { createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { epochAt, epochSpan } from "../cell.js";
import type { Masters } from "../keys.js";
import { parseMac, type Session } from "../session.js";
import type { TagState } from "../state.js";
import type { Query, StoreDriver } from "../store/driver.js";
import { mark, tagTables } from "./tag-tables.js";
import { SLOT_SEC, sessionTags, TAG_BYTES, TAG_SCOPE } from "./tag-tree.js";

const AT_ONCE = 200;

/** A session that ended. */
export type EndedSession = Session & { duration: number };

/** Slots of five minutes within one month. */
export interface MonthSlots {
  month: string;
  first: number;
  last: number;
}

export function slotOf(time: number): number {
  return Math.floor(time / SLOT_SEC);
}

/** The slots first … last, month by month: no slot lies in two. */
export function byMonth(first: number, last: number): MonthSlots[] {
  const pieces: MonthSlots[] = [];
  for (let at = first; at <= last; ) {
    const month = epochAt(at * SLOT_SEC);
    const end = Math.min(last, slotOf(epochSpan(month).to) - 1);
    pieces.push({ month, first: at, last: end });
    at = end + 1;
  }
  return pieces;
}

/** The slots that a session touches, month by month. */
export function monthsOf({ start, duration }: EndedSession): MonthSlots[] {
  return byMonth(slotOf(start), slotOf(Math.max(start, start + duration - 1)));
}

/** The key of a month's tags. */
export function tagKey(masters: Masters, { key }: TagState, month: string): KeyObject {
  return createSecretKey(masters.secret(key, "tag", month));
}

/** What stands for a device in all months, so that the database can count over their borders. */
export function pseudonym(masters: Masters, { key }: TagState, device: Buffer): Buffer {
  return createHmac("sha256", masters.secret(key, "tag")).update(device).digest().subarray(0, TAG_BYTES);
}

/** Statements that write the parts of sessions in those months that have tables; one session has one row a month. */
export function tagInserts(
  driver: StoreDriver,
  masters: Masters,
  tags: TagState,
  sessions: readonly EndedSession[],
): Query[] {
  const months = new Map<string, { key: KeyObject; ids: Buffer[][]; tags: Buffer[][] }>();
  for (const session of sessions) {
    const device = parseMac(session.mac);
    const ap = Buffer.from(session.ap);
    for (const { month, first, last } of monthsOf(session)) {
      if (!tags.months.includes(month)) continue;
      const rows = months.get(month) ?? { key: tagKey(masters, tags, month), ids: [], tags: [] };
      months.set(month, rows);
      const id = randomBytes(TAG_BYTES);
      rows.ids.push([id, pseudonym(masters, tags, device)]);
      for (const tag of sessionTags(rows.key, TAG_SCOPE.ap, ap, first, last)) rows.tags.push([tag, id]);
      for (const tag of sessionTags(rows.key, TAG_SCOPE.mac, device, first, last)) rows.tags.push([tag, id]);
    }
  }
  return [...months].flatMap(([month, rows]) => {
    const tables = tagTables(month, tags.generation);
    return [...inserts(driver, tables.sessions, rows.ids), ...inserts(driver, tables.index, rows.tags)];
  });
}

function inserts(driver: StoreDriver, table: string, rows: readonly Buffer[][]): Query[] {
  const queries: Query[] = [];
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    const some = rows.slice(at, at + AT_ONCE);
    const values = some.map((_, i) => `(${mark(driver, 2 * i + 1)}, ${mark(driver, 2 * i + 2)})`);
    queries.push({ sql: `INSERT INTO ${table} VALUES ${values.join(", ")}`, parameters: some.flat() });
  }
  return queries;
}
