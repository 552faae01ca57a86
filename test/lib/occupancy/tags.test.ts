import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { openDriver, STORE_KINDS } from "../../../lib/occupancy/store/open-driver.js";
import { TAGS_WARNING, TagStore } from "../../../lib/occupancy/tags/tag-store.js";
import { coverOf, queryTags, SLOT_SEC, sessionTags, TAG_SCOPE } from "../../../lib/occupancy/tags/tag-tree.js";
import { requireOnMachine } from "../../setup.js";
import { missingDatabase, startDatabase } from "../../support/databases.js";
import { DAY, MASTER, macOf, OCTOBER } from "../../support/occupancy.js";

describe("occupancy tags", function () {
  this.timeout(60_000);

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

  for (const kind of STORE_KINDS) {
    it(`count as plaintext does, to five minutes, in ${kind}`, async function () {
      const missing = missingDatabase(kind);
      requireOnMachine(this, missing === undefined, missing ?? "");
      const database = await startDatabase(kind);
      const driver = await openDriver(await database.fresh());
      try {
        const tags = await TagStore.open(driver, MASTER);
        const random = new SeededRandom(5);
        const sessions = Array.from({ length: 120 }, () => ({
          mac: macOf(random.integer(20)),
          ap: `ap-${random.integer(3)}`,
          start: OCTOBER + random.integer(2 * DAY),
          duration: random.integer(5) === 0 ? 0 : random.integer(20_000),
        }));
        await tags.add(sessions);
        const slot = (time: number) => Math.floor(time / SLOT_SEC);
        for (let i = 0; i < 40; i++) {
          const from = OCTOBER + random.integer(2 * DAY);
          const to = from + 1 + random.integer(DAY);
          const there = sessions.filter(
            ({ start, duration }) =>
              slot(start) <= slot(to - 1) && slot(Math.max(start, start + duration - 1)) >= slot(from),
          );
          const devices = new Set(there.filter(({ ap }) => ap === "ap-1").map(({ mac }) => mac));
          assert.equal(await tags.count("ap-1", from, to), devices.size);
          const mac = macOf(random.integer(22));
          assert.equal(
            await tags.presence(mac, from, to),
            there.some((session) => session.mac === mac),
          );
        }
        await tags.erase(macOf(3));
        assert.equal(await tags.presence(macOf(3), OCTOBER - DAY, OCTOBER + 4 * DAY), false);
        assert.equal(await tags.presence(macOf(4), OCTOBER - DAY, OCTOBER + 4 * DAY), true);
      } finally {
        await driver.close();
        await database.remove();
      }
    });
  }
});
