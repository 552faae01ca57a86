import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Accountant, BudgetStateError, type BudgetStore, budgetFile } from "../../../lib/privacy/accountant.js";
import { decodeBudget, encodeBudget } from "../../../lib/privacy/budget-record.js";
import { killDrill } from "../../support/mask-kill.js";

const NOON = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;

/** A disk that counts writes and can fail. */
function memory(): BudgetStore & { text?: string; writes: number; broken: boolean } {
  return {
    writes: 0,
    broken: false,
    load() {
      return this.text;
    },
    save(text) {
      if (this.broken) throw new Error("no space left on device");
      this.text = text;
      this.writes++;
    },
  };
}

describe("privacy accountant", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-budget-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("counts per group, for the UTC day and in total, and survives a restart", () => {
    const store = budgetFile(folder, "node-1");
    const first = new Accountant(store);
    first.charge([{ group: "a", rho: 0.5 }], NOON);
    first.charge(
      [
        { group: "a", rho: 0.25 },
        { group: "b", rho: 1 },
      ],
      NOON + 60_000,
    );
    const second = new Accountant(budgetFile(folder, "node-1"));
    second.charge([{ group: "a", rho: 2 }], NOON + DAY);
    assert.deepEqual(second.record("a", NOON + DAY), {
      since: NOON,
      total: { releases: 3, rho: 2.75, unprotected: 0 },
      day: "2026-11-22",
      today: { releases: 1, rho: 2, unprotected: 0 },
      otherDays: [{ day: "2026-11-21", spent: { releases: 2, rho: 0.75, unprotected: 0 } }],
    });
    assert.equal(second.record("b", NOON)?.today.releases, 1);
    assert.equal(second.record("b", NOON + DAY)?.today.releases, 0, "a new day starts empty");
    assert.equal(second.record("b", NOON + DAY)?.total.releases, 1);
    assert.equal(statSync(store.path).mode & 0o777, 0o600);
  });

  it("does not forget a day because the clock was set back", () => {
    const store = memory();
    const accountant = new Accountant(store);
    for (const time of [NOON, NOON + 365 * DAY, NOON, NOON - DAY, NOON]) {
      accountant.charge([{ group: "a", rho: 1 }], time);
    }
    for (const reader of [accountant, new Accountant(store)]) {
      assert.equal(reader.record("a", NOON)?.today.releases, 3);
      assert.equal(reader.record("a", NOON + 365 * DAY)?.today.releases, 1);
      assert.equal(reader.record("a", NOON - DAY)?.today.releases, 1);
      assert.equal(reader.record("a", NOON)?.total.releases, 5);
    }
  });

  it("books before it returns, and keeps the booking when the disk fails", () => {
    const store = memory();
    const accountant = new Accountant(store);
    store.broken = true;
    assert.throws(() => accountant.charge([{ group: "a", rho: 1 }], NOON), /no space/);
    store.broken = false;
    accountant.charge([{ group: "a", rho: 1 }], NOON);
    assert.equal(decodeBudget(store.text!).get("a")?.total.releases, 2);
  });

  it("writes ahead in steps where asked to, never too little, and exactly at the end", () => {
    const store = memory();
    const accountant = new Accountant(store, 100);
    for (let i = 1; i <= 250; i++) {
      accountant.charge([{ group: "a", rho: 0.5 }], NOON);
      const booked = decodeBudget(store.text!).get("a")!.total;
      assert.ok(booked.releases >= i && booked.rho >= 0.5 * i);
    }
    assert.equal(store.writes, 3);
    accountant.close();
    assert.deepEqual(decodeBudget(store.text!).get("a")?.total, { releases: 250, rho: 125, unprotected: 0 });
  });

  it("covers a change of cost or of day with a write of its own", () => {
    const store = memory();
    const accountant = new Accountant(store, 100);
    accountant.charge([{ group: "a", rho: 1 }], NOON);
    accountant.charge([{ group: "a", rho: 5 }], NOON);
    assert.ok(decodeBudget(store.text!).get("a")!.total.rho >= 6);
    accountant.charge([{ group: "a", rho: 5 }], NOON + DAY);
    assert.ok(decodeBudget(store.text!).get("a")!.today.releases >= 1);
    assert.equal(store.writes, 3);
  });

  it("remembers that a value left unprotected", () => {
    const store = memory();
    new Accountant(store).charge([{ group: "a", rho: Number.POSITIVE_INFINITY }], NOON);
    assert.deepEqual(decodeBudget(store.text!).get("a")?.total, { releases: 1, rho: 0, unprotected: 1 });
  });

  it("keeps its file inside the state folder, whatever the node is called", () => {
    assert.equal(budgetFile(folder, "a1b2").path, join(folder, "mask-a1b2.json"));
    const odd = budgetFile(folder, "../../etc/passwd").path;
    assert.match(odd.slice(folder.length + 1), /^mask-[0-9a-f]{32}\.json$/);
  });

  const good = { since: NOON, total: { releases: 2, rho: 1, unprotected: 0 }, day: "2026-11-21" };
  const today = { releases: 1, rho: 1, unprotected: 0 };
  const damaged: [string, string][] = [
    ["nothing", ""],
    ["half a file", '{"version":1,"gro'],
    ["another version", '{"version":2,"groups":[]}'],
    ["no groups", '{"version":1}'],
    ["a list", "[]"],
    ["a group without a name", JSON.stringify({ version: 1, groups: [{ ...good, today }] })],
    ["a negative rho", JSON.stringify({ version: 1, groups: [{ group: "a", ...good, today: { ...today, rho: -1 } }] })],
    [
      "an infinite rho",
      `{"version":1,"groups":[{"group":"a","since":1,"day":"2026-11-21","total":{"releases":1,"rho":1e400,"unprotected":0},"today":{"releases":1,"rho":0,"unprotected":0}}]}`,
    ],
    [
      "a day larger than the total",
      JSON.stringify({ version: 1, groups: [{ group: "a", ...good, today: { ...today, releases: 3 } }] }),
    ],
    [
      "a group twice",
      JSON.stringify({
        version: 1,
        groups: [
          { group: "a", ...good, today },
          { group: "a", ...good, today },
        ],
      }),
    ],
    ["a hostile key", '{"version":1,"groups":[],"__proto__":{}}'],
  ];
  for (const [name, text] of damaged) {
    it(`refuses to start on ${name}, says which file, and leaves it alone`, () => {
      const store = budgetFile(folder, "n");
      writeFileSync(store.path, text);
      assert.throws(
        () => new Accountant(store),
        (error: Error) => error instanceof BudgetStateError && error.message.includes(store.path),
      );
      assert.equal(readFileSync(store.path, "utf8"), text);
    });
  }

  const spent = fc.record(
    {
      releases: fc.integer({ min: 10, max: 1e9 }),
      rho: fc.double({ min: 0, max: 1e12, noNaN: true }),
      unprotected: fc.integer({ min: 0, max: 10 }),
    },
    { noNullPrototype: true },
  );
  const records = fc.dictionary(
    fc.stringMatching(/^[A-Za-z0-9.-]{1,20}$/),
    fc.record(
      {
        since: fc.integer({ min: 0, max: 4e12 }),
        total: spent,
        day: fc.constant("2026-11-21"),
        today: fc.constant({ releases: 3, rho: 0.1, unprotected: 0 }),
      },
      { noNullPrototype: true },
    ),
    { maxKeys: 20 },
  );

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(records, (groups) => {
        const map = new Map(Object.entries(groups));
        assert.deepEqual(decodeBudget(encodeBudget(map)), map);
      }),
      { seed: 5 },
    );
  });

  it("answers any other JSON and any damage with an error, never with an account that is not one", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        assert.throws(() => decodeBudget(text), Error);
      }),
      { seed: 6 },
    );
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(3), (groups, at, byte, kind) => {
        const text = Buffer.from(encodeBudget(new Map(Object.entries(groups))));
        const i = at % text.length;
        if (kind === 0) text[i] = byte;
        const changed =
          kind === 1
            ? text.subarray(0, i)
            : kind === 2
              ? Buffer.concat([text.subarray(0, i), Buffer.from([byte]), text.subarray(i)])
              : kind === 3
                ? Buffer.concat([text.subarray(i), text.subarray(0, i)])
                : text;
        const store = { load: () => changed.toString("utf8"), save: () => undefined };
        try {
          const accountant = new Accountant(store);
          // A flipped digit can be another valid account; it must at least be a well-formed one.
          assert.doesNotThrow(() => accountant.charge([{ group: "a", rho: 1 }], NOON));
        } catch (error) {
          assert.ok(error instanceof BudgetStateError, String(error));
        }
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it("never counts less than was released, when killed at any moment", async () => {
    const { kills } = await killDrill(10, folder);
    assert.equal(kills, 10);
  });

  it("never fills a day twice, nor forgets a run of alarms, when killed at any moment", async () => {
    const { kills, days, alarmChanges } = await killDrill(10, folder, "budget");
    assert.equal(kills, 10);
    assert.ok(days > 0 && alarmChanges > 0);
  });
});
