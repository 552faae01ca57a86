import { createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { StoreFailure } from "../failure.js";
import { checkPeriod, checkSession, parseMac, type Session } from "../session.js";
import { createTable } from "../store/create-table.js";
import type { Query, Row, StoreDriver } from "../store/driver.js";
import { queryTags, SLOT_SEC, sessionTags, TAG_BYTES, TAG_SCOPE, type TagScope } from "./tag-tree.js";

/** To be shown wherever this mode can be switched on. */
export const TAGS_WARNING =
  "leaks equality: the database sees which rows share a device, an access point or a time, and who knows last month's profile names the access points";

const AT_ONCE = 200;
/** Sessions open for longer have no place in a mode that stores no open ones. */
const MAX_TAGS = 1000;

interface TagDialect {
  create: string[];
  /** The n-th parameter of a statement. */
  mark(n: number): string;
}

function dialectOf(driver: StoreDriver): TagDialect {
  const bytes = { sqlite: "BLOB", postgresql: "BYTEA", mysql: `BINARY(${TAG_BYTES})` }[driver.kind];
  return {
    create: [
      `CREATE TABLE IF NOT EXISTS wl_tag_ses (id ${bytes} PRIMARY KEY, mtag ${bytes} NOT NULL)`,
      `CREATE TABLE IF NOT EXISTS wl_tag_idx (tag ${bytes} NOT NULL, id ${bytes} NOT NULL, PRIMARY KEY (tag, id))`,
    ],
    mark: (n) => (driver.kind === "postgresql" ? `$${n}` : "?"),
  };
}

/**
 * The other mode: static pseudo-random tags, on which the database itself counts distinct devices. Off by default, see
 * {@link TAGS_WARNING}. Times are exact to slots of five minutes, in tables of their own beside the cells.
 */
export class TagStore {
  private constructor(
    private readonly driver: StoreDriver,
    private readonly dialect: TagDialect,
    private readonly key: KeyObject,
  ) {}

  /**
   * @param key 32 bytes; with another one nothing is found any more.
   * @throws {StoreFailure}
   */
  static async open(driver: StoreDriver, key: Uint8Array): Promise<TagStore> {
    const dialect = dialectOf(driver);
    for (const sql of dialect.create) await createTable(driver, sql);
    return new TagStore(driver, dialect, createSecretKey(key));
  }

  /** Writes finished sessions; repeated ones count once all the same, since devices are counted. @throws {Rejection} */
  async add(sessions: readonly Session[]): Promise<void> {
    const ids: Buffer[][] = [];
    const tags: Buffer[][] = [];
    for (const { mac, ap, start, duration } of sessions.map(checkSession)) {
      if (duration === "open") throw new StoreFailure("SETTINGS", "tags are only for sessions that ended");
      const id = randomBytes(TAG_BYTES);
      const device = parseMac(mac);
      const [first, last] = [slotOf(start), slotOf(Math.max(start, start + duration - 1))];
      ids.push([id, this.pseudonym(device)]);
      const own = [
        ...sessionTags(this.key, TAG_SCOPE.ap, Buffer.from(ap), first, last),
        ...sessionTags(this.key, TAG_SCOPE.mac, device, first, last),
      ];
      tags.push(...own.map((tag) => [tag, id]));
    }
    await this.driver.transaction(async (session) => {
      for (const query of this.inserts("wl_tag_ses", ids)) await session.run(query);
      for (const query of this.inserts("wl_tag_idx", tags)) await session.run(query);
    });
  }

  /** Distinct devices at an access point in the slots that [from, to) touches, counted by the database. */
  async count(ap: string, from: number, to: number): Promise<number> {
    const [row] = await this.ask("count(DISTINCT s.mtag)", TAG_SCOPE.ap, Buffer.from(ap), from, to);
    return Number(row?.n ?? 0);
  }

  /** Whether a device was somewhere in the slots that [from, to) touches. */
  async presence(mac: string, from: number, to: number): Promise<boolean> {
    const [row] = await this.ask("count(*)", TAG_SCOPE.mac, parseMac(mac), from, to);
    return Number(row?.n ?? 0) > 0;
  }

  /** Takes every row of a device away. */
  async erase(mac: string): Promise<void> {
    const parameters = [this.pseudonym(parseMac(mac))];
    const own = `SELECT id FROM wl_tag_ses WHERE mtag = ${this.dialect.mark(1)}`;
    await this.driver.transaction(async (session) => {
      await session.run({ sql: `DELETE FROM wl_tag_idx WHERE id IN (${own})`, parameters });
      await session.run({ sql: `DELETE FROM wl_tag_ses WHERE mtag = ${this.dialect.mark(1)}`, parameters });
    });
  }

  private async ask(what: string, scope: TagScope, id: Buffer, from: number, to: number): Promise<Row[]> {
    const period = checkPeriod(from, to);
    const tags = queryTags(this.key, scope, id, slotOf(period.from), slotOf(period.to - 1));
    if (tags.length > MAX_TAGS) throw new StoreFailure("SETTINGS", "the period is too long for tags");
    const marks = tags.map((_, i) => this.dialect.mark(i + 1)).join(",");
    return await this.driver.all({
      sql: `SELECT ${what} AS n FROM wl_tag_idx t JOIN wl_tag_ses s ON s.id = t.id WHERE t.tag IN (${marks})`,
      parameters: tags,
    });
  }

  private inserts(table: string, rows: readonly Buffer[][]): Query[] {
    const queries: Query[] = [];
    for (let at = 0; at < rows.length; at += AT_ONCE) {
      const some = rows.slice(at, at + AT_ONCE);
      const values = some.map((_, i) => `(${this.dialect.mark(2 * i + 1)}, ${this.dialect.mark(2 * i + 2)})`);
      queries.push({ sql: `INSERT INTO ${table} VALUES ${values.join(", ")}`, parameters: some.flat() });
    }
    return queries;
  }

  private pseudonym(device: Buffer): Buffer {
    return createHmac("sha256", this.key).update("device").update(device).digest().subarray(0, TAG_BYTES);
  }
}

function slotOf(time: number): number {
  return Math.floor(time / SLOT_SEC);
}
