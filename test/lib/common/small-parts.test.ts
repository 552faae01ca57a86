import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { numericColumn, parseCsv } from "../../../lib/common/csv.js";
import { writeFileAtomic } from "../../../lib/common/files.js";
import { isIdentifier } from "../../../lib/common/identifier.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { parseTimestamp } from "../../../lib/common/timestamp.js";

describe("timestamps", () => {
  it("reads ISO 8601 and Unix time alike", () => {
    const expected = Date.UTC(2025, 6, 1, 12, 0, 1);
    for (const value of [
      "2025-07-01T12:00:01Z",
      "2025-07-01T12:00:01",
      "2025-07-01 12:00:01",
      "2025-07-01T14:00:01.000+02:00",
      expected,
      expected / 1000,
    ]) {
      assert.equal(parseTimestamp(value), expected, String(value));
    }
  });

  it("refuses the rest with a code", () => {
    for (const value of ["yesterday", "2025-13-01T00:00:00Z", "", null, undefined, {}, true, Number.NaN, -5, 1e18]) {
      assert.throws(() => parseTimestamp(value), Rejection, String(value));
    }
  });
});

describe("identifiers", () => {
  it("are narrow", () => {
    for (const value of ["rack-1", "a.b_c", "A".repeat(64)]) assert.equal(isIdentifier(value), true);
    for (const value of ["", "a b", "<img>", "a/b", "__proto__", "A".repeat(65), "\u0000", "ä", 5, null]) {
      assert.equal(isIdentifier(value), false, String(value));
    }
  });
});

describe("CSV", () => {
  it("skips comments and blank lines, reads quotes and missing cells", () => {
    const table = parseCsv('# a comment\r\nt,"label, text",x\r\n\r\n1,"a ""b""",2.5\r\n# more\r\n2,,\r\n');
    assert.deepEqual(table, {
      columns: ["t", "label, text", "x"],
      rows: [
        ["1", 'a "b"', "2.5"],
        ["2", "", ""],
      ],
    });
    assert.deepEqual([...numericColumn(table, "x")], [2.5, Number.NaN]);
    assert.throws(() => numericColumn(table, "y"), /no column "y"; the file has: t/);
    assert.throws(() => numericColumn(table, "label, text"), /row 1/);
    assert.throws(() => parseCsv("a,b\n1\n"), /line 2 has 1 cells/);
    assert.throws(() => parseCsv("\n"), /no header/);
  });
});

describe("atomic files", () => {
  it("replace whole, stay private and leave nothing behind", () => {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-files-"));
    const path = join(folder, "deep", "state.json");
    writeFileAtomic(path, "one");
    writeFileAtomic(path, "two");
    assert.equal(readFileSync(path, "utf8"), "two");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(folder, "deep")), ["state.json"]);
    rmSync(folder, { recursive: true });
  });
});

describe("seeded random numbers", () => {
  it("repeat by seed and have the moments of their distributions", () => {
    const take = (seed: number) =>
      Array.from(
        { length: 5 },
        (
          (random) => () =>
            random.uint32()
        )(new SeededRandom(seed)),
      );
    assert.deepEqual(take(7), take(7));
    assert.notDeepEqual(take(7), take(8));
    const random = new SeededRandom(3);
    const n = 100_000;
    const mean = (draw: () => number) => Array.from({ length: n }, draw).reduce((sum, x) => sum + x, 0) / n;
    assert.ok(Math.abs(mean(() => random.uniform()) - 0.5) < 0.005);
    assert.ok(Math.abs(mean(() => random.gaussian(2, 3)) - 2) < 0.05);
    assert.ok(Math.abs(mean(() => random.gaussian() ** 2) - 1) < 0.03);
    assert.ok(Math.abs(mean(() => random.exponential(4)) - 4) < 0.08);
    assert.ok(Array.from({ length: 1000 }, () => random.integer(3)).every((x) => x === 0 || x === 1 || x === 2));
  });
});
