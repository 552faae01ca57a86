import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cursor } from "../../../lib/spool/cursor.js";

describe("cursor", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-cursor-"));
    path = join(folder, "cursor");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("keeps a position, and the newest of many", async () => {
    const cursor = Cursor.load(path, 1);
    assert.equal(cursor.position, 1);
    await Promise.all([cursor.save(5), cursor.save(6), cursor.save(7)]);
    assert.equal(Cursor.load(path, 1).position, 7);
    assert.deepEqual(readdirSync(folder), ["cursor"]);
  });

  it("falls back where the file is damaged, at every byte and bit", async () => {
    await Cursor.load(path, 1).save(1234);
    const sound = readFileSync(path);
    for (let end = 0; end < sound.length; end++) {
      writeFileSync(path, sound.subarray(0, end));
      const cursor = Cursor.load(path, 9);
      assert.deepEqual([cursor.position, cursor.wasDamaged], [9, true], `cut at ${end}`);
    }
    for (let bit = 0; bit < sound.length * 8; bit++) {
      const bytes = Buffer.from(sound);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      writeFileSync(path, bytes);
      assert.equal(Cursor.load(path, 9).position, 9, `bit ${bit}`);
    }
    await Cursor.load(path, 9).save(9);
    assert.deepEqual([Cursor.load(path, 1).position, Cursor.load(path, 1).wasDamaged], [9, false]);
  });

  it("says what the file system says, and can save later", async () => {
    const cursor = Cursor.load(path, 1);
    rmSync(folder, { recursive: true });
    await assert.rejects(cursor.save(2), /ENOENT/);
    Cursor.load(path, 1);
    await cursor.save(2);
    assert.equal(Cursor.load(path, 1).position, 2);
  });
});
