// What occupancy tests share: plaintext that knows the right answers, sessions that touch borders, watched databases.
import type { SeededRandom } from "../../lib/common/seeded-random.js";
import { connect, type StoreSource } from "../../lib/occupancy/connection.js";
import type { Session as WifiSession } from "../../lib/occupancy/session.js";
import type { Query, Session, StoreDriver } from "../../lib/occupancy/store/driver.js";

export const DAY = 86_400;
/** Noon of 15 October 2026. */
export const OCTOBER = Date.UTC(2026, 9, 15, 12) / 1000;
export const MASTER = Buffer.from("a7".repeat(31).concat("01"), "hex");
export const OTHER_MASTER = Buffer.from("b8".repeat(31).concat("02"), "hex");

export const macOf = (n: number): string =>
  (0x02_0000_0000_00 + n).toString(16).padStart(12, "0").replace(/..\B/g, "$&:");

/** The plaintext table, and its questions as SQL would ask them. */
export class PlainTruth {
  private readonly stays = new Map<string, { mac: string; ap: string; start: number; end: number }>();

  add(sessions: readonly WifiSession[]): void {
    for (const { mac, ap, start, duration } of sessions) {
      if (duration === "open") throw new Error("the plaintext knows no open sessions");
      const name = `${mac}|${ap}|${start}`;
      const end = Math.max(start + duration, this.stays.get(name)?.end ?? 0);
      this.stays.set(name, { mac, ap, start, end });
    }
  }

  presence(mac: string, from: number, to: number): boolean {
    return this.overlapping(from, to).some((stay) => stay.mac === mac);
  }

  /** Beginnings and ends of the device's stays, in order. */
  intervals(mac: string, from: number, to: number): string[] {
    const own = this.overlapping(from, to).filter((stay) => stay.mac === mac);
    return own.map(({ start, end, ap }) => `${start}-${end} ${ap}`).sort();
  }

  count(aps: ReadonlySet<string>, from: number, to: number): number {
    return new Set(this.overlapping(from, to).flatMap(({ mac, ap }) => (aps.has(ap) ? [mac] : []))).size;
  }

  private overlapping(from: number, to: number) {
    return [...this.stays.values()].filter(({ start, end }) => start < to && end > from);
  }
}

/** Times that lie on borders or anywhere in some days around the change from October to November. */
export function borderTime(random: SeededRandom): number {
  const month = Date.UTC(2026, 10, 1) / 1000;
  const border = month + (random.integer(7) - 3) * [3600, DAY][random.integer(2)]!;
  return random.integer(3) === 0 ? month - 3 * DAY + random.integer(6 * DAY) : border + random.integer(3) - 1;
}

/** Sessions with all that is difficult: no length, at borders of hours, days and months, longer than a day and a month. */
export function difficultSessions(random: SeededRandom, count: number, devices: number, aps: number): WifiSession[] {
  return Array.from({ length: count }, () => {
    const start = borderTime(random);
    const lengths = [
      0,
      1,
      random.integer(600),
      random.integer(4 * 3600),
      random.integer(3 * DAY),
      3600 - (start % 3600),
    ];
    if (random.integer(100) === 0) lengths.push(31 * DAY, 31 * DAY + 1, 62 * DAY + random.integer(1000));
    return {
      mac: macOf(random.integer(devices)),
      ap: `floor-${random.integer(2)}-ap-${random.integer(aps)}`,
      start,
      duration: lengths[random.integer(lengths.length)] as number,
    };
  });
}

/**
 * Gives a new database's roll-ups a secret that is always the same, so that every run has the same estimates: which
 * devices share a register, and count as one, is a matter of chance.
 */
export async function fixRollUps(store: StoreSource, masters: readonly Uint8Array[]): Promise<void> {
  const { book, driver } = await connect(store, masters, {});
  await book.change((state) => {
    state.rollUpSecret = "5d".repeat(32);
  });
  await driver.close();
}

/** A driver that tells of every statement, and may be made to fail. */
export function watched(
  inner: StoreDriver,
  watch: { onQuery?: (query: Query) => void; beforeCommit?: () => void; onStatement?: () => void },
): StoreDriver {
  const around = (session: Session): Session => ({
    exec: (sql) => {
      watch.onStatement?.();
      return session.exec(sql);
    },
    run: async (query) => {
      watch.onStatement?.();
      watch.onQuery?.(query);
      return await session.run(query);
    },
    all: async (query) => {
      watch.onStatement?.();
      watch.onQuery?.(query);
      return await session.all(query);
    },
  });
  return {
    kind: inner.kind,
    dialect: inner.dialect,
    ...around(inner),
    transaction: (work) =>
      inner.transaction(async (session) => {
        const result = await work(around(session));
        watch.beforeCommit?.();
        return result;
      }),
    purge: (table) => inner.purge(table),
    close: () => inner.close(),
  };
}
