import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { openDatabase } from "../../../lib/common/sqlite.js";
import { StoreFailure } from "../../../lib/occupancy/failure.js";
import { type OccupancyOptions, OccupancyStore } from "../../../lib/occupancy/occupancy-store.js";
import { checkPadding, type Padding, paddedCount } from "../../../lib/occupancy/padding.js";
import type { StoreSettings } from "../../../lib/occupancy/store/open-driver.js";
import { openDriver, STORE_KINDS } from "../../../lib/occupancy/store/open-driver.js";
import { requireOnMachine } from "../../setup.js";
import { missingDatabase, sharedDatabase } from "../../support/databases.js";
import {
  DAY,
  difficultSessions,
  MASTER,
  macOf,
  OCTOBER,
  OTHER_MASTER,
  PlainTruth,
  watched,
} from "../../support/occupancy.js";

const FROM = OCTOBER - 10 * DAY;
const TO = OCTOBER + 60 * DAY;

describe("occupancy maintenance", function () {
  this.timeout(180_000);
  let folder: string;
  let files = 0;
  const opened: OccupancyStore[] = [];
  const open = (store: OccupancyOptions["store"], more: Partial<OccupancyOptions> = {}) => {
    const made = OccupancyStore.open({ store, masters: [MASTER], ingest: { batchMs: 5 }, ...more });
    opened.push(made);
    return made;
  };
  const newFile = (): StoreSettings & { kind: "sqlite" } => ({ kind: "sqlite", path: join(folder, `${++files}.db`) });
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-maintenance-"));
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const some = (seed: number, count = 60) => difficultSessions(new SeededRandom(seed), count, 6, 2);
  const aps = ["floor-0-ap-0", "floor-0-ap-1", "floor-1-ap-0", "floor-1-ap-1"];
  async function assertRight(store: OccupancyStore, truth: PlainTruth, seed: number): Promise<void> {
    const random = new SeededRandom(seed);
    for (let i = 0; i < 25; i++) {
      const from = FROM + random.integer(40 * DAY);
      const to = from + 1 + random.integer(5 * DAY);
      const mac = macOf(random.integer(6));
      assert.equal(
        (await store.presence(mac, from, to)).present,
        truth.presence(mac, from, to),
        `${mac} ${from} ${to}`,
      );
      assert.equal((await store.count("all", from, to)).count, truth.count(new Set(aps), from, to), `${from} ${to}`);
    }
  }

  it("knows how many rows a padded cell has, and refuses other settings", () => {
    assert.deepEqual(
      [0, 1, 2, 3, 5, 8, 9].map((n) => paddedCount("pow2", n)),
      [0, 1, 2, 4, 8, 8, 16],
    );
    assert.deepEqual(
      [0, 1, 8, 9].map((n) => paddedCount("fixed:8", n)),
      [8, 8, 8, 16],
    );
    assert.equal(paddedCount("none", 7), 7);
    for (const bad of ["fixed:0", "fixed:", "fixed:5000", "pow3"] as Padding[]) {
      assert.throws(() => checkPadding(bad), { code: "SETTINGS" });
    }
    assert.throws(() => open(newFile(), { padding: "fixed:x" as Padding }), { code: "SETTINGS" });
  });

  it("pads the cells that ended, once, and the answers stay the same", async () => {
    for (const padding of ["pow2", "fixed:4"] as const) {
      const truth = new PlainTruth();
      const store = open(newFile(), { padding });
      const sessions = some(3).filter(({ duration }) => Number(duration) < 5 * DAY);
      truth.add(sessions);
      await store.ingest(sessions);
      const [from, to] = [Date.UTC(2026, 9, 28) / 1000, Date.UTC(2026, 10, 4) / 1000];
      assert.ok((await store.pad(from, to)) > 0);
      assert.equal(await store.pad(from, to), 0);
      await assertRight(store, truth, 3);
      if (padding === "fixed:4") {
        const rows = (await store.verify()).filter(({ table }) => table !== "wl_idx_000000");
        // Every hour and day of four access points has at least 4 rows.
        assert.ok(rows.reduce((sum, { rows }) => sum + rows, 0) >= 7 * 25 * 4 * 4);
      }
      // A late session goes behind the dummies.
      const late = [{ mac: macOf(5), ap: aps[0] as string, start: from + 100, duration: 50 }];
      truth.add(late);
      await store.ingest(late);
      await assertRight(store, truth, 4);
    }
  });

  it("erases a device: its records become dummies, nobody else's change, and the bytes are gone", async () => {
    const settings = newFile();
    const truth = new PlainTruth();
    const store = open(settings);
    const sessions = some(5, 80);
    await store.ingest(sessions);
    truth.add(sessions.filter(({ mac }) => mac !== macOf(2)));
    const before = await store.verify();
    const database = openDatabase(settings.path);
    const values = () => database.prepare("SELECT label, val FROM wl_idx_202610").all();
    const old = new Map(values().map(({ label, val }) => [(label as Buffer).toString("hex"), val as Buffer]));
    const { sessions: erased, rows } = await store.erase(macOf(2));
    assert.ok(erased > 3 && rows > 9, `${erased} sessions, ${rows} rows`);
    assert.deepEqual(await store.verify(), before, "no row more or less");
    await assertRight(store, truth, 5);
    assert.equal((await store.presence(macOf(2), FROM, TO)).present, false);
    const overwritten = values().filter(
      ({ label, val }) => !old.get((label as Buffer).toString("hex"))?.equals(val as Buffer),
    );
    assert.ok(overwritten.length > 3);
    database.close();
    await store.close();
    const bytes = Buffer.concat(
      [settings.path, `${settings.path}-wal`].map((file) => readFileSync(file, { flag: "a+" })),
    );
    for (const { label } of overwritten) {
      assert.ok(!bytes.includes(old.get((label as Buffer).toString("hex")) as Buffer), "the old ciphertext is gone");
    }
    const again = open(settings);
    assert.deepEqual(await again.erase(macOf(2)), { sessions: 0, rows: 0 });
    await again.ingest([{ mac: macOf(2), ap: aps[0] as string, start: OCTOBER, duration: 5 }]);
    assert.equal((await again.presence(macOf(2), OCTOBER, OCTOBER + 5)).present, true);
  });

  it("drops months, also what a crash has left of them", async () => {
    const settings = newFile();
    const store = open(settings);
    const months = [7, 8, 9, 10].map((month) => Date.UTC(2026, month, 5) / 1000);
    await store.ingest(months.map((start) => ({ mac: macOf(1), ap: "a", start, duration: 60 })));
    await store.rollUp(months[0] as number, (months[0] as number) + 60);
    assert.deepEqual(await store.epochs(), ["202608", "202609", "202610", "202611"]);
    assert.deepEqual(await store.dropBefore("202610"), ["202608", "202609"]);
    assert.deepEqual(await store.epochs(), ["202610", "202611"]);
    assert.equal((await store.presence(macOf(1), months[0] as number, months[1] as number)).present, false);
    assert.equal((await store.presence(macOf(1), months[2] as number, TO)).present, true);
    const driver = await openDriver(settings);
    const tables = async () =>
      (await driver.all({ sql: driver.dialect.tables, parameters: [] })).map(({ name }) => name);
    assert.deepEqual((await tables()).sort(), ["wl_idx_000000", "wl_idx_202610", "wl_idx_202611", "wl_meta"]);
    await driver.exec("CREATE TABLE wl_idx_202601_k3 (x)");
    assert.deepEqual(await store.dropBefore("202610"), []);
    assert.ok(!(await tables()).includes("wl_idx_202601_k3"));
    await driver.close();
    // A session of a month that was dropped makes it anew.
    await store.ingest([{ mac: macOf(3), ap: "a", start: months[0] as number, duration: 60 }]);
    assert.equal((await store.count("all", months[0] as number, TO)).count, 2);
    await assert.rejects(store.dropBefore("2026"), { code: "SETTINGS" });
  });

  for (const kind of STORE_KINDS) {
    it(`re-encrypts under a new key in ${kind}, dies on the way, goes on, and takes sessions meanwhile`, async function () {
      const missing = missingDatabase(kind);
      requireOnMachine(this, missing === undefined, missing ?? "");
      const database = await sharedDatabase(kind);
      await rotateIn(await database.fresh());
    });
  }

  async function rotateIn(settings: StoreSettings): Promise<void> {
    const truth = new PlainTruth();
    const old = open(settings);
    const sessions = some(7).filter(({ duration }) => Number(duration) < 10 * DAY);
    truth.add(sessions);
    await old.ingest(sessions);
    await old.rollUp(OCTOBER + 15 * DAY, OCTOBER + 16 * DAY);
    const estimated = (await old.estimate("all", OCTOBER + 15 * DAY, OCTOBER + 16 * DAY)).estimate;
    await old.close();

    const masters = [OTHER_MASTER, MASTER];
    const inner = await openDriver(settings);
    let commits = 0;
    const beforeCommit = () => {
      if (++commits === 30) throw new StoreFailure("UNREACHABLE", "died");
    };
    const dying = open(async () => watched(inner, { beforeCommit }), { masters });
    let days = 0;
    await assert.rejects(
      dying.rotate(() => days++),
      { code: "UNREACHABLE" },
    );
    await dying.close();
    assert.ok(days > 5, `${days} days before it died`);

    const next = open(settings, { masters });
    await assertRight(next, truth, 7);
    const more = some(8, 30).filter(({ duration }) => Number(duration) < 10 * DAY);
    truth.add(more);
    await next.ingest(more);
    await assertRight(next, truth, 8);
    await next.verify();
    let left = 0;
    await next.rotate(() => left++);
    assert.ok(left > 0);
    assert.equal(await next.rotate(), 0);
    await next.verify();
    assert.equal((await next.estimate("all", OCTOBER + 15 * DAY, OCTOBER + 16 * DAY)).missing, 0);
    assert.ok((await next.estimate("all", OCTOBER + 15 * DAY, OCTOBER + 16 * DAY)).estimate >= estimated);
    await next.close();

    const alone = open(settings, { masters: [OTHER_MASTER] });
    await assertRight(alone, truth, 9);
    const driver = await openDriver(settings);
    const tables = (await driver.all({ sql: driver.dialect.tables, parameters: [] })).map(({ name }) => String(name));
    await driver.close();
    assert.ok(tables.includes("wl_idx_202610_k2") && !tables.includes("wl_idx_202610"), tables.join(" "));
    await assert.rejects(open(settings).ready(), { code: "WRONG_KEY" });
  }

  it("says which month has a key that is not there", async () => {
    const settings = newFile();
    const old = open(settings);
    await old.ingest([{ mac: macOf(1), ap: "a", start: OCTOBER, duration: 60 }]);
    await old.close();
    const both = open(settings, { masters: [OTHER_MASTER, MASTER] });
    // A month of the new key; the state is now sealed with it.
    await both.ingest([{ mac: macOf(1), ap: "a", start: OCTOBER + 31 * DAY, duration: 60 }]);
    await both.close();
    const one = open(settings, { masters: [OTHER_MASTER] });
    await assert.rejects(one.presence(macOf(1), OCTOBER, OCTOBER + DAY), (error: Error & { code?: string }) => {
      return error.code === "WRONG_KEY" && /000000|202610|key [0-9a-f]{16}/.test(error.message);
    });
    await assert.rejects(open(settings).ready(), { code: "WRONG_KEY" });
  });
});
