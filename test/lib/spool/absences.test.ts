import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Absences } from "../../../lib/spool/absences.js";

const NOW = Date.UTC(2026, 0, 1);

describe("absences of a gateway", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-absences-"));
    path = join(folder, "absences.json");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("begin with the last sign of the broker and end with the next connection, also over a restart", async () => {
    const first = new Absences(path);
    assert.equal(first.before(NOW), undefined);
    first.connected(NOW);
    assert.equal(first.before(NOW), undefined, "before the first start nobody knows");
    first.heard(NOW + 30_000);
    await first.save();
    first.heard(NOW + 31_000);

    const second = new Absences(path);
    second.connected(NOW + 210_000);
    const away = { from: NOW + 30_000, to: NOW + 210_000 };
    assert.deepEqual(second.before(NOW + 210_000), away);
    assert.deepEqual(second.before(NOW + 390_000), away, "as long again as it took");
    assert.equal(second.before(NOW + 390_001), undefined);
    assert.equal(second.before(NOW + 209_999), undefined, "a record of before");
    await second.save();
    assert.deepEqual(new Absences(path).before(NOW + 212_000), away, "of a record that is sent again");
    assert.deepEqual(readdirSync(folder), ["absences.json"]);
  });

  it("are told by the longest that may still be waited for", () => {
    const absences = new Absences(path);
    const outage = { from: NOW, to: NOW + 180_000 };
    absences.heard(outage.from);
    absences.connected(outage.to);
    const blip = { from: NOW + 340_000, to: NOW + 341_000 };
    absences.heard(blip.from);
    absences.connected(blip.to);
    assert.deepEqual(absences.before(NOW + 360_000), outage, "the broker hands over what came in it");
    assert.deepEqual(absences.before(NOW + 360_001), blip, "the outage is over for as long as it took");
    assert.equal(absences.before(NOW + 401_001), undefined);
    const longer = { from: NOW + 350_000, to: NOW + 650_000 };
    absences.heard(longer.from);
    absences.connected(longer.to);
    assert.deepEqual(absences.before(NOW + 650_000), longer);
  });

  it("are forgotten from the oldest on, and with a damaged file", async () => {
    const absences = new Absences(path);
    for (let i = 0; i < 100; i++) {
      absences.connected(NOW + i * 100_000 + 50_000);
      absences.heard(NOW + (i + 1) * 100_000);
    }
    assert.equal(absences.before(NOW + 60_000), undefined);
    assert.notEqual(absences.before(NOW + 99 * 100_000 + 60_000), undefined);
    // Each connection has begun to write; a late one would mend what is damaged below.
    await absences.save();
    const damaged = [
      "",
      "{",
      "[]",
      '{"version":1,"heardAt":null}',
      '{"version":1,"heardAt":1,"absences":[{"from":2}]}',
    ];
    for (const text of damaged) {
      writeFileSync(path, text);
      assert.equal(new Absences(path).before(NOW), undefined, text);
    }
  });

  it("do without a disk", async () => {
    const absences = new Absences(join(folder, "missing", "absences.json"));
    absences.connected(NOW);
    absences.heard(NOW + 1000);
    absences.connected(NOW + 2000);
    await absences.save();
    assert.notEqual(absences.before(NOW + 2000), undefined);
  });
});
