import { statSync } from "node:fs";
import { type Database, openDatabase, type Statement } from "../../lib/common/sqlite.js";
import { MAX_DURATION_SEC, parseMac, type Session } from "../../lib/occupancy/session.js";
import type { Question } from "./questions.js";

/** The same cache and the same promise about the disk as the encrypted store has. */
const CACHE_KIB = 65_536;

/** A session whose end is known, as all of a benchmark are. */
export type Finished = Session & { duration: number };

/** What people do without encryption: one row per session, indexes by device and by access point with the time. */
export class PlainIndex {
  private readonly database: Database;
  private readonly insert: Statement;
  private readonly presence: Statement;
  private readonly count: Statement;
  private longest = 0;

  constructor(private readonly path: string) {
    this.database = openDatabase(path, { synchronous: "FULL" });
    this.database.prepare(`PRAGMA cache_size = -${CACHE_KIB}`).all();
    this.database.exec(
      "CREATE TABLE sessions (id INTEGER PRIMARY KEY, mac BLOB NOT NULL, ap TEXT NOT NULL, start INTEGER NOT NULL, duration INTEGER NOT NULL)",
    );
    this.database.exec("CREATE INDEX by_mac ON sessions (mac, start)");
    this.database.exec("CREATE INDEX by_ap ON sessions (ap, start)");
    this.insert = this.database.prepare("INSERT INTO sessions (mac, ap, start, duration) VALUES (?, ?, ?, ?)");
    const overlap = "start < ? AND start > ? AND start + duration > ?";
    this.presence = this.database.prepare(
      `SELECT EXISTS (SELECT 1 FROM sessions WHERE mac = ? AND ${overlap}) AS answer`,
    );
    this.count = this.database.prepare(
      `SELECT COUNT(DISTINCT mac) AS answer FROM sessions WHERE ap = ? AND ${overlap}`,
    );
  }

  add(sessions: readonly Finished[]): void {
    this.database.transaction(() => {
      for (const { mac, ap, start, duration } of sessions) {
        this.insert.run(parseMac(mac), ap, start, duration);
        this.longest = Math.max(this.longest, duration);
      }
    });
  }

  /** The index ends where no session is long enough to reach the period. */
  isPresent({ mac, from, to }: Question): boolean {
    return this.presence.get(parseMac(mac), to, from - this.bound, from)?.answer === 1;
  }

  countAt({ ap, from, to }: Question): number {
    return Number(this.count.get(ap, to, from - this.bound, from)?.answer);
  }

  /** Bytes of the file. */
  size(): number {
    this.database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
    return statSync(this.path).size;
  }

  close(): void {
    this.database.close();
  }

  private get bound(): number {
    return Math.min(this.longest, MAX_DURATION_SEC) + 1;
  }
}
