import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { connect } from "../../../lib/occupancy/connection.js";
import { StoreFailure } from "../../../lib/occupancy/failure.js";
import { type OccupancyOptions, OccupancyStore } from "../../../lib/occupancy/occupancy-store.js";
import { openDriver, STORE_KINDS, type StoreSettings } from "../../../lib/occupancy/store/open-driver.js";
import { byMonth } from "../../../lib/occupancy/tags/tag-rows.js";
import { TAGS_WARNING } from "../../../lib/occupancy/tags/tag-store.js";
import { coverOf, queryTags, SLOT_SEC, sessionTags, TAG_SCOPE } from "../../../lib/occupancy/tags/tag-tree.js";
import { requireOnMachine } from "../../setup.js";
import { missingDatabase, sharedDatabase } from "../../support/databases.js";
import { DAY, MASTER, macOf, OTHER_MASTER, watched } from "../../support/occupancy.js";

describe("occupancy tags", function () {
  this.timeout(180_000);

  it("say that they leak equality", () => assert.match(TAGS_WARNING, /^leaks equality/));

  it("cover a range with nodes that hold each of its slots once and no other", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: -1, max: 3000 }), (first, more) => {
        const slots = coverOf(first, first + more).flatMap(({ level, index }) =>
          Array.from({ length: 4 ** level }, (_, i) => index * 4 ** level + i),
        );
        assert.deepEqual(
          slots,
          Array.from({ length: more + 1 }, (_, i) => first + i),
        );
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it("match a query by exactly one tag where session and period share a slot, else by none", () => {
    const key = createSecretKey(MASTER);
    const id = Buffer.from("ap");
    const range = fc.tuple(fc.nat(3000), fc.nat(400)).map(([first, more]) => [first, first + more] as const);
    fc.assert(
      fc.property(range, range, ([a, b], [c, d]) => {
        const stored = new Set(sessionTags(key, TAG_SCOPE.ap, id, a, b).map((tag) => tag.toString("hex")));
        const asked = queryTags(key, TAG_SCOPE.ap, id, c, d).filter((tag) => stored.has(tag.toString("hex")));
        assert.equal(asked.length, a <= d && b >= c ? 1 : 0);
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it("split a session at the borders of months", () => {
    const border = Date.UTC(2026, 10, 1) / 1000 / SLOT_SEC;
    assert.deepEqual(byMonth(border - 2, border + 1), [
      { month: "202610", first: border - 2, last: border - 1 },
      { month: "202611", first: border, last: border + 1 },
    ]);
    assert.equal(byMonth(border, border + 62 * 288).length, 3);
  });

  for (const kind of STORE_KINDS) {
    it(`are kept, erased, dropped and made anew by month in ${kind}`, async function () {
      const missing = missingDatabase(kind);
      requireOnMachine(this, missing === undefined, missing ?? "");
      const database = await sharedDatabase(kind);
      await tagsIn(await database.fresh());
    });
  }
});

const slot = (time: number) => Math.floor(time / SLOT_SEC);

/** What tags must answer: they know slots, not seconds. */
class SlotTruth {
  constructor(public sessions: { mac: string; ap: string; start: number; duration: number }[]) {}

  there(from: number, to: number) {
    return this.sessions.filter(
      ({ start, duration }) => slot(start) <= slot(to - 1) && slot(Math.max(start, start + duration - 1)) >= slot(from),
    );
  }

  count(ap: string, from: number, to: number): number {
    return new Set(this.there(from, to).flatMap((one) => (one.ap === ap ? [one.mac] : []))).size;
  }
}

/** 29 October to 5 November 2026. */
const FIRST = Date.UTC(2026, 9, 29) / 1000;
const NOVEMBER = Date.UTC(2026, 10, 1) / 1000;

async function tagsIn(settings: StoreSettings): Promise<void> {
  const random = new SeededRandom(5);
  const some = (count: number) =>
    Array.from({ length: count }, () => ({
      mac: macOf(random.integer(20)),
      ap: `ap-${random.integer(3)}`,
      start: FIRST + random.integer(7 * DAY),
      duration: [0, random.integer(20_000), random.integer(2 * DAY)][random.integer(3)] as number,
    }));
  const truth = new SlotTruth(some(120));
  const opened: { close(): Promise<void> }[] = [];
  const open = (masters: Buffer[], more: Partial<OccupancyOptions> = {}) => {
    const store = OccupancyStore.open({ store: settings, masters, ingest: { batchMs: 5, batchSize: 50 }, ...more });
    opened.push(store);
    return store;
  };
  const assertRight = async (store: OccupancyStore, seed: number) => {
    const random = new SeededRandom(seed);
    for (let i = 0; i < 20; i++) {
      const from = FIRST + random.integer(7 * DAY);
      const to = from + 1 + random.integer(2 * DAY);
      assert.equal(await store.countByTags("ap-1", from, to), truth.count("ap-1", from, to), `${from} ${to}`);
    }
  };
  const driver = await openDriver(settings);
  const tables = async () =>
    (await driver.all({ sql: driver.dialect.tables, parameters: [] }))
      .map(({ name }) => String(name))
      .filter((name) => name.startsWith("wl_tag"))
      .sort();
  try {
    const store = open([MASTER], { tags: true });
    await store.ingest(truth.sessions);
    await assertRight(store, 1);

    // Who opens the database without the setting writes, counts and erases tags all the same.
    const other = open([MASTER]);
    const more = some(30);
    truth.sessions.push(...more);
    await other.ingest(more);
    await assertRight(other, 2);
    const connection = await connect(settings, [MASTER], {});
    opened.push(connection.driver);
    const isThere = (n: number) => connection.tags.presence(macOf(n), FIRST - DAY, FIRST + 12 * DAY);
    assert.equal(await isThere(3), true);
    await other.erase(macOf(3));
    truth.sessions = truth.sessions.filter(({ mac }) => mac !== macOf(3));
    assert.equal(await isThere(3), false);
    assert.equal(await isThere(4), true);
    await assertRight(store, 3);
    assert.deepEqual(
      await tables(),
      ["202610", "202611"]
        .flatMap((month) => [`wl_tagidx_${month}`])
        .concat(["202610", "202611"].map((month) => `wl_tagses_${month}`)),
    );

    // A new master: killed on the way, sessions meanwhile, then done.
    const masters = [OTHER_MASTER, MASTER];
    const inner = await openDriver(settings);
    let isMoving = false;
    const beforeCommit = () => {
      if (isMoving) throw new StoreFailure("UNREACHABLE", "died");
    };
    const dying = open(masters, { store: async () => watched(inner, { beforeCommit }) });
    const tagDays = () =>
      dying.rotate(({ what, done }) => {
        isMoving = what === "tags" && done === 3;
      });
    await assert.rejects(tagDays(), { code: "UNREACHABLE" });
    isMoving = false;
    const next = open(masters);
    const late = some(20);
    truth.sessions.push(...late);
    await next.ingest(late);
    await assertRight(next, 4);
    assert.equal(await next.rotate(), 1, "only the tags were left");
    assert.equal(await next.rotate(), 0);
    const alone = open([OTHER_MASTER]);
    await assertRight(alone, 5);
    assert.ok(
      (await tables()).every((name) => /_202\d{3}_k3$/.test(name)),
      (await tables()).join(" "),
    );
    await next.erase(macOf(5));
    truth.sessions = truth.sessions.filter(({ mac }) => mac !== macOf(5));
    await assertRight(alone, 6);

    // A month is dropped with its tags; the rest of sessions that reach into the next one stays.
    await alone.dropBefore("202611");
    assert.equal((await tables()).length, 2);
    assert.equal(await alone.countByTags("ap-1", FIRST, NOVEMBER), 0);
    const [from, to] = [NOVEMBER, NOVEMBER + 4 * DAY];
    assert.equal(await alone.countByTags("ap-1", from - DAY, to), truth.count("ap-1", from, to));

    assert.equal(await alone.dropTags(), true);
    assert.deepEqual(await tables(), []);
    await assert.rejects(alone.countByTags("ap-1", from, to), { code: "SETTINGS" });
    await alone.ingest(some(5));
    assert.deepEqual(await tables(), []);

    // Where the setting is switched off again, what leaks goes too.
    const again = open([OTHER_MASTER], { tags: true });
    await again.ingest(some(5));
    assert.ok((await tables()).length >= 2);
    await again.close();
    await open([OTHER_MASTER], { tags: false }).ready();
    assert.deepEqual(await tables(), []);
  } finally {
    for (const each of opened) await each.close();
    await driver.close();
  }
}
