import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Rejection } from "../../../lib/common/rejection.js";
import { connect } from "../../../lib/occupancy/connection.js";
import { isStoreFailure, StoreFailure } from "../../../lib/occupancy/failure.js";
import { type OccupancyOptions, OccupancyStore } from "../../../lib/occupancy/occupancy-store.js";
import { checkSession, type Session } from "../../../lib/occupancy/session.js";
import { openSqlite } from "../../../lib/occupancy/store/sqlite.js";
import { DAY, MASTER, macOf, OCTOBER, OTHER_MASTER, watched } from "../../support/occupancy.js";

describe("occupancy ingest", () => {
  let folder: string;
  let files = 0;
  const opened: OccupancyStore[] = [];
  const newPath = () => join(folder, `${++files}.db`);
  const open = (path: string, more: Partial<OccupancyOptions> = {}) => {
    const store = OccupancyStore.open({
      store: { kind: "sqlite", path },
      masters: [MASTER],
      ingest: { batchMs: 5 },
      clock: () => (OCTOBER + DAY) * 1000,
      ...more,
    });
    opened.push(store);
    return store;
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-ingest-"));
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const session = (n: number, more: Partial<Session> = {}): Session => ({
    mac: macOf(n),
    ap: "a",
    start: OCTOBER,
    duration: 60,
    ...more,
  });

  it("writes a repeated session once, and of equal ones the longest counts", async () => {
    const store = open(newPath());
    await store.ingest([session(1), session(1), session(1, { mac: macOf(1).toUpperCase() })]);
    assert.equal(store.status.repeated, 2);
    const report = await store.verify();
    assert.equal(report.find(({ table }) => table === "wl_idx_202610")?.rows, 3);
    await store.ingest([session(1, { duration: 600 }), session(1, { duration: 30 })]);
    const { intervals } = await store.presence(macOf(1), OCTOBER, OCTOBER + DAY);
    assert.deepEqual(intervals, [{ from: OCTOBER, to: OCTOBER + 600, ap: "a", isOpen: false }]);
    assert.equal((await store.count("all", OCTOBER + 500, OCTOBER + 501)).count, 1);
  });

  it("counts a session without length where it lies inside the period", async () => {
    const store = open(newPath());
    const at = OCTOBER + 3600;
    await store.ingest([session(1, { start: at, duration: 0 })]);
    const present = async (from: number, to: number) => (await store.presence(macOf(1), from, to)).present;
    assert.equal(await present(at - 1, at + 1), true);
    assert.equal(await present(at, at + 1), false, "its end is not after the beginning");
    assert.equal(await present(at - 1, at), false);
    assert.equal((await store.count("all", at - 1, at + 1)).count, 1);
  });

  it("keeps a session of 70 days in pieces and tells it whole", async () => {
    const store = open(newPath());
    await store.ingest([session(1, { duration: 70 * DAY })]);
    const { intervals } = await store.presence(macOf(1), OCTOBER + 60 * DAY, OCTOBER + 61 * DAY);
    assert.equal(intervals.length, 1);
    const whole = await store.presence(macOf(1), OCTOBER - 10, OCTOBER + 100 * DAY);
    assert.deepEqual(whole.intervals, [{ from: OCTOBER, to: OCTOBER + 70 * DAY, ap: "a", isOpen: false }]);
    assert.equal((await store.count({ names: ["a"] }, OCTOBER + 69 * DAY, OCTOBER + 71 * DAY)).count, 1);
    assert.equal((await store.presence(macOf(1), OCTOBER + 70 * DAY, OCTOBER + 71 * DAY)).present, false);
  });

  it("shows an open session until now, carries it into new hours, and lets its end win there too", async () => {
    let now = OCTOBER + 1800;
    const store = open(newPath(), { clock: () => now * 1000 });
    await store.ingest([session(1, { start: OCTOBER + 1000, duration: "open" })]);
    const at = async (from: number) => (await store.presence(macOf(1), from, from + 60)).present;
    const counted = async (from: number) => (await store.count("all", from, from + 60)).count;
    assert.equal(await at(OCTOBER + 1700), true);
    assert.equal(await at(OCTOBER + 1900), false, "the future is not known");
    now = OCTOBER + 13 * 3600 + 100;
    await store.maintain();
    await store.flush();
    assert.equal(await counted(now - 120), 1, "carried into the hour");
    assert.equal(await at(now - 120), true, "and over midnight");
    // It had ended at 14:00 of the day before, which is told late.
    await store.ingest([session(1, { start: OCTOBER + 1000, duration: 6200 })]);
    for (const time of [now - 120, now - 3600 * 3, OCTOBER + 7300]) {
      assert.equal(await counted(time), 0, `count at ${time}`);
      assert.equal(await at(time), false, `presence at ${time}`);
    }
    assert.equal(await counted(OCTOBER + 7100), 1);
    const { intervals } = await store.presence(macOf(1), OCTOBER, OCTOBER + 2 * DAY);
    assert.deepEqual(intervals, [{ from: OCTOBER + 1000, to: OCTOBER + 7200, ap: "a", isOpen: false }]);
  });

  it("lets the final record win when it comes before the open one", async () => {
    const store = open(newPath());
    await store.ingest([session(1, { duration: 60 })]);
    await store.ingest([session(1, { duration: "open" })]);
    assert.equal((await store.presence(macOf(1), OCTOBER + 100, OCTOBER + 200)).present, false);
    assert.equal((await store.count("all", OCTOBER + 100, OCTOBER + 200)).count, 0);
  });

  it("forgets an open session whose end never comes", async () => {
    let now = OCTOBER + 60;
    const store = open(newPath(), { clock: () => now * 1000, openSec: 7200 });
    await store.ingest([session(1, { duration: "open" })]);
    for (; now < OCTOBER + 5 * 3600; now += 3600) await store.maintain();
    await store.flush();
    assert.equal((await store.count("all", OCTOBER + 7100, OCTOBER + 7199)).count, 1);
    assert.equal((await store.count("all", OCTOBER + 7200, OCTOBER + 18_000)).count, 0);
  });

  it("acknowledges with a journal before the tables have it, and writes it after a restart, once", async () => {
    const path = newPath();
    const journalPath = newPath();
    const away = () => Promise.reject(new StoreFailure("UNREACHABLE", "away"));
    const first = open(path, { store: away, journalPath });
    await first.ingest([session(1), session(2, { duration: "open" })]);
    assert.equal(first.status.waiting, 2);
    await first.close();
    for (const name of [journalPath, `${journalPath}-wal`]) {
      const bytes = readFileSync(name, { flag: "a+" });
      for (const n of [1, 2]) assert.ok(!bytes.includes(Buffer.from(macOf(n).replaceAll(":", ""), "hex")), name);
    }
    const second = open(path, { journalPath });
    await second.flush();
    assert.equal((await second.count("all", OCTOBER, OCTOBER + 60)).count, 2);
    // The end of the session that was open in the other life.
    await second.ingest([session(2, { duration: 10 })]);
    await second.flush();
    assert.equal((await second.count("all", OCTOBER + 20, OCTOBER + 60)).count, 1);
    const rows = await second.verify();
    await second.close();
    const third = open(path, { journalPath });
    await third.flush();
    assert.deepEqual(await third.verify(), rows);
  });

  it("writes nothing twice when it dies between the commit and the journal", async () => {
    const path = newPath();
    const journalPath = newPath();
    const inner = openSqlite(path);
    let committed = 0;
    // The commit arrives, its answer does not.
    const store = open(path, {
      journalPath,
      ingest: { batchMs: 1 },
      store: async () => {
        const driver = watched(inner, {});
        return {
          ...driver,
          transaction: async (work) => {
            const result = await driver.transaction(work);
            if (++committed === 2) throw new StoreFailure("UNREACHABLE", "the answer was lost");
            return result;
          },
        };
      },
    });
    await store.ingest([session(1), session(2)]);
    await assert.rejects(store.flush(), { code: "UNREACHABLE" });
    await store.flush();
    assert.equal((await store.verify()).find(({ table }) => table === "wl_idx_202610")?.rows, 6);
    assert.equal((await store.count("all", OCTOBER, OCTOBER + 60)).count, 2);
  });

  it("writes what comes into a journal that was restored from a backup", async () => {
    const path = newPath();
    const journalPath = newPath();
    const first = open(path, { journalPath });
    await first.ingest([session(1)]);
    await first.close();
    const backup = readFileSync(journalPath);
    const second = open(path, { journalPath });
    await second.ingest([session(2), session(3)]);
    await second.close();
    const elsewhere = newPath();
    writeFileSync(elsewhere, backup);
    const restored = open(path, { journalPath: elsewhere });
    await restored.ingest([session(4)]);
    await restored.flush();
    const { count } = await restored.count("all", OCTOBER - DAY, OCTOBER + DAY);
    assert.equal(count, 4);
  });

  it("leaves no mark of a journal in memory", async () => {
    const path = newPath();
    for (let n = 1; n <= 3; n++) {
      const store = open(path);
      await store.ingest([session(n)]);
      await store.close();
    }
    const connection = await connect({ kind: "sqlite", path }, [MASTER], {});
    assert.deepEqual((await connection.book.fresh()).journals, {});
    await connection.driver.close();
  });

  it("survives an end between the choice of labels and the commit", async () => {
    const path = newPath();
    const inner = openSqlite(path);
    let fail = false;
    const beforeCommit = () => {
      if (fail) throw new StoreFailure("UNREACHABLE", "died");
    };
    const store = open(path, { store: async () => watched(inner, { beforeCommit }) });
    await store.ingest([session(1)]);
    fail = true;
    const waiting = store.ingest([session(2)]);
    await assert.rejects(store.flush(), { code: "UNREACHABLE" });
    // Somebody else takes the labels meanwhile.
    const other = open(path);
    await other.ingest([session(3)]);
    fail = false;
    await store.flush();
    await waiting;
    assert.equal((await store.count("all", OCTOBER, OCTOBER + 60)).count, 3);
    assert.equal((await store.verify()).find(({ table }) => table === "wl_idx_202610")?.rows, 9);
  });

  it("refuses what is no session, all of it or nothing, and never grows without end", async () => {
    const store = open(newPath(), { ingest: { maxWaiting: 3, batchMs: 5 } });
    await assert.rejects(store.ingest([session(1), session(2, { start: -1 })]), Rejection);
    await assert.rejects(store.ingest([1, 2, 3, 4].map((n) => session(n))), { code: "FULL" });
    assert.equal((await store.count("all", OCTOBER, OCTOBER + 60)).count, 0);
    await store.ingest([1, 2, 3].map((n) => session(n)));
    assert.equal((await store.count("all", OCTOBER, OCTOBER + 60)).count, 3);
    for (const [bad, code] of [
      [null, "SCHEMA"],
      [[], "SCHEMA"],
      [{ ...session(1), mac: "02:00" }, "FORMAT"],
      [{ ...session(1), mac: 7 }, "FORMAT"],
      [{ ...session(1), ap: "" }, "FORMAT"],
      [{ ...session(1), ap: "\ud800" }, "FORMAT"],
      [{ ...session(1), ap: "x".repeat(256) }, "FORMAT"],
      [{ ...session(1), start: 1.5 }, "RANGE"],
      [{ ...session(1), start: 2 ** 32 }, "RANGE"],
      [{ ...session(1), duration: -1 }, "RANGE"],
      [{ ...session(1), duration: 400 * DAY }, "RANGE"],
      [{ ...session(1), duration: "long" }, "RANGE"],
      [{ ...session(1), start: 2 ** 32 - 10 }, "RANGE"],
    ] as const) {
      assert.throws(
        () => checkSession(bad),
        (error) => error instanceof Rejection && error.code === code,
        JSON.stringify(bad),
      );
    }
    assert.equal(checkSession(session(1, { mac: " 0200.00FF.00aa " })).mac, "02:00:00:ff:00:aa");
  });

  it("says that the journal or the database has another key", async () => {
    const path = newPath();
    const journalPath = newPath();
    const store = open(path, { journalPath });
    await store.ingest([session(1, { duration: "open" })]);
    await store.close();
    const isWrongKey = (error: unknown) => isStoreFailure(error, "WRONG_KEY") && !/a7a7/.test(error.message);
    assert.throws(() => open(path, { journalPath, masters: [OTHER_MASTER] }), isWrongKey);
    await assert.rejects(open(path, { masters: [OTHER_MASTER] }).ready(), isWrongKey);
    await open(path, { journalPath, masters: [OTHER_MASTER, MASTER] }).ready();
  });

  it("writes tags beside the cells only where they are switched on", async () => {
    const store = open(newPath(), { tags: true });
    await store.ingest([session(1), session(2), session(3, { duration: "open" })]);
    assert.equal(await store.countByTags("a", OCTOBER, OCTOBER + 60), 2);
    await store.erase(macOf(1));
    assert.equal(await store.countByTags("a", OCTOBER, OCTOBER + 60), 1);
    await assert.rejects(open(newPath()).countByTags("a", OCTOBER, OCTOBER + 60), { code: "SETTINGS" });
  });

  it("rejects what it could not write when it is closed without a journal", async () => {
    const away = () => Promise.reject(new StoreFailure("UNREACHABLE", "away"));
    const store = open(newPath(), { store: away });
    const waiting = assert.rejects(store.ingest([session(1)]), { code: "UNREACHABLE" });
    await store.close();
    await waiting;
    await assert.rejects(store.ingest([session(1)]), /is closed/);
    await assert.rejects(store.count("all", 0, 1), /is closed/);
  });
});
