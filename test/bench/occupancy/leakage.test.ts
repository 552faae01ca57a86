import assert from "node:assert/strict";
import { assign } from "../../../bench/occupancy-leakage/assignment.js";
import { groupsOf, reidentified, weeklyProfiles } from "../../../bench/occupancy-leakage/frequency-attack.js";
import { monthsOf } from "../../../bench/occupancy-leakage/months.js";
import { chanceBound, measureLeakage } from "../../../bench/occupancy-leakage/occupancy-leakage.js";
import { seedRows } from "../../../bench/occupancy-leakage/seed-columns.js";
import type { StoredRow } from "../../../bench/occupancy-leakage/stored-row.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";

describe("bench occupancy-leakage", function () {
  this.timeout(120_000);

  it("assigns with the lowest sum, as trying all assignments does", () => {
    const random = new SeededRandom(11);
    const best = (costs: readonly Float64Array[], row = 0, used = new Set<number>()): number => {
      if (row === costs.length) return 0;
      let least = Number.POSITIVE_INFINITY;
      for (const [column, cost] of (costs[row] as Float64Array).entries()) {
        if (used.has(column)) continue;
        used.add(column);
        least = Math.min(least, cost + best(costs, row + 1, used));
        used.delete(column);
      }
      return least;
    };
    for (let run = 0; run < 60; run++) {
      const [n, extra] = [1 + random.integer(5), random.integer(3)];
      const costs = Array.from({ length: n }, () =>
        Float64Array.from({ length: n + extra }, () => random.gaussian(0, 5)),
      );
      const columns = assign(costs);
      assert.equal(new Set(columns).size, n);
      const sum = columns.reduce((all, column, row) => all + (costs[row]?.[column] as number), 0);
      assert.ok(Math.abs(sum - best(costs)) < 1e-9);
    }
    assert.throws(() => assign([Float64Array.of(1), Float64Array.of(1)]), RangeError);
  });

  it("groups equal values, leaves out what lies inside another group, and keeps single rows where nothing is equal", () => {
    const row = (...values: string[]): StoredRow => ({ at: 0, values, truth: 0 });
    const rows = [row("a", "x"), row("a", "x"), row("a", "y"), row("b", "y"), row("b", "z")];
    assert.deepEqual(groupsOf(rows, 10), [
      [0, 1, 2],
      [2, 3],
      [3, 4],
    ]);
    assert.deepEqual(groupsOf(rows, 1), [[0, 1, 2]]);
    assert.deepEqual(groupsOf([row("a"), row("b")], 10), [[0], [1]]);
  });

  it("recognises access points by their hours in deterministic columns, and none once every value is new", () => {
    const months = monthsOf(3, { sessions: 20_000, accessPoints: 12, devices: 2000 });
    assert.equal(months.last.length + months.stored.length, 20_000);
    const profiles = weeklyProfiles(months.last, 12);
    const rows = seedRows(months);
    assert.ok(reidentified(rows, profiles, 1) >= 0.75);
    const shifted = profiles.map((_, i) => profiles[(i + 1) % 12] as Float64Array);
    assert.ok(reidentified(rows, shifted, 1) <= 0.25);
    const fresh = rows.map((row, i) => ({ ...row, values: [String(i)] }));
    assert.ok(reidentified(fresh, profiles, 1) <= chanceBound(12));
  });

  it("finds the first system's columns and tags out, and cells not", async () => {
    const figures = await measureLeakage({ sessions: 8000, accessPoints: 15, devices: 800 }, 1);
    const share = (contender: string) => {
      const found = figures.find((figure) => figure.contender === contender && figure.metric === "re-identified");
      assert.ok(found, contender);
      return found;
    };
    assert.ok(share("seed-columns").value >= 0.5);
    assert.ok(share("tags").value >= 0.5);
    // Its keys are new each time, so that the attack guesses blindly: it has more hits than the bound in one of 1000 runs,
    // and eleven or more in one of 10^8.
    const { value, target, ok } = share("cells");
    assert.ok(value < 11 / 15, `${value}`);
    assert.deepEqual([target, ok], ["<= 0.3333", value <= 0.3333]);
    for (const metric of ["repeated-values", "value-sizes"]) {
      assert.equal(figures.find((figure) => figure.metric === metric)?.ok, true, metric);
    }
  });

  it("knows how often blind guessing hits", () => {
    // Poisson with mean 1: P(X <= 4) = 0.9963, P(X <= 5) = 0.9994.
    assert.equal(chanceBound(300), 5 / 300);
  });
});
