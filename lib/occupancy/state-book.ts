import { randomBytes } from "node:crypto";
import { StoreFailure } from "./failure.js";
import { Masters, type MastersOptions, SALT_BYTES } from "./keys.js";
import { cellTable, newTable, openState, rollUpTable, type State, sealState } from "./state.js";
import { createTable } from "./store/create-table.js";
import type { Row, Session, StoreDriver } from "./store/driver.js";

const VERSION = "1";
/** How old the state may be that a query uses; another process may have begun a month since. */
const MAX_AGE_MS = 1000;

const blob = (rows: Row[]): Buffer | undefined => rows[0]?.v as Buffer | undefined;

/** The sealed state in `wl_meta`: read by queries, read and written under a lock by whoever changes tables. */
export class StateBook {
  private known: State;
  private readAt: number;

  private constructor(
    private readonly driver: StoreDriver,
    readonly masters: Masters,
    state: State,
  ) {
    this.known = state;
    this.readAt = performance.now();
  }

  /**
   * Makes or opens the meta table.
   *
   * @throws {StoreFailure} UNREACHABLE, WRONG_KEY, TAMPERED.
   */
  static async open(
    driver: StoreDriver,
    secrets: readonly Uint8Array[],
    options: MastersOptions = {},
  ): Promise<StateBook> {
    const { dialect } = driver;
    await createTable(driver, dialect.createMeta);
    const read = async (name: string) => blob(await driver.all(dialect.getMeta(name, false)));
    await driver.run(dialect.addMeta("salt", randomBytes(SALT_BYTES)));
    await driver.run(dialect.addMeta("version", Buffer.from(VERSION)));
    const version = (await read("version"))?.toString("utf8");
    if (version !== VERSION) {
      throw new StoreFailure("DATABASE", `an occupancy database of version ${version}, not ${VERSION}`, "wl_meta");
    }
    const masters = new Masters(secrets, (await read("salt")) ?? Buffer.alloc(0), options);
    if (!(await read("state"))) {
      const tables = (await driver.all({ sql: dialect.tables, parameters: [] })).map(({ name }) => String(name));
      if (tables.some((name) => /^wl_(idx|hll|tagses|tagidx)_/.test(name))) {
        throw new StoreFailure("TAMPERED", "wl_meta: the state is gone, but there are tables", "wl_meta");
      }
      const state: State = { rollUpSecret: randomBytes(32).toString("hex"), journals: {}, epochs: {} };
      await driver.run(dialect.addMeta("state", sealState(state, masters)));
    }
    return new StateBook(driver, masters, openState((await read("state")) as Buffer, masters).state);
  }

  /** The state as it was at most a second ago. */
  async recent(): Promise<State> {
    return performance.now() - this.readAt > MAX_AGE_MS ? await this.fresh() : this.known;
  }

  /** The state as it is now. */
  async fresh(): Promise<State> {
    return this.remember(openState(await this.sealed(this.driver, false), this.masters).state);
  }

  /** The state inside a transaction, locked until its end. */
  async locked(session: Session): Promise<State> {
    return openState(await this.sealed(session, true), this.masters).state;
  }

  /** Writes a changed state; call {@link remember} once it is committed. */
  async save(session: Session, state: State): Promise<void> {
    await session.run(this.driver.dialect.putMeta("state", sealState(state, this.masters)));
  }

  remember(state: State): State {
    this.known = state;
    this.readAt = performance.now();
    return state;
  }

  /** Changes the state in a transaction of its own. */
  async change(work: (state: State) => void): Promise<State> {
    const changed = await this.driver.transaction(async (session) => {
      const state = await this.locked(session);
      work(state);
      await this.save(session, state);
      return state;
    });
    return this.remember(changed);
  }

  /** Makes the tables of epochs that have none; not inside a transaction, since MySQL would commit it. */
  async addEpochs(epochs: readonly string[]): Promise<void> {
    const missing = epochs.filter((epoch) => !this.known.epochs[epoch]);
    if (missing.length === 0) return;
    for (const epoch of missing) await this.createRows(cellTable(epoch, 1));
    await this.change((state) => {
      for (const epoch of missing) state.epochs[epoch] ??= newTable(this.masters.primary, 1);
    });
  }

  /** Makes the roll-up tables of epochs that have none. */
  async addRollUps(epochs: readonly string[]): Promise<void> {
    const missing = epochs.filter((epoch) => this.known.epochs[epoch] && !this.known.epochs[epoch]?.rollUps);
    if (missing.length === 0) return;
    for (const epoch of missing) await this.createRows(rollUpTable(epoch, 1));
    await this.change((state) => {
      for (const epoch of missing) {
        const entry = state.epochs[epoch];
        if (entry) entry.rollUps ??= { key: this.masters.primary, generation: 1 };
      }
    });
  }

  /** Makes a table for labels and values unless there is one. */
  async createRows(table: string): Promise<void> {
    await createTable(this.driver, this.driver.dialect.createRows(table));
  }

  private async sealed(session: Session, forUpdate: boolean): Promise<Buffer> {
    const value = blob(await session.all(this.driver.dialect.getMeta("state", forUpdate)));
    if (!value) throw new StoreFailure("TAMPERED", "wl_meta: the state is gone", "wl_meta");
    return value;
  }
}
