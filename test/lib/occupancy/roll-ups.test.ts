import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { openDatabase } from "../../../lib/common/sqlite.js";
import { OccupancyStore } from "../../../lib/occupancy/occupancy-store.js";
import { HyperLogLog, sketchBytes } from "../../../lib/occupancy/rollup/hyperloglog.js";
import { DAY, fixRollUps, MASTER, macOf } from "../../support/occupancy.js";

const MIDNIGHT = Date.UTC(2026, 9, 15) / 1000;
const hashOf = (n: number) => hash("sha256", `device ${n}`, "buffer").subarray(0, 8);

describe("HyperLogLog", () => {
  const standardError = (precision: number) => 1.04 / Math.sqrt(2 ** precision);

  it("counts from nothing to a hundred thousand without bias, within its error", () => {
    const precisions = [8, 11];
    for (const count of [0, 1, 5, 50, 500, 5000, 100_000]) {
      const repeats = count > 10_000 ? 1 : 8;
      const sums = new Map<number, number>();
      for (let repeat = 0; repeat < repeats; repeat++) {
        const sketches = precisions.map((precision) => new HyperLogLog(precision));
        for (let i = 0; i < count; i++) {
          const device = hashOf(repeat * 1_000_000 + i);
          for (const sketch of sketches) sketch.add(device);
        }
        for (const sketch of sketches) {
          const { precision } = sketch;
          const error = sketch.estimate() - count;
          assert.ok(
            Math.abs(error) <= Math.max(0.5, 4.5 * standardError(precision) * count),
            `${precision}: ${count} off by ${error}`,
          );
          sums.set(precision, (sums.get(precision) ?? 0) + error);
        }
      }
      for (const [precision, sum] of sums) {
        const bias = sum / repeats / Math.max(1, count);
        assert.ok(
          Math.abs(bias) <= (4 * standardError(precision)) / Math.sqrt(repeats),
          `${precision}: ${count} bias ${bias}`,
        );
      }
    }
  });

  it("is, united and folded, what it would have been with everything added to one", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100_000), { maxLength: 300 }),
        fc.array(fc.nat(100_000), { maxLength: 300 }),
        (a, b) => {
          const sketch = (precision: number, numbers: number[]) => {
            const made = new HyperLogLog(precision);
            for (const n of numbers) made.add(hashOf(n));
            return made;
          };
          for (const [mine, other] of [
            [8, 8],
            [11, 11],
            [8, 11],
            [5, 11],
          ] as const) {
            const united = sketch(mine, a);
            united.unite(sketch(other, b));
            assert.deepEqual(united, sketch(mine, [...a, ...b]));
          }
        },
      ),
      { numRuns: 50, seed: 7 },
    );
    assert.throws(() => new HyperLogLog(11).unite(new HyperLogLog(8)), RangeError);
  });

  it("keeps every rank when packed into 6 bits", () => {
    for (const precision of [8, 11]) {
      const sketch = new HyperLogLog(precision);
      for (let i = 0; i < 5000; i++) sketch.add(hashOf(i));
      // All bits after the index are 0: the highest rank there is.
      sketch.add(Buffer.alloc(8));
      const packed = sketch.pack();
      assert.equal(packed.length, sketchBytes(precision));
      assert.deepEqual(HyperLogLog.unpack(precision, packed), sketch);
    }
    assert.deepEqual([sketchBytes(8), sketchBytes(11)], [192, 1536]);
  });
});

describe("occupancy roll-ups", () => {
  let folder: string;
  let path: string;
  let store: OccupancyStore;
  let now = MIDNIGHT + 2 * DAY;
  const devices = new Map<string, Set<string>>();
  const note = (key: string, mac: string) => devices.set(key, (devices.get(key) ?? new Set()).add(mac));

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-roll-ups-"));
    path = join(folder, "a.db");
    await fixRollUps({ kind: "sqlite", path }, [MASTER]);
    store = OccupancyStore.open({
      store: { kind: "sqlite", path },
      masters: [MASTER],
      ingest: { batchMs: 5 },
      rollUps: true,
      clock: () => now * 1000,
    });
    const random = new SeededRandom(3);
    const sessions = Array.from({ length: 6000 }, () => {
      const start = MIDNIGHT + random.integer(2 * DAY - 3600);
      const session = {
        mac: macOf(random.integer(1500)),
        ap: `ap-${random.integer(3)}`,
        start,
        duration: random.integer(3600),
      };
      const end = Math.max(start + 1, start + session.duration);
      for (let hour = Math.floor(start / 3600); hour * 3600 < end; hour++) note(`${session.ap}|${hour}`, session.mac);
      for (let day = Math.floor(start / DAY); day * DAY < end; day++) note(`day ${day}`, session.mac);
      return session;
    });
    await store.ingest(sessions);
    await store.ingest([{ mac: macOf(1), ap: "empty", start: MIDNIGHT - 40 * DAY, duration: 1 }]);
  });
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("writes one row for each hour and day of every access point, of two sizes, used or not", async () => {
    assert.equal(await store.rollUp(MIDNIGHT, MIDNIGHT + 2 * DAY), 4 * 2 * 25);
    const database = openDatabase(path);
    const sizes = database
      .prepare("SELECT length(val) AS size, count(*) AS n FROM wl_hll_202610 GROUP BY 1 ORDER BY 1")
      .all();
    database.close();
    assert.deepEqual(sizes, [
      { size: 192 + 28, n: 4 * 48 },
      { size: 1536 + 28, n: 4 * 2 },
    ]);
  });

  it("estimates days and odd hours, and tells a map of hours", async () => {
    const first = MIDNIGHT / DAY;
    const distinct = (...keys: string[]) => new Set(keys.flatMap((key) => [...(devices.get(key) ?? [])])).size;
    const day = await store.estimate("all", MIDNIGHT, MIDNIGHT + DAY);
    const exact = distinct(`day ${first}`);
    assert.equal((await store.count("all", MIDNIGHT, MIDNIGHT + DAY)).count, exact);
    assert.ok(Math.abs(day.estimate / exact - 1) < 0.08, `${day.estimate} of ${exact}`);
    assert.deepEqual([day.slots, day.missing, day.accessPoints], [4, 0, 4]);
    const both = await store.estimate("all", MIDNIGHT, MIDNIGHT + DAY + 7200);
    const extra = [0, 1].flatMap((hour) => [0, 1, 2].map((ap) => `ap-${ap}|${(first + 1) * 24 + hour}`));
    const exactBoth = distinct(`day ${first}`, ...extra);
    assert.ok(Math.abs(both.estimate / exactBoth - 1) < 0.1, `${both.estimate} of ${exactBoth}`);
    const odd = await store.estimate({ names: ["ap-1"] }, MIDNIGHT + 100, MIDNIGHT + 3 * 3600 - 5);
    assert.deepEqual([odd.from, odd.to, odd.slots], [MIDNIGHT, MIDNIGHT + 3 * 3600, 3]);
    const { hours, rows } = await store.heat("all", MIDNIGHT, MIDNIGHT + DAY);
    assert.deepEqual(
      rows.map(({ ap }) => ap),
      ["ap-0", "ap-1", "ap-2", "empty"],
    );
    for (const { ap, devices: told } of rows) {
      for (const [i, count] of told.entries()) {
        const truth = distinct(`${ap}|${(hours[i] as number) / 3600}`);
        assert.ok(Math.abs((count as number) - truth) <= 2 + 0.25 * truth, `${ap} ${i}: ${count} of ${truth}`);
      }
    }
  });

  it("says how many roll-ups are missing, and finds changed ones", async () => {
    const { missing, slots } = await store.estimate("all", MIDNIGHT + 10 * DAY, MIDNIGHT + 11 * DAY);
    assert.deepEqual([missing, slots], [4, 4]);
    const { rows } = await store.heat({ names: ["ap-0"] }, MIDNIGHT + 10 * DAY, MIDNIGHT + 10 * DAY + 3600);
    assert.deepEqual(rows, [{ ap: "ap-0", devices: [null] }]);
    const database = openDatabase(path);
    database.exec("UPDATE wl_hll_202610 SET val = (SELECT val FROM wl_hll_202610 WHERE length(val) = 220 LIMIT 1)");
    database.close();
    await assert.rejects(store.estimate("all", MIDNIGHT, MIDNIGHT + DAY), { code: "TAMPERED", table: "wl_hll_202610" });
  });

  it("keeps itself up to date: today, yesterday, and days that got late sessions", async () => {
    await store.maintain();
    assert.equal((await store.estimate("all", MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)).missing, 0);
    const before = (await store.estimate({ names: ["empty"] }, MIDNIGHT, MIDNIGHT + DAY)).estimate;
    assert.equal(before, 0);
    const late = async (device: number, seconds: number) => {
      await store.ingest([{ mac: macOf(device), ap: "empty", start: MIDNIGHT + 5, duration: 9 }]);
      now += seconds;
      await store.maintain();
      return (await store.estimate({ names: ["empty"] }, MIDNIGHT, MIDNIGHT + DAY)).estimate;
    };
    assert.equal(await late(7, 29), 0);
    assert.equal(await late(8, 1), 2, "soon, after a start");
    assert.equal(await late(9, 600), 3);
    assert.equal(await late(10, 299), 3);
    assert.equal(await late(11, 1), 5, "every five minutes");
  });
});
