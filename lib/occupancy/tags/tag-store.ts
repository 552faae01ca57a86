import { isStoreFailure, StoreFailure } from "../failure.js";
import { checkPeriod, parseMac, type Session } from "../session.js";
import type { State, TagState } from "../state.js";
import type { StateBook } from "../state-book.js";
import { createTable } from "../store/create-table.js";
import type { Session as DatabaseSession, Row, StoreDriver, Value } from "../store/driver.js";
import { byMonth, type EndedSession, monthsOf, pseudonym, slotOf, tagInserts, tagKey } from "./tag-rows.js";
import { createTagTables, mark, tagTables } from "./tag-tables.js";
import { queryTags, TAG_SCOPE, type TagScope } from "./tag-tree.js";

/** To be shown wherever this mode can be switched on. */
export const TAGS_WARNING =
  "leaks equality: the database sees which rows share a device, an access point or a time, and who knows last month's profile names the access points";

const MAX_TAGS = 1000;

interface Question {
  /** What the database is to count. */
  what: string;
  scope: TagScope;
  id: Buffer;
  from: number;
  to: number;
}

/** The tags in use, and those that are being made under another master. */
export function allTags({ tags }: State): TagState[] {
  return tags ? [tags, ...(tags.moving ? [tags.moving] : [])] : [];
}

function ended(sessions: readonly Session[]): EndedSession[] {
  return sessions.filter((session): session is EndedSession => session.duration !== "open");
}

/**
 * The other mode: static pseudo-random tags, on which the database itself counts distinct devices. Off by default, see
 * {@link TAGS_WARNING}. Times are exact to slots of five minutes. Each month has tables of its own beside the cells'.
 * Once switched on, everybody who writes to the database writes tags too, until {@link dropAll}.
 */
export class TagStore {
  constructor(
    private readonly driver: StoreDriver,
    private readonly book: StateBook,
  ) {}

  /** Writes tags from now on; sessions that were stored before have none. @throws {StoreFailure} */
  async switchOn(): Promise<void> {
    if ((await this.book.recent()).tags) return;
    await this.book.change((state) => {
      state.tags ??= { key: this.book.masters.primary, generation: 1, months: [] };
    });
  }

  /** Makes the tables that a batch needs; not inside a transaction, since MySQL would commit it. */
  async prepare(sessions: readonly Session[]): Promise<void> {
    const state = await this.book.recent();
    if (!state.tags) return;
    const months = new Set(ended(sessions).flatMap((session) => monthsOf(session).map(({ month }) => month)));
    await this.addMonths(state, [...months]);
  }

  /**
   * Writes the tags of a batch in the transaction of its cells, to both tables while tags are made anew.
   *
   * @throws {StoreFailure} MISSING_TABLE where {@link prepare} has to run again.
   */
  async write(session: DatabaseSession, state: State, sessions: readonly Session[]): Promise<void> {
    const finished = ended(sessions);
    for (const tags of allTags(state)) {
      const missing = finished.flatMap(monthsOf).find(({ month }) => !tags.months.includes(month));
      if (missing) throw new StoreFailure("MISSING_TABLE", `the month ${missing.month} has no table for tags`);
      for (const query of tagInserts(this.driver, this.book.masters, tags, finished)) await session.run(query);
    }
  }

  /** Distinct devices at an access point in the slots that [from, to) touches, counted by the database. */
  async count(ap: string, from: number, to: number): Promise<number> {
    return await this.ask("count(DISTINCT device)", TAG_SCOPE.ap, Buffer.from(ap), from, to);
  }

  /** Whether a device was somewhere in the slots that [from, to) touches. */
  async presence(mac: string, from: number, to: number): Promise<boolean> {
    return (await this.ask("count(*)", TAG_SCOPE.mac, parseMac(mac), from, to)) > 0;
  }

  /** Takes every row of a device away, from all months, whether or not this process writes tags. */
  async erase(device: Buffer): Promise<void> {
    const { driver, book } = this;
    if (!(await book.fresh()).tags) return;
    const emptied: string[] = [];
    await driver.transaction(async (session) => {
      for (const tags of allTags(await book.locked(session))) {
        const parameters = [pseudonym(book.masters, tags, device)];
        for (const month of tags.months) {
          const { sessions, index } = tagTables(month, tags.generation);
          const own = `SELECT id FROM ${sessions} WHERE mtag = ${mark(driver, 1)}`;
          await session.run({ sql: `DELETE FROM ${index} WHERE id IN (${own})`, parameters });
          const rows = await session.run({
            sql: `DELETE FROM ${sessions} WHERE mtag = ${mark(driver, 1)}`,
            parameters,
          });
          if (rows > 0) emptied.push(index, sessions);
        }
      }
    });
    for (const table of emptied) await driver.purge(table);
  }

  /** Drops all tags, also what a crash has left of them, and nobody writes any more. @returns whether there were some. */
  async dropAll(): Promise<boolean> {
    const { driver } = this;
    const wasOn = (await this.book.fresh()).tags !== undefined;
    if (wasOn) await this.book.change((state) => delete state.tags);
    for (const { name } of await driver.all({ sql: driver.dialect.tables, parameters: [] })) {
      if (/^wl_tag(ses|idx)_/.test(String(name))) await driver.exec(`DROP TABLE IF EXISTS ${name}`);
    }
    return wasOn;
  }

  async dropMonth(month: string, generation: number): Promise<void> {
    const { sessions, index } = tagTables(month, generation);
    for (const table of [index, sessions]) await this.driver.exec(`DROP TABLE IF EXISTS ${table}`);
  }

  /** Makes the tables of a month's tags unless they are there. */
  async createMonth(month: string, generation: number): Promise<void> {
    for (const sql of createTagTables(this.driver, tagTables(month, generation))) await createTable(this.driver, sql);
  }

  private async addMonths(state: State, months: readonly string[]): Promise<void> {
    const missing = allTags(state).flatMap(({ generation, months: known }) =>
      months.filter((month) => !known.includes(month)).map((month) => ({ month, generation })),
    );
    if (missing.length === 0) return;
    for (const { month, generation } of missing) await this.createMonth(month, generation);
    await this.book.change((now) => {
      for (const tags of allTags(now)) {
        const own = missing.filter(({ generation }) => generation === tags.generation).map(({ month }) => month);
        tags.months = [...new Set([...tags.months, ...own])].sort();
      }
    });
  }

  private async ask(what: string, scope: TagScope, id: Buffer, from: number, to: number): Promise<number> {
    const question = { what, scope, id, ...checkPeriod(from, to) };
    try {
      return await this.askOnce(question, await this.book.recent());
    } catch (error) {
      if (!isStoreFailure(error, "MISSING_TABLE")) throw error;
      // Somebody dropped the month or made its tags anew since the state was read.
      return await this.askOnce(question, await this.book.fresh());
    }
  }

  private async askOnce({ what, scope, id, from, to }: Question, { tags }: State): Promise<number> {
    if (!tags) throw new StoreFailure("SETTINGS", "the mode tags is not switched on");
    const parameters: Value[] = [];
    const parts = byMonth(slotOf(from), slotOf(to - 1)).flatMap(({ month, first, last }) => {
      if (!tags.months.includes(month)) return [];
      const asked = queryTags(tagKey(this.book.masters, tags, month), scope, id, first, last);
      const { sessions, index } = tagTables(month, tags.generation);
      const marks = asked.map((tag) => mark(this.driver, parameters.push(tag))).join(",");
      return `SELECT s.mtag AS device FROM ${index} t JOIN ${sessions} s ON s.id = t.id WHERE t.tag IN (${marks})`;
    });
    if (parts.length === 0) return 0;
    if (parameters.length > MAX_TAGS) throw new StoreFailure("SETTINGS", "the period is too long for tags");
    const sql = `SELECT ${what} AS n FROM (${parts.join(" UNION ALL ")}) AS found`;
    const [row]: Row[] = await this.driver.all({ sql, parameters });
    return Number(row?.n ?? 0);
  }
}
