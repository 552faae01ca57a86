import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import type { StoreFailure } from "../../../lib/occupancy/failure.js";
import { OccupancyStore } from "../../../lib/occupancy/occupancy-store.js";
import { VALUE_BYTES } from "../../../lib/occupancy/record.js";
import { openDriver, STORE_KINDS, type StoreSettings } from "../../../lib/occupancy/store/open-driver.js";
import { requireOnMachine } from "../../setup.js";
import { missingDatabase, sharedDatabase, type TestDatabase } from "../../support/databases.js";
import {
  borderTime,
  DAY,
  difficultSessions,
  MASTER,
  macOf,
  OCTOBER,
  PlainTruth,
  watched,
} from "../../support/occupancy.js";

const DEVICES = 12;
const APS = 4;

for (const kind of STORE_KINDS) {
  describe(`occupancy in ${kind}`, function () {
    this.timeout(180_000);
    let database: TestDatabase;
    let journals: string;
    const opened: OccupancyStore[] = [];
    const open = (store: StoreSettings, more: Partial<Parameters<typeof OccupancyStore.open>[0]> = {}) => {
      const made = OccupancyStore.open({ store, masters: [MASTER], ingest: { batchMs: 5 }, ...more });
      opened.push(made);
      return made;
    };
    before(async function () {
      const missing = missingDatabase(kind);
      requireOnMachine(this, missing === undefined, missing ?? "");
      database = await sharedDatabase(kind);
      journals = mkdtempSync(join(tmpdir(), "redoubt-journals-"));
    });
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    after(() => {
      if (journals) rmSync(journals, { recursive: true, force: true });
    });

    it("answers as plaintext does, whatever the sessions", async () => {
      for (let seed = 1; seed <= 2; seed++) {
        const random = new SeededRandom(seed);
        const truth = new PlainTruth();
        const store = open(await database.fresh(), { ingest: { batchSize: 1 + random.integer(60), batchMs: 5 } });
        const sessions = difficultSessions(random, 150, DEVICES, APS);
        // Duplicates, longer versions and another order.
        const repeated = sessions.filter(() => random.integer(4) === 0);
        const longer = repeated
          .slice(0, 10)
          .map((session) => ({ ...session, duration: Number(session.duration) + 100 }));
        for (const part of [sessions.slice(75), repeated, sessions.slice(0, 75), longer]) {
          truth.add(part);
          await store.ingest(part);
        }
        for (let i = 0; i < 60; i++) {
          const from = borderTime(random);
          const to = from + 1 + random.integer(i % 2 === 0 ? 4 * 3600 : 40 * DAY);
          const mac = macOf(random.integer(DEVICES + 1));
          const told = await store.presence(mac, from, to);
          const said = `seed ${seed}: ${mac} ${from} ${to}`;
          assert.equal(told.present, truth.presence(mac, from, to), said);
          const isLong = sessions.some((session) => session.mac === mac && Number(session.duration) > 31 * DAY);
          if (!isLong) {
            const intervals = told.intervals.map((interval) => `${interval.from}-${interval.to} ${interval.ap}`).sort();
            assert.deepEqual(merged(intervals), merged(truth.intervals(mac, from, to)), said);
          }
          const floor = random.integer(2);
          const names = Array.from({ length: APS }, (_, ap) => `floor-${floor}-ap-${ap}`);
          const one = new Set([names[random.integer(APS)] as string]);
          assert.equal((await store.count({ names: [...one] }, from, to)).count, truth.count(one, from, to), said);
          const byFloor = await store.count({ prefix: `floor-${floor}-` }, from, to);
          assert.equal(byFloor.count, truth.count(new Set(names), from, to), said);
        }
        await store.verify();
      }
    });

    it("lets two writers share its cells, and none loses or repeats a session", async () => {
      const settings = await database.fresh();
      const writers = [open(settings), open(settings)] as [OccupancyStore, OccupancyStore];
      await Promise.all(writers.map((writer) => writer.ready()));
      const truth = new PlainTruth();
      for (let round = 0; round < 6; round++) {
        const own = writers.map((_, writer) =>
          Array.from({ length: 20 }, (_, i) => ({
            mac: macOf(writer * 1000 + round * 20 + i),
            ap: "shared",
            start: OCTOBER + round * 60 + i,
            duration: 30,
          })),
        );
        truth.add(own.flat());
        await Promise.all(writers.map((writer, i) => writer.ingest(own[i] ?? [])));
      }
      for (const writer of writers) {
        const { count } = await writer.count({ names: ["shared"] }, OCTOBER, OCTOBER + DAY);
        assert.equal(count, 240);
        await writer.verify();
      }
    });

    it("takes what two stores of one process write at the same moment", async () => {
      const settings = await database.fresh();
      const writers = [open(settings), open(settings)];
      for (let round = 0; round < 5; round++) {
        const taken = writers.map((writer, i) =>
          writer.ingest([{ mac: macOf(10 * round + i), ap: "shared", start: OCTOBER, duration: 30 }]),
        );
        await Promise.all(writers.map((writer) => writer.flush()));
        await Promise.all(taken);
      }
      for (const writer of writers) {
        assert.equal((await writer.count({ names: ["shared"] }, OCTOBER, OCTOBER + 60)).count, 10);
        await writer.verify();
      }
    });

    it("opens for many at the same moment, though none has made its tables", async () => {
      for (let round = 0; round < 5; round++) {
        const settings = await database.fresh();
        const writers = Array.from({ length: 8 }, () => open(settings));
        await Promise.all(writers.map((writer) => writer.ready()));
        await Promise.all(
          writers.map((writer, i) =>
            writer.ingest([{ mac: macOf(i), ap: "shared", start: OCTOBER + i, duration: 30 }]),
          ),
        );
        const reader = writers[round] as OccupancyStore;
        assert.equal((await reader.count({ names: ["shared"] }, OCTOBER, OCTOBER + DAY)).count, writers.length);
        await reader.verify();
        for (const store of opened.splice(0)) await store.close();
      }
    });

    it("shows a thief equal sizes and different labels, and no name and no MAC", async () => {
      const settings = await database.fresh();
      const store = open(settings, { rollUps: true });
      const mac = "02:5a:fe:c0:ff:ee";
      const ap = "conspicuous-access-point";
      await store.ingest(
        Array.from({ length: 300 }, (_, i) => ({
          mac: i % 3 === 0 ? mac : macOf(i),
          ap,
          start: OCTOBER + 400 * i,
          duration: 3600,
        })),
      );
      await store.rollUp(OCTOBER, OCTOBER + DAY);
      assert.ok((await store.presence(mac, OCTOBER, OCTOBER + DAY)).present);
      const driver = await openDriver(settings);
      const tables = (await driver.all({ sql: driver.dialect.tables, parameters: [] })).map(({ name }) => String(name));
      const labels = new Set<string>();
      let rows = 0;
      for (const table of tables.filter((name) => name.startsWith("wl_idx_"))) {
        for (const row of await driver.all({ sql: `SELECT label, val FROM ${table}`, parameters: [] })) {
          assert.equal((row.label as Buffer).length, 16);
          assert.equal((row.val as Buffer).length, VALUE_BYTES);
          labels.add((row.label as Buffer).toString("hex"));
          rows++;
        }
      }
      assert.ok(rows >= 900 && labels.size === rows, `${labels.size} labels of ${rows} rows`);
      assert.ok(tables.some((name) => name.startsWith("wl_hll_")));
      await driver.close();
      const secrets = [ap, mac, mac.replaceAll(":", ""), mac.replaceAll(":", "-")].flatMap((text) => [
        Buffer.from(text),
        Buffer.from(text.toUpperCase()),
      ]);
      secrets.push(Buffer.from(mac.replaceAll(":", ""), "hex"), MASTER);
      const dump = database.dump(settings);
      if (kind !== "sqlite") assert.ok(dump.includes("wl_idx_202610"), "the dump has the tables");
      let searched = 0;
      for (const [name, bytes] of [["dump", dump] as const, ...filesOf(database.folder)]) {
        searched += bytes.length;
        for (const secret of secrets) assert.ok(!bytes.includes(secret), `${secret.toString("latin1")} is in ${name}`);
        const text = bytes.toString("latin1");
        const hex = Buffer.from(ap).toString("hex");
        assert.ok(!text.includes(hex) && !text.includes(hex.toUpperCase()), `the name in hex is in ${name}`);
      }
      assert.ok(searched > 100_000);
    });

    it("is asked for labels in random order, in statements of four sizes", async () => {
      const settings = await database.fresh();
      const writer = open(settings);
      await writer.ingest(
        Array.from({ length: 90 }, (_, i) => ({ mac: macOf(i), ap: "a", start: OCTOBER + i, duration: DAY })),
      );
      const asked: Buffer[][] = [];
      const inner = await openDriver(settings);
      const onQuery = ({ sql, parameters }: { sql: string; parameters: unknown[] }) => {
        if (!/^SELECT label, val FROM wl_idx_2026/.test(sql)) return;
        asked.push((kind === "postgresql" ? parameters[0] : parameters) as Buffer[]);
      };
      const reader = OccupancyStore.open({ store: async () => watched(inner, { onQuery }), masters: [MASTER] });
      opened.push(reader);
      const question = () => reader.count({ names: ["a"] }, OCTOBER, OCTOBER + DAY);
      const { count, counts } = await question();
      assert.equal(count, 90);
      assert.equal(counts.statements, asked.length);
      assert.ok(asked.every(({ length }) => [8, 32, 64, 512].includes(length)));
      const first = asked.splice(0).map((labels) => labels.map((label) => label.toString("hex")));
      assert.equal((await question()).count, 90);
      const second = asked.map((labels) => labels.map((label) => label.toString("hex")));
      const common = (first[0] ?? []).filter((label) => second[0]?.includes(label));
      assert.ok(common.length > 4, "the same cells are asked again");
      const order = (labels: readonly string[] | undefined) => labels?.filter((label) => common.includes(label));
      assert.notDeepEqual(order(first[0]), order(second[0]), "in another order");
    });

    it("tells of changed, cut and deleted rows and of a table that is gone", async () => {
      const settings = await database.fresh();
      const store = open(settings);
      await store.ingest(
        Array.from({ length: 7 }, (_, i) => ({ mac: macOf(1), ap: "a", start: OCTOBER + 60 * i, duration: 30 })),
      );
      const ask = () => store.presence(macOf(1), OCTOBER - DAY, OCTOBER + DAY);
      assert.equal((await ask()).intervals.length, 7);
      const driver = await openDriver(settings);
      const table = "wl_idx_202610";
      const rows = (await driver.all({ sql: `SELECT label, val FROM ${table}`, parameters: [] })) as {
        label: Buffer;
        val: Buffer;
      }[];
      const codes = new Set<string>();
      const put = async ({ label, val }: { label: Buffer; val: Buffer }) => {
        for (const query of driver.dialect.put(table, [{ label, value: val }])) await driver.run(query);
      };
      const code = async () =>
        await ask().then(
          ({ intervals }) => (intervals.length === 7 ? "right" : "wrong"),
          (error: StoreFailure) => error.code,
        );
      for (const [i, { label, val }] of rows.entries()) {
        const other = rows[(i + 1) % rows.length] as { val: Buffer };
        for (const bad of [val.subarray(0, 67), other.val, Buffer.alloc(68)]) {
          await put({ label, val: bad });
          codes.add(await code());
          await assert.rejects(store.verify(), { code: "TAMPERED" });
        }
        await put({ label, val });
      }
      // Rows of the access point's cells are not read by this question.
      assert.deepEqual([...codes].sort(), ["TAMPERED", "right"]);
      codes.clear();
      const mark = kind === "postgresql" ? "$1" : "?";
      let unseen = 0;
      for (const row of rows) {
        await driver.run({ sql: `DELETE FROM ${table} WHERE label = ${mark}`, parameters: [row.label] });
        const told = await code();
        codes.add(told);
        if (told === "wrong") unseen++;
        await assert.rejects(store.verify(), { code: "HOLE", table });
        await put(row);
      }
      assert.equal(unseen, 1, "a question misses only the cell's last row");
      assert.deepEqual([...codes].sort(), ["HOLE", "right", "wrong"]);
      await store.verify();
      await driver.exec(`DROP TABLE ${table}`);
      assert.equal(await code(), "MISSING_TABLE");
      await driver.close();
    });

    // A file is never away.
    const away = kind === "sqlite" ? undefined : it;
    away?.("keeps what came while it was away, and writes it when it is back", async () => {
      const settings = await database.fresh();
      const journalPath = join(journals, `${kind}.db`);
      const store = open(settings, { journalPath, ingest: { batchMs: 10 } });
      await store.ingest([{ mac: macOf(1), ap: "a", start: OCTOBER, duration: 60 }]);
      await store.flush();
      await database.stop();
      await store.ingest([{ mac: macOf(2), ap: "a", start: OCTOBER, duration: 60 }]);
      await assert.rejects(store.flush(), (error: Error & { code?: string }) => error.code === "UNREACHABLE");
      await assert.rejects(store.count("all", OCTOBER, OCTOBER + 60), { code: "UNREACHABLE" });
      assert.equal(store.status.waiting, 1);
      assert.match(String(store.status.problem?.message), /cannot be reached/);
      await database.start();
      await store.flush();
      assert.equal((await store.count("all", OCTOBER, OCTOBER + 60)).count, 2);
      assert.equal(store.status.problem, undefined);
    });
  });
}

/** Stays at one access point that follow each other without a gap are one. */
function merged(intervals: string[]): string[] {
  const parsed = intervals.map((text) => {
    const [, from, to, ap] = /^(\d+)-(\d+) (.*)$/.exec(text) ?? [];
    return { from: Number(from), to: Number(to), ap };
  });
  const result: typeof parsed = [];
  for (const one of parsed.sort((a, b) => a.from - b.from || a.to - b.to)) {
    const last = result.findLast(({ ap, to }) => ap === one.ap && to === one.from && one.to > one.from);
    if (last) last.to = one.to;
    else result.push(one);
  }
  return result.map(({ from, to, ap }) => `${from}-${to} ${ap}`);
}

/** The files in a folder, but those that the server at work in it takes away meanwhile. */
function filesOf(folder: string): [string, Buffer][] {
  const unlessGone = <T>(work: () => T[]): T[] => {
    try {
      return work();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  };
  return unlessGone(() => readdirSync(folder, { withFileTypes: true })).flatMap((entry): [string, Buffer][] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesOf(path);
    return entry.isFile() ? unlessGone((): [string, Buffer][] => [[path, readFileSync(path)]]) : [];
  });
}
