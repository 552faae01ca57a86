import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeIntake, encodeIntake } from "../../../lib/spool/intake-entry.js";
import { IntakeJournal } from "../../../lib/spool/intake-journal.js";

describe("intake journal", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-intake-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const entry = (text: string) => ({ at: 1_767_225_600_000, topic: "iot/devices/ä/data", bytes: Buffer.from(text) });
  const open = (options = {}) => IntakeJournal.open({ folder, segmentBytes: 128, ...options });
  async function unfinished(journal: IntakeJournal): Promise<string[]> {
    const found: string[] = [];
    for await (const { n, bytes } of journal.unfinishedRecords()) found.push(`${n}:${bytes}`);
    return found;
  }

  it("gives unfinished records out again after a restart, in order, under the same names", async () => {
    let journal = await open();
    const { id } = journal;
    assert.match(id, /^[0-9a-f]{16}$/);
    await Promise.all(["a", "b", "c", "d", "e"].map((text) => journal.append(entry(text))));
    for (const n of [4, 2, 2, 99]) journal.finished(n);
    assert.equal(journal.unfinished, 3);
    assert.deepEqual(await unfinished(journal), ["1:a", "3:c", "5:e"]);
    await journal.close();

    journal = await open();
    assert.equal(journal.id, id);
    assert.deepEqual(
      await unfinished(journal),
      ["1:a", "2:b", "3:c", "4:d", "5:e"],
      "finishing is saved as a position",
    );
    for (const n of [1, 2, 3, 4]) journal.finished(n);
    await journal.close();

    journal = await open();
    assert.deepEqual(await unfinished(journal), ["5:e"]);
    assert.equal(await journal.append(entry("f")), 6);
    journal.finished(5);
    journal.finished(6);
    await journal.close();
    journal = await open();
    assert.deepEqual(await unfinished(journal), []);
    assert.equal(await journal.append(entry("g")), 7, "no number is given twice");
    await journal.close();
  });

  it("gives everything that is still there out again when the cursor is lost", async () => {
    let journal = await open();
    for (const text of ["a", "b"]) await journal.append(entry(text));
    journal.finished(1);
    await journal.close();
    writeFileSync(join(folder, "cursor"), "garbage");
    journal = await open();
    assert.deepEqual(await unfinished(journal), ["1:a", "2:b"]);
    await journal.close();
  });

  it("frees the disk as records are finished", async () => {
    const journal = await open();
    for (let n = 1; n <= 800; n += 100) {
      const numbers = await Promise.all(Array.from({ length: 100 }, () => journal.append(entry("some bytes"))));
      for (const number of numbers) journal.finished(number);
    }
    await journal.close();
    const next = await open();
    assert.ok(next.bytes <= 128, `${next.bytes} bytes are left`);
    await next.close();
  });

  it("has another name in a folder that was wiped", async () => {
    const first = await open();
    await first.close();
    rmSync(folder, { recursive: true });
    const second = await open();
    await second.close();
    assert.notEqual(second.id, first.id);
  });

  it("writes entries that read back, and reads nothing else", () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0, 1, 255])]) {
      assert.deepEqual(decodeIntake(encodeIntake({ at: 1.5, topic: "a/b", bytes })), { at: 1.5, topic: "a/b", bytes });
    }
    assert.throws(() => decodeIntake(Buffer.alloc(9)), /not an intake record/);
    assert.throws(() => decodeIntake(Buffer.from("\0\0\0\0\0\0\0\0\xff\xffab", "latin1")), /not an intake record/);
    assert.throws(() => encodeIntake({ at: 0, topic: "a".repeat(65_536), bytes: Buffer.alloc(0) }), /65535/);
  });
});
