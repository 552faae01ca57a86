import { createHmac, randomBytes } from "node:crypto";
import { type OpenLimit, type Stay, staysOf } from "../answers.js";
import { type Cell, DAY, epochAt, HOUR, SCOPE } from "../cell.js";
import type { Connection } from "../connection.js";
import type { EpochKeys } from "../keys.js";
import { decodeSession, sealValue } from "../record.js";
import { rollUpTable } from "../state.js";
import type { LabelledValue } from "../store/driver.js";
import { HyperLogLog } from "./hyperloglog.js";
import { precisionOf, rollUpLabel } from "./roll-up-rows.js";

/** Access points whose day is read at once; between them others get their turn. */
const AT_ONCE = 20;
const NONCE_BYTES = 12;
const MAX_HASHES = 100_000;
/** How often the roll-ups of today are written, seconds. */
const REFRESH_SEC = 300;
/** At the start more often: a backlog comes in then, and somebody waits to see it. */
const START_REFRESH_SEC = 30;
const START_SEC = 600;

/** Where the roll-ups of a day are written. */
interface Target {
  table: string;
  keys: EpochKeys;
}

/**
 * Writes encrypted HyperLogLog sketches: one for each hour and day of every access point, whether anybody was there or
 * not, made from the exact cells. Written again, they replace the old ones.
 */
export class RollUps {
  private readonly hashes = new Map<number, Buffer>();
  private readonly due = new Set<number>();
  private lastAt = Number.NEGATIVE_INFINITY;
  private firstAt: number | undefined;

  /**
   * Writes today's roll-ups every five minutes, in the first ten minutes every half, with them those of days that got
   * late sessions; the first time also yesterday's.
   */
  async keepUp(connection: Connection, now: number, touched: readonly number[], limit: OpenLimit): Promise<void> {
    for (const day of touched) this.due.add(day);
    this.firstAt ??= now;
    if (now - this.lastAt < (now - this.firstAt < START_SEC ? START_REFRESH_SEC : REFRESH_SEC)) return;
    const today = Math.floor(now / DAY);
    if (this.lastAt === Number.NEGATIVE_INFINITY || Math.floor(this.lastAt / DAY) !== today) this.due.add(today - 1);
    this.lastAt = now;
    this.due.add(today);
    for (const day of [...this.due].sort((a, b) => a - b)) {
      await this.write(connection, day * DAY, (day + 1) * DAY, limit);
      this.due.delete(day);
    }
  }

  /** Writes the roll-ups of the days that [from, to) touches. @returns how many rows. */
  async write(connection: Connection, from: number, to: number, limit: OpenLimit): Promise<number> {
    const days: number[] = [];
    for (let day = Math.floor(from / DAY); day * DAY < to; day++) days.push(day);
    const epochs = [...new Set(days.map((day) => epochAt(day * DAY)))];
    await connection.book.addEpochs(epochs);
    await connection.book.addRollUps(epochs);
    let written = 0;
    for (const day of days) {
      const epoch = epochAt(day * DAY);
      const rollUps = (await connection.book.fresh()).epochs[epoch]?.rollUps;
      // Retention has dropped the month meanwhile.
      if (!rollUps) continue;
      const keys = connection.book.masters.keys(rollUps.key, epoch);
      written += await this.writeDay(connection, day, { table: rollUpTable(epoch, rollUps.generation), keys }, limit);
    }
    return written;
  }

  async writeDay(connection: Connection, day: number, target: Target, limit: OpenLimit): Promise<number> {
    const names = await connection.directory.all();
    const { rollUpSecret } = await connection.book.recent();
    const secret = Buffer.from(rollUpSecret, "hex");
    let written = 0;
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const cells = names.slice(at, at + AT_ONCE).map((name): Cell => {
        return { scope: SCOPE.apDay, slot: day, id: Buffer.from(name) };
      });
      const rows: LabelledValue[] = [];
      const found = new Map((await connection.reader.read(cells)).map(({ open, records }) => [open.cell, records]));
      for (const cell of cells) {
        const sessions = (found.get(cell) ?? []).flatMap((record) => decodeSession(record) ?? []);
        rows.push(...this.rowsOf(cell, staysOf(sessions, limit), secret, target.keys));
      }
      rows.sort((a, b) => Buffer.compare(a.label, b.label));
      await connection.driver.transaction(async (session) => {
        for (const query of connection.driver.dialect.put(target.table, rows)) await session.run(query);
      });
      written += rows.length;
    }
    return written;
  }

  /** The day's row and those of its 24 hours. */
  private rowsOf(day: Cell, stays: readonly Stay[], secret: Buffer, keys: EpochKeys): LabelledValue[] {
    const slots = Array.from(
      { length: 24 },
      (_, i): Cell => ({ ...day, scope: SCOPE.apHour, slot: day.slot * 24 + i }),
    );
    return [day, ...slots].map((cell) => {
      const length = cell.scope === SCOPE.apDay ? DAY : HOUR;
      const from = cell.slot * length;
      const sketch = new HyperLogLog(precisionOf(cell));
      for (const { mac, start, end } of stays) {
        // Whoever touches the slot counts in it, be it with a session of no length.
        if (start < from + length && Math.max(end, start + 1) > from) sketch.add(this.hash(secret, mac));
      }
      const label = rollUpLabel(keys, cell);
      return { label, value: sealValue(keys.record, randomBytes(NONCE_BYTES), label, sketch.pack()) };
    });
  }

  private hash(secret: Buffer, mac: number): Buffer {
    let hash = this.hashes.get(mac);
    if (!hash) {
      const bytes = Buffer.alloc(6);
      bytes.writeUIntBE(mac, 0, 6);
      hash = createHmac("sha256", secret).update(bytes).digest().subarray(0, 8);
      if (this.hashes.size >= MAX_HASHES) this.hashes.clear();
      this.hashes.set(mac, hash);
    }
    return hash;
  }
}
