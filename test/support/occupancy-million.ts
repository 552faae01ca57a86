import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { type Database, openDatabase } from "../../lib/common/sqlite.js";
import { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import type { Session } from "../../lib/occupancy/session.js";
import type { StoreSettings } from "../../lib/occupancy/store/open-driver.js";
import { DAY, MASTER, macOf } from "./occupancy.js";
import { tracesIn, tracesInFiles, type Wanted } from "./traces.js";

const APS = 300;
const DEVICES = 20_000;
const DAYS = 60;
/** 15 September 2026: three months, and the end of summer time in between. */
const FROM = Date.UTC(2026, 8, 15) / 1000;
const AT_ONCE = 10_000;
/** 5a:fe:c0:00:00:00 and on: four bytes that nothing else in a database's files begins with. */
const FIRST_MAC = 0x58fec0_000000;
/** Two megabytes at random hold the bytes of one of so many with a probability below 1 in 10 millions. */
const SAFE_COUNT = 10;

const deviceOf = (n: number) => macOf(FIRST_MAC + n);

/** The names of all access points; of the MACs the most frequent ones: bytes at random would hold one of all 20,000. */
export const WANTED: Wanted = {
  name: "floor-",
  mac: { prefix: Buffer.from("5afec000", "hex"), count: SAFE_COUNT },
};

/** Log-normal stays of 12.6 minutes in the median and 43 in the mean, with what is rare and difficult among them. */
export function* manySessions(count: number, seed: number): Generator<Session[]> {
  const random = new SeededRandom(seed);
  const duration = (start: number): number => {
    const kind = random.integer(1000);
    if (kind < 10) return 0;
    if (kind < 13) return DAY + random.integer(2 * DAY);
    if (kind < 23) return 3600 - (start % 3600);
    if (kind < 28) return DAY - (start % DAY);
    return Math.min(7 * DAY, Math.round(Math.exp(random.gaussian(Math.log(756), 1.567))));
  };
  for (let done = 0; done < count; done += AT_ONCE) {
    yield Array.from({ length: Math.min(AT_ONCE, count - done) }, (_, i) => {
      const about = FROM + Math.floor(((done + i) / count) * DAYS * DAY) + random.integer(7200);
      const start = random.integer(100) === 0 ? Math.ceil(about / 3600) * 3600 : about;
      return {
        mac: deviceOf(Math.floor(random.uniform() ** 2 * DEVICES)),
        ap: apOf(Math.floor(random.uniform() ** 1.5 * APS)),
        start,
        duration: duration(start),
      };
    });
  }
}

const apOf = (n: number) => `floor-${String(n % 12).padStart(2, "0")}-ap-${n}`;

/** The same sessions in a plaintext table with the indexes that its questions want. */
class PlainTable {
  readonly database: Database;
  private readonly add;
  private readonly stays;
  private readonly devices;
  private readonly floor;

  constructor(path: string) {
    this.database = openDatabase(path);
    this.database.exec(
      `CREATE TABLE s (mac TEXT, ap TEXT, start INTEGER, duration INTEGER, UNIQUE (mac, ap, start));
       CREATE INDEX by_mac ON s (mac, start, duration); CREATE INDEX by_ap ON s (ap, start, duration, mac);`,
    );
    this.add = this.database.prepare(
      `INSERT INTO s VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET duration = max(duration, excluded.duration)`,
    );
    const overlap = "start < ? AND start + duration > ?";
    this.stays = this.database.prepare(`SELECT start, duration, ap FROM s WHERE mac = ? AND ${overlap}`);
    this.devices = this.database.prepare(`SELECT count(DISTINCT mac) AS n FROM s WHERE ap = ? AND ${overlap}`);
    this.floor = this.database.prepare(
      `SELECT count(DISTINCT mac) AS n FROM s WHERE ap >= ? AND ap < ? AND ${overlap}`,
    );
  }

  insert(sessions: readonly Session[]): void {
    this.database.transaction(() => {
      for (const { mac, ap, start, duration } of sessions) this.add.run(mac, ap, start, Number(duration));
    });
  }

  presence(mac: string, from: number, to: number): string[] {
    const rows = this.stays.all(mac, to, from);
    return rows.map(({ start, duration, ap }) => `${start} ${Number(start) + Number(duration)} ${ap}`).sort();
  }

  count(ap: string, from: number, to: number): number {
    return Number(this.devices.get(ap, to, from)?.n);
  }

  countFloor(prefix: string, from: number, to: number): number {
    return Number(this.floor.get(prefix, `${prefix}~`, to, from)?.n);
  }
}

export interface MillionResult {
  sessions: number;
  rows: number;
  queries: number;
  wrong: number;
  insertedPerSec: number;
  /** Bytes of the database's files and of its dump that hold no name and no MAC. */
  searched: number;
}

/** What a thief can get of a database: its files, and what the vendor's program for backups writes. */
export interface Stolen {
  folder: string;
  dump(settings: StoreSettings): Buffer;
}

/**
 * Fills a database with sessions and asks it at random, every answer against plaintext SQL; then opens every row, and
 * looks for names and MACs in its files and its dump.
 *
 * @param folder for the plaintext; not the database's.
 * @throws {AssertionError} for the first wrong answer.
 */
export async function millionDrill(
  settings: StoreSettings,
  stolen: Stolen,
  folder: string,
  options: { sessions: number; queries: number; seed: number; progress(line: string): void },
): Promise<MillionResult> {
  const { sessions, queries, seed, progress } = options;
  const plainPath = join(folder, `plain-${settings.kind}.db`);
  const plain = new PlainTable(plainPath);
  const store = OccupancyStore.open({ store: settings, masters: [MASTER] });
  try {
    let done = 0;
    let writingMs = 0;
    for (const batch of manySessions(sessions, seed)) {
      plain.insert(batch);
      const from = performance.now();
      await store.ingest(batch);
      writingMs += performance.now() - from;
      done += batch.length;
      if (done % 100_000 === 0) progress(`${settings.kind}: ${done} sessions`);
    }
    const random = new SeededRandom(seed + 1);
    for (let i = 0; i < queries; i++) {
      await compare(store, plain, random, seed);
      if ((i + 1) % 2000 === 0) progress(`${settings.kind}: ${i + 1} queries`);
    }
    const rows = (await store.verify()).reduce((sum, table) => sum + table.rows, 0);
    const searched = assertNoTraces(settings, stolen);
    return { sessions, rows, queries, wrong: 0, insertedPerSec: Math.round((1000 * sessions) / writingMs), searched };
  } finally {
    await store.close();
    plain.database.close();
    for (const end of ["", "-wal", "-shm"]) rmSync(plainPath + end, { force: true });
  }
}

function assertNoTraces(settings: StoreSettings, stolen: Stolen): number {
  const dump = stolen.dump(settings);
  if (settings.kind !== "sqlite") assert.ok(dump.includes("wl_idx_202610"), "the dump has the tables");
  const files = tracesInFiles(stolen.folder, WANTED);
  assert.deepEqual([...files.found, ...tracesIn(dump, WANTED).map((what) => `${what} in the dump`)], []);
  return files.bytes + dump.length;
}

async function compare(store: OccupancyStore, plain: PlainTable, random: SeededRandom, seed: number): Promise<void> {
  const lengths = [1 + random.integer(3600), 3600, DAY, 1 + random.integer(3 * DAY), 30 * DAY];
  const kind = random.integer(100);
  const isOnBorder = random.integer(4) === 0;
  const any = FROM - DAY + random.integer((DAYS + 2) * DAY);
  const from = isOnBorder ? Math.round(any / 3600) * 3600 : any;
  const to = from + (lengths[kind < 96 ? kind % 4 : 4] as number);
  if (kind < 60 || kind === 99) {
    const mac = deviceOf(random.integer(DEVICES + 10));
    const { present, intervals } = await store.presence(mac, from, to);
    const told = intervals.map((interval) => `${interval.from} ${interval.to} ${interval.ap}`).sort();
    const truth = plain.presence(mac, from, to);
    assert.equal(present, truth.length > 0, `presence of ${mac} in ${from} to ${to}, seed ${seed}`);
    // Stays that follow each other without a gap are told as one.
    if (told.length === truth.length) assert.deepEqual(told, truth);
    else
      assert.ok(
        told.length < truth.length && covers(told) === covers(truth),
        `intervals of ${mac} in ${from} to ${to}`,
      );
  } else if (kind < 97) {
    const ap = apOf(random.integer(APS));
    const { count } = await store.count({ names: [ap] }, from, to);
    assert.equal(count, plain.count(ap, from, to), `count at ${ap} in ${from} to ${to}, seed ${seed}`);
  } else {
    const prefix = `floor-${String(random.integer(12)).padStart(2, "0")}-`;
    const until = Math.min(to, from + DAY);
    const { count } = await store.count({ prefix }, from, until);
    assert.equal(
      count,
      plain.countFloor(prefix, from, until),
      `count on ${prefix} in ${from} to ${until}, seed ${seed}`,
    );
  }
}

/** Sum of the lengths. */
function covers(intervals: readonly string[]): number {
  return intervals.reduce((sum, text) => sum + Number(text.split(" ")[1]) - Number(text.split(" ")[0]), 0);
}
