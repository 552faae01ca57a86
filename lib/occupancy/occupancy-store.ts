import { type Connection, connect, type StoreSource } from "./connection.js";
import type { AccessPoints } from "./directory.js";
import { type Erased, erase } from "./erasure.js";
import { isStoreFailure, StoreFailure } from "./failure.js";
import { Ingest, type IngestSettings, type IngestStatus } from "./ingest.js";
import { FileJournal, type Journal } from "./journal.js";
import { checkMark, forgetMark } from "./journal-marks.js";
import type { ReloadMasters } from "./keys.js";
import { MemoryJournal } from "./memory-journal.js";
import { checkPadding, type Padding, padCells, padClosed } from "./padding.js";
import { type CountAnswer, count, type PresenceAnswer, presence } from "./query.js";
import { dropBefore } from "./retention.js";
import { type EstimateAnswer, estimate, type HeatAnswer, heat } from "./rollup/estimate.js";
import { RollUps } from "./rollup/roll-ups.js";
import { type RotationProgress, rotate } from "./rotation.js";
import type { Companion } from "./row-writer.js";
import { type StoredRow, storedRows } from "./samples.js";
import { formatMac, parseMac, type Session } from "./session.js";
import { type TableReport, verifyTables } from "./verify-tables.js";

export interface OccupancyOptions {
  store: StoreSource;
  /** Keys of 32 bytes: the first one writes, all read. */
  masters: readonly Uint8Array[];
  /** Reads `masters` once more where the database names one that is not among them: it may have been given a new one. */
  reload?: ReloadMasters;
  /**
   * File of the proxy for what waits for the database: with it a session is acknowledged when it is on the disk, and
   * an unreachable database loses nothing. Without one it is acknowledged when the database has it.
   */
  journalPath?: string;
  /**
   * Keys of the journal, like `masters`, which it uses unless told otherwise. With keys of its own what was taken over
   * under a wrong master is not lost.
   */
  journalMasters?: readonly Uint8Array[];
  ingest?: IngestSettings;
  padding?: Padding;
  /** Writes roll-ups for dashboards at {@link OccupancyStore.maintain}. */
  rollUps?: boolean;
  /**
   * true switches static tags on, on which the database itself counts. Leaks equality, see `TAGS_WARNING`. From then on
   * everybody who writes to the database writes them. false drops them all; without it they stay as they are.
   */
  tags?: boolean;
  /** How long a session may stay open, seconds; 86,400 unless told otherwise. */
  openSec?: number;
  /** Milliseconds since the Unix epoch. */
  clock?: () => number;
  /** Begins the HKDF info; only test vectors have another one. */
  prefix?: string;
}

export interface OccupancyStatus extends IngestStatus {
  /** Whether the database was reached and the key is right. */
  isConnected: boolean;
}

/**
 * WiFi sessions in a database that learns neither who, nor where, nor when: counter-labelled encrypted cells
 * (Cash et al., NDSS 2014; cells and counters as in Concealer, Gupta et al., EDBT 2021). The holder of this object is
 * the proxy: it has the key, and filters exactly what the cells return.
 *
 * Times are Unix seconds, periods half-open: [from, to). A session counts when `start < to` and `start + duration > from`.
 */
export class OccupancyStore {
  private connection: Promise<Connection> | undefined;
  private readonly ingesting: Ingest;
  private readonly rollUps: RollUps;
  private readonly touched = new Set<number>();
  private paddedUntil: number | undefined;
  private readonly openSec: number;
  private readonly clock: () => number;
  private isConnected = false;
  private isClosed = false;

  private constructor(
    private readonly options: OccupancyOptions,
    private readonly journal: Journal,
  ) {
    this.openSec = options.openSec ?? 86_400;
    this.clock = options.clock ?? Date.now;
    this.rollUps = new RollUps();
    this.ingesting = new Ingest(
      journal,
      async () => (await this.connected()).writer,
      (sessions) => this.prepare(sessions),
      (sessions) => void this.wrote(sessions),
      options.ingest,
    );
  }

  /**
   * Opens the journal; the database is reached when it is first needed, see {@link ready}.
   *
   * @throws {StoreFailure} SETTINGS, WRONG_KEY of the journal.
   */
  static open(options: OccupancyOptions): OccupancyStore {
    checkPadding(options.padding);
    const { journalPath, masters, journalMasters = masters, prefix } = options;
    if (masters.length === 0) throw new StoreFailure("SETTINGS", "the occupancy store needs a key");
    const journal =
      journalPath === undefined ? new MemoryJournal() : new FileJournal(journalPath, journalMasters, prefix);
    return new OccupancyStore(options, journal);
  }

  /**
   * Reaches the database and checks the key.
   *
   * @throws {StoreFailure} UNREACHABLE, WRONG_KEY, TAMPERED, SETTINGS.
   */
  async ready(): Promise<void> {
    await this.connected();
  }

  get status(): OccupancyStatus {
    return { ...this.ingesting.status, isConnected: this.isConnected };
  }

  /**
   * Takes sessions over; equal ones count once, an `"open"` one until its final one comes, in any order.
   *
   * @returns once they cannot be lost any more, see `journalPath`.
   * @throws {Rejection} SCHEMA, FORMAT or RANGE: none of them was taken over; {StoreFailure} FULL.
   */
  async ingest(sessions: readonly Session[]): Promise<void> {
    await this.ingesting.add(sessions);
  }

  /** Brings all that waits into the tables. @throws {StoreFailure} */
  async flush(): Promise<void> {
    await this.ingesting.flush();
  }

  /** Whether and when a device was there. @throws {Rejection} FORMAT, RANGE; {StoreFailure} */
  async presence(mac: string, from: number, to: number): Promise<PresenceAnswer> {
    return await presence(await this.connected(), mac, from, to, this.limit());
  }

  /** How many devices, exactly. @throws {Rejection} RANGE; {StoreFailure} */
  async count(accessPoints: AccessPoints, from: number, to: number): Promise<CountAnswer> {
    return await count(await this.connected(), accessPoints, from, to, this.limit());
  }

  /** How many devices, from roll-ups: whole hours, about 2 % off for days and 6 % for hours. @throws as {@link count} */
  async estimate(accessPoints: AccessPoints, from: number, to: number): Promise<EstimateAnswer> {
    return await estimate(await this.connected(), accessPoints, from, to);
  }

  /** Devices by access point and hour, from roll-ups. @throws as {@link count} */
  async heat(accessPoints: AccessPoints, from: number, to: number): Promise<HeatAnswer> {
    return await heat(await this.connected(), accessPoints, from, to);
  }

  /** The database's own count of devices by static tags, to five minutes. @throws {StoreFailure} SETTINGS without `tags` */
  async countByTags(ap: string, from: number, to: number): Promise<number> {
    return await (await this.connected()).tags.count(ap, from, to);
  }

  /** Drops all static tags and writes no more. @returns whether there were some. @throws {StoreFailure} */
  async dropTags(): Promise<boolean> {
    return await (await this.connected()).tags.dropAll();
  }

  /** The names of all access points that ever had a session. @throws {StoreFailure} */
  async accessPoints(): Promise<string[]> {
    return await (await this.connected()).directory.all();
  }

  /** Writes the roll-ups of all access points for the days that [from, to) touches. @throws {StoreFailure} */
  async rollUp(from: number, to: number): Promise<number> {
    return await this.rollUps.write(await this.connected(), from, to, this.limit());
  }

  /** Fills the cells that end within (from, to] up with dummies. @returns how many were added. @throws {StoreFailure} */
  async pad(from: number, to: number): Promise<number> {
    return await padCells(await this.connected(), this.options.padding ?? "none", from, to);
  }

  /**
   * What is to be done now and then, once a minute say: carries open sessions into the new hour, and where they are
   * switched on writes the roll-ups and pads the cells of hours that ended. @throws {StoreFailure}
   */
  async maintain(): Promise<void> {
    const now = Math.floor(this.clock() / 1000);
    this.ingesting.carry(Math.floor(now / 3600) * 3600, now - this.openSec);
    const connection = await this.connected();
    const days = [...this.touched];
    this.touched.clear();
    if (this.options.rollUps) await this.rollUps.keepUp(connection, now, days, this.limit());
    if (!this.options.padding) return;
    this.paddedUntil = (await padClosed(connection, this.options.padding, this.paddedUntil, now)).until;
  }

  /**
   * Makes every record of a device a dummy. Roll-ups keep their counts, from which no device can be read.
   *
   * @throws {Rejection} FORMAT; {StoreFailure}
   */
  async erase(mac: string): Promise<Erased> {
    const device = parseMac(mac);
    await this.flush();
    this.ingesting.forget(formatMac(device));
    const connection = await this.connected();
    const erased = await erase(connection, device, this.limit());
    // Last: tags that are made anew meanwhile come from the cells.
    await connection.tags.erase(device);
    return erased;
  }

  /** Months that have tables, `YYYYMM`, in order. @throws {StoreFailure} */
  async epochs(): Promise<string[]> {
    const { epochs } = await (await this.connected()).book.fresh();
    return Object.keys(epochs)
      .filter((epoch) => epoch !== "000000")
      .sort();
  }

  /** Drops the tables of all months before one, `YYYYMM`. @returns which. @throws {StoreFailure} */
  async dropBefore(epoch: string): Promise<string[]> {
    return await dropBefore(await this.connected(), epoch);
  }

  /** Re-encrypts all months of older masters under the first one; after a crash it goes on where it was. */
  async rotate(onProgress: (progress: RotationProgress) => void = () => {}): Promise<number> {
    return await rotate(await this.connected(), this.limit(), onProgress);
  }

  /** Opens every row and compares the number of rows with what was written. @throws {StoreFailure} TAMPERED, HOLE … */
  async verify(): Promise<TableReport[]> {
    return await verifyTables(await this.connected());
  }

  /** What the database sees: some rows as they are stored. @throws {StoreFailure} */
  async storedRows(limit: number): Promise<StoredRow[]> {
    return await storedRows(await this.connected(), limit);
  }

  /** Tries once more to write what waits; without a journal file what could not be written is lost and rejected. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    await this.ingesting.close();
    this.isClosed = true;
    const connection = await this.connection?.catch(() => undefined);
    if (connection) await forgetMark(connection, this.journal).catch(() => {});
    await connection?.driver.close();
  }

  private limit() {
    return { now: Math.floor(this.clock() / 1000), openSec: this.openSec };
  }

  private async prepare(sessions: readonly Session[]) {
    const { directory, tags } = await this.connected();
    const companion: Companion = {
      prepare: () => tags.prepare(sessions),
      write: (transaction, state) => tags.write(transaction, state, sessions),
    };
    return { records: await directory.missing([...new Set(sessions.map(({ ap }) => ap))]), companion };
  }

  private async wrote(sessions: readonly Session[]): Promise<void> {
    const { directory } = await this.connected();
    directory.added(sessions.map(({ ap }) => ap));
    if (this.options.rollUps) for (const session of sessions) this.touch(session);
  }

  private touch({ start, duration }: Session): void {
    const end = start + (duration === "open" ? 0 : duration);
    for (let day = Math.floor(start / 86_400); day <= Math.floor(end / 86_400); day++) this.touched.add(day);
  }

  private connected(): Promise<Connection> {
    if (this.isClosed) return Promise.reject(new StoreFailure("SETTINGS", "the occupancy store is closed"));
    this.connection ??= this.reach();
    return this.connection;
  }

  private async reach(): Promise<Connection> {
    const { store, masters } = this.options;
    try {
      const connection = await connect(store, masters, this.options);
      await checkMark(connection, this.journal);
      this.isConnected = true;
      return connection;
    } catch (error) {
      this.connection = undefined;
      throw isStoreFailure(error) ? error : new StoreFailure("DATABASE", (error as Error).message);
    }
  }
}
