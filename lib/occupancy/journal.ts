import { randomBytes } from "node:crypto";
import { type Database, openDatabase } from "../common/sqlite.js";
import { StoreFailure } from "./failure.js";
import { deriveKey, NO_EPOCH } from "./keys.js";
import { sealSession, unsealSession } from "./sealed-session.js";
import type { Session } from "./session.js";
import { nextHour } from "./spread.js";

/** A session that waits for the tables. */
export interface Waiting {
  position: number;
  session: Session;
  /** An open record of it was carried into the cells before this time, Unix seconds; 0 for never. */
  until: number;
  /** Above 0 it is such a record itself, for the hours from `until` up to here. */
  carriedTo: number;
}

/** An open session and the end of the hour that its record was carried into. */
export interface OpenSession {
  session: Session;
  until: number;
}

/** What waits for the database, and which sessions are open. */
export interface Journal {
  /** Names the journal in the database; positions rise within it. */
  readonly id: string;
  /** The highest position that it ever gave, when it was opened. */
  readonly lastAtOpening: number;
  /** Whether what {@link add} took over survives a crash. */
  readonly isDurable: boolean;
  readonly waiting: number;
  /** Positions of the sessions, once they are taken over. */
  add(sessions: readonly Session[]): number[];
  /** The oldest waiting ones, at most `count`. */
  first(count: number): Waiting[];
  /** The tables have all up to a position. */
  done(position: number): void;
  /** Open sessions that were not carried into the hour that begins at a time. */
  behind(hour: number): OpenSession[];
  /** Adds the carried records of open sessions up to the hour that begins at a time; all of them or none. */
  carry(open: readonly OpenSession[], hour: number): void;
  /** Forgets open sessions that began before a time: their end was never told. */
  forgetBefore(time: number): void;
  /** Forgets what waits and is open of one device. */
  forgetDevice(mac: string): void;
  /** Takes another name. */
  renew(): void;
  close(): void;
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS waiting (
    position INTEGER PRIMARY KEY AUTOINCREMENT, session BLOB NOT NULL, carried_to INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS open (id BLOB PRIMARY KEY, session BLOB NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
`;

/** Of a session whose end may come: the same for its open and its final record. */
export function sessionName({ mac, start, ap }: Session): string {
  return `${mac}|${start}|${ap}`;
}

/** The journal in a SQLite file of the proxy; sessions are sealed in it with a key of the master. */
export class FileJournal implements Journal {
  readonly isDurable = true;
  readonly lastAtOpening: number;
  id: string;
  private readonly key: Buffer;
  private readonly database: Database;
  private count: number;
  /** By name; few beside the waiting ones, since a device is at one access point at a time. */
  private readonly open = new Map<string, { id: Buffer; until: number; session: Session }>();
  private readonly sql;

  /**
   * @param path a file of its own for each store.
   * @param masters the proxy's masters: the first one that opens what is in the file is taken, else the first.
   * @throws {StoreFailure} WRONG_KEY; Error of SQLite.
   */
  constructor(path: string, masters: readonly Uint8Array[], prefix?: string) {
    this.database = openDatabase(path, { synchronous: "FULL" });
    try {
      this.database.prepare("PRAGMA secure_delete = ON").all();
      this.database.exec(TABLES);
      const meta = this.database.prepare("SELECT value FROM meta WHERE name = ?");
      const addMeta = this.database.prepare("INSERT OR IGNORE INTO meta VALUES (?, ?)");
      this.sql = {
        add: this.database.prepare("INSERT INTO waiting (session, carried_to) VALUES (?, ?)"),
        last: this.database.prepare("SELECT last_insert_rowid() AS position"),
        first: this.database.prepare("SELECT position, session, carried_to FROM waiting ORDER BY position LIMIT ?"),
        done: this.database.prepare("DELETE FROM waiting WHERE position <= ?"),
        remove: this.database.prepare("DELETE FROM waiting WHERE position = ?"),
        putOpen: this.database.prepare("INSERT OR REPLACE INTO open VALUES (?, ?, ?)"),
        removeOpen: this.database.prepare("DELETE FROM open WHERE id = ?"),
      };
      addMeta.run("id", randomBytes(8));
      addMeta.run("salt", randomBytes(32));
      const read = (name: string) => meta.get(name)?.value as Buffer;
      this.id = read("id").toString("hex");
      const salt = read("salt");
      const keys = masters.map((master) => deriveKey(master, salt, "journal", NO_EPOCH, prefix));
      const key = this.keyOf(keys);
      if (!key) throw new StoreFailure("WRONG_KEY", `${path}: written with a key that is not in the key file`);
      this.key = key;
      const last = this.database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'waiting'").get();
      this.lastAtOpening = Number(last?.seq ?? 0);
      this.count = Number(this.database.prepare("SELECT count(*) AS n FROM waiting").get()?.n);
      for (const row of this.database.prepare("SELECT id, session, until FROM open").all()) {
        const { session } = unsealSession(this.key, row.session as Buffer);
        this.open.set(sessionName(session), { id: row.id as Buffer, until: Number(row.until), session });
      }
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  get waiting(): number {
    return this.count;
  }

  add(sessions: readonly Session[]): number[] {
    const opened: [string, { id: Buffer; until: number; session: Session }][] = [];
    const ended: string[] = [];
    const positions = this.database.transaction(() =>
      sessions.map((session) => {
        const name = sessionName(session);
        const open = this.open.get(name) ?? opened.find(([key]) => key === name)?.[1];
        if (session.duration === "open") {
          const entry = open ?? { id: randomBytes(16), until: nextHour(session.start), session };
          this.sql.putOpen.run(entry.id, sealSession(this.key, session), entry.until);
          if (!open) opened.push([name, entry]);
          return this.insert(session, 0, 0);
        }
        if (open) {
          this.sql.removeOpen.run(open.id);
          ended.push(name);
        }
        return this.insert(session, open?.until ?? 0, 0);
      }),
    );
    for (const [name, entry] of opened) this.open.set(name, entry);
    for (const name of ended) this.open.delete(name);
    this.count += sessions.length;
    return positions;
  }

  first(count: number): Waiting[] {
    return this.sql.first.all(count).map((row) => {
      const { session, time } = unsealSession(this.key, row.session as Buffer);
      return { position: Number(row.position), session, until: time, carriedTo: Number(row.carried_to) };
    });
  }

  done(position: number): void {
    this.count -= this.sql.done.run(position);
  }

  behind(hour: number): OpenSession[] {
    return [...this.open.values()].filter(({ until }) => until <= hour);
  }

  carry(open: readonly OpenSession[], hour: number): void {
    const until = nextHour(hour);
    const known = open.flatMap(({ session }) => this.open.get(sessionName(session)) ?? []);
    this.database.transaction(() => {
      for (const { id, session, until: from } of known) {
        this.insert(session, from, until);
        this.sql.putOpen.run(id, sealSession(this.key, session), until);
      }
    });
    for (const entry of known) entry.until = until;
    this.count += known.length;
  }

  forgetBefore(time: number): void {
    this.forgetOpen(({ start }) => start < time);
  }

  forgetDevice(mac: string): void {
    this.forgetOpen((session) => session.mac === mac);
    for (const { position, session } of this.first(this.count)) {
      if (session.mac === mac) this.count -= this.sql.remove.run(position);
    }
  }

  renew(): void {
    const id = randomBytes(8);
    this.database.prepare("UPDATE meta SET value = ? WHERE name = 'id'").run(id);
    this.id = id.toString("hex");
  }

  close(): void {
    this.database.close();
  }

  private forgetOpen(isGone: (session: Session) => boolean): void {
    for (const [name, { id, session }] of this.open) {
      if (!isGone(session)) continue;
      this.sql.removeOpen.run(id);
      this.open.delete(name);
    }
  }

  private insert(session: Session, time: number, carriedTo: number): number {
    this.sql.add.run(sealSession(this.key, session, time), carriedTo);
    return Number(this.sql.last.get()?.position);
  }

  /** The key that opens what is in the file; the first one for an empty file. */
  private keyOf(keys: readonly Buffer[]): Buffer | undefined {
    const sample = this.database
      .prepare("SELECT session FROM waiting UNION ALL SELECT session FROM open LIMIT 1")
      .get()?.session;
    if (!sample) return keys[0];
    return keys.find((key) => {
      try {
        unsealSession(key, sample as Buffer);
        return true;
      } catch {
        return false;
      }
    });
  }
}
