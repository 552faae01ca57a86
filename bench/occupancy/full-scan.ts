import { createSecretKey, randomBytes } from "node:crypto";
import { type Database, openDatabase, type Statement } from "../../lib/common/sqlite.js";
import { apField, decodeSession, encodeSession, openValue, sealValue } from "../../lib/occupancy/record.js";
import { parseMac } from "../../lib/occupancy/session.js";
import type { Finished } from "./plain-index.js";
import type { Question } from "./questions.js";

const CACHE_KIB = 65_536;
const PAGE = 10_000;
const LABEL_BYTES = 16;

/** What is left when nothing but ciphertexts is stored: every question reads and opens all rows. */
export class FullScan {
  private readonly database: Database;
  private readonly insert: Statement;
  private readonly page: Statement;
  private readonly key = createSecretKey(randomBytes(32));

  constructor(path: string) {
    this.database = openDatabase(path, { synchronous: "FULL" });
    this.database.prepare(`PRAGMA cache_size = -${CACHE_KIB}`).all();
    this.database.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, label BLOB NOT NULL, val BLOB NOT NULL)");
    this.insert = this.database.prepare("INSERT INTO rows (label, val) VALUES (?, ?)");
    this.page = this.database.prepare("SELECT id, label, val FROM rows WHERE id > ? ORDER BY id LIMIT ?");
  }

  add(sessions: readonly Finished[]): void {
    const random = randomBytes((LABEL_BYTES + 12) * sessions.length);
    this.database.transaction(() => {
      for (const [i, { mac, ap, start, duration }] of sessions.entries()) {
        const at = i * (LABEL_BYTES + 12);
        const label = random.subarray(at, at + LABEL_BYTES);
        const record = encodeSession(parseMac(mac), start, duration, apField(ap));
        const nonce = random.subarray(at + LABEL_BYTES, at + LABEL_BYTES + 12);
        this.insert.run(label, sealValue(this.key, nonce, label, record));
      }
    });
  }

  isPresent(question: Question): boolean {
    const mac = parseMac(question.mac);
    return this.scan(question, (record) => record.mac.equals(mac)).size > 0;
  }

  countAt(question: Question): number {
    const ap = apField(question.ap);
    return this.scan(question, (record) => record.ap.equals(ap)).size;
  }

  close(): void {
    this.database.close();
  }

  private scan(
    { from, to }: Question,
    matches: (record: NonNullable<ReturnType<typeof decodeSession>>) => boolean,
  ): Set<number> {
    const devices = new Set<number>();
    for (let after = 0; ; ) {
      const rows = this.page.all(after, PAGE);
      for (const { label, val } of rows) {
        const opened = openValue(this.key, label as Buffer, val as Buffer);
        const record = opened && decodeSession(opened);
        if (!record || record.start >= to || record.start + record.duration <= from) continue;
        if (matches(record)) devices.add(record.mac.readUIntBE(0, 6));
      }
      if (rows.length < PAGE) return devices;
      after = Number(rows.at(-1)?.id);
    }
  }
}
