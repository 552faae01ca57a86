import assert from "node:assert/strict";
import { readdirSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { encodeFrame, frameAt } from "../../../lib/spool/frame.js";
import { type LogFile, openLogFile } from "../../../lib/spool/log-file.js";
import { SegmentLog, SpoolFull } from "../../../lib/spool/segment-log.js";
import { flipBit, memoryFolder, putFiles, segmentNames, truncateAt, writeLog } from "../../support/spool-damage.js";

const ALL = { records: 100_000, bytes: 100_000_000 };
const bytesOf = (text: string | number) => Buffer.from(String(text));

/** A real file whose operations are written down, and can be made to fail. */
function watchedFiles() {
  const log: string[] = [];
  let failure: { code: string; partial?: number } | undefined;
  const openFile = async (path: string): Promise<LogFile> => {
    const file = await openLogFile(path);
    return {
      commit: async (bytes, position) => {
        if (failure) {
          const { code, partial } = failure;
          if (partial !== undefined) await file.commit(bytes.subarray(0, partial), position);
          throw Object.assign(new Error(code), { code });
        }
        await file.commit(bytes, position);
        log.push("commit");
      },
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
    };
  };
  const setFailure = (next: typeof failure) => {
    failure = next;
  };
  return { log, openFile, setFailure };
}

describe("segment log", () => {
  let root: string;
  let folder: string;
  beforeEach(() => {
    root = memoryFolder();
    folder = join(root, "log");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const textsIn = async (log: SegmentLog, from = 1) =>
    (await log.read(from, ALL)).map(({ payload }) => payload.toString());

  it("gives records back in order, with their numbers, over restarts and several files", async () => {
    let next = 1;
    for (let life = 0; life < 4; life++) {
      const log = await SegmentLog.open({ folder, segmentBytes: 64 });
      for (let i = 0; i < 10; i++) assert.equal(await log.append(bytesOf(`record ${next}`)), next++);
      assert.deepEqual(
        await textsIn(log),
        Array.from({ length: next - 1 }, (_, i) => `record ${i + 1}`),
      );
      assert.deepEqual(
        (await log.read(next - 2, { records: 1, bytes: 1 })).map(({ number }) => number),
        [next - 2],
      );
      await log.close();
    }
    assert.ok(segmentNames(folder).length > 10);
    assert.equal(statSync(join(folder, segmentNames(folder)[0] as string)).mode & 0o777, 0o600);
  });

  it("limits a reading by records and bytes, but gives at least one", async () => {
    const log = await SegmentLog.open({ folder, segmentBytes: 64 });
    for (let i = 0; i < 9; i++) await log.append(bytesOf("0123456789"));
    const count = async (records: number, bytes: number) => (await log.read(1, { records, bytes })).length;
    assert.deepEqual([await count(4, 1000), await count(100, 35), await count(100, 1)], [4, 3, 1]);
    await log.close();
  });

  it("commits what waits with one flush, and resolves only after it", async () => {
    const { log: operations, openFile } = watchedFiles();
    const log = await SegmentLog.open({ folder, openFile });
    const appended = Array.from({ length: 200 }, (_, i) => log.append(bytesOf(i)).then(() => operations.push("ack")));
    await Promise.all(appended);
    assert.equal(operations.filter((name) => name === "commit").length, 1);
    assert.ok(operations.indexOf("ack") > operations.indexOf("commit"), operations.slice(0, 4).join());
    await log.append(bytesOf("alone")).then(() => operations.push("ack"));
    assert.deepEqual(operations.slice(-2), ["commit", "ack"]);
    await log.close();
  });

  it("deletes files whose records are done with, and never gives a number twice", async () => {
    let log = await SegmentLog.open({ folder, segmentBytes: 64 });
    for (let i = 0; i < 20; i++) await log.append(bytesOf("0123456789"));
    await log.release(21);
    assert.ok(segmentNames(folder).length <= 1);
    await log.close();
    log = await SegmentLog.open({ folder, startAt: 21 });
    await log.release(21);
    assert.deepEqual(segmentNames(folder), []);
    assert.equal(await log.append(bytesOf("next")), 21);
    await log.close();
  });

  for (const failure of [{ code: "ENOSPC" }, { code: "ENOSPC", partial: 7 }, { code: "EIO", partial: 1000 }] as const) {
    it(`refuses what ${JSON.stringify(failure)} kept off the disk, and goes on afterwards`, async () => {
      const { openFile, setFailure } = watchedFiles();
      let log = await SegmentLog.open({ folder, openFile });
      assert.equal(await log.append(bytesOf("before")), 1);
      setFailure(failure);
      const refused = await Promise.allSettled([log.append(bytesOf("lost 1")), log.append(bytesOf("lost 2"))]);
      for (const result of refused) {
        assert.equal(result.status, "rejected");
        assert.equal((result.reason as NodeJS.ErrnoException).code, failure.code);
      }
      setFailure(undefined);
      assert.equal(await log.append(bytesOf("after")), 2);
      assert.deepEqual(await textsIn(log), ["before", "after"]);
      await log.close();
      log = await SegmentLog.open({ folder });
      assert.deepEqual(await textsIn(log), ["before", "after"]);
      assert.deepEqual(log.recovery, { records: 2, damagedBytes: 0, lostRecords: 0 });
      await log.close();
    });
  }

  it("refuses records at its cap, and takes them again when there is room", async () => {
    const log = await SegmentLog.open({ folder, segmentBytes: 64, maxBytes: 128 });
    let taken = 0;
    await assert.rejects(async () => {
      for (;;) {
        await log.append(bytesOf("0123456789"));
        taken++;
      }
    }, SpoolFull);
    assert.ok(log.bytes <= 128 && taken >= 6, `${taken} records in ${log.bytes} bytes`);
    await log.release(4);
    assert.equal(await log.append(bytesOf("0123456789")), taken + 1);
    await log.close();
  });

  it("drops the oldest at its cap where that is set, and counts what was not delivered", async () => {
    const drops: number[] = [];
    const log = await SegmentLog.open({
      folder,
      segmentBytes: 64,
      maxBytes: 128,
      whenFull: "dropOldest",
      onDrop: (records) => drops.push(records),
    });
    for (let i = 1; i <= 6; i++) await log.append(bytesOf(`record ${i}!!`));
    await log.release(2);
    for (let i = 7; i <= 30; i++) await log.append(bytesOf(`record ${i}!`));
    assert.ok(log.bytes <= 128);
    const kept = await log.read(1, ALL);
    assert.equal(log.dropped, 29 - kept.length, "all but record 1, which was delivered, are kept or counted");
    assert.equal(
      drops.reduce((a, b) => a + b, 0),
      log.dropped,
    );
    assert.equal(kept.at(-1)?.number, 30);
    await log.close();
  });

  it("refuses a record that no file can hold", async () => {
    const log = await SegmentLog.open({ folder, segmentBytes: 64 });
    await assert.rejects(log.append(Buffer.alloc(64)), /does not fit/);
    await log.close();
    await assert.rejects(log.append(bytesOf("late")), /closed/);
  });

  it("takes zeros, as power loss leaves them, for no records", async () => {
    putFiles(folder, new Map([["0000000000000001.seg", Buffer.concat([encodeFrame(bytesOf("a")), Buffer.alloc(40)])]]));
    const log = await SegmentLog.open({ folder });
    assert.deepEqual(await textsIn(log), ["a"]);
    assert.equal(log.recovery.damagedBytes, 40);
    assert.equal(await log.append(bytesOf("b")), 7, "40 bytes could have been five records");
    await log.close();
    assert.ok(readdirSync(folder).includes("damaged.seg.kept"));
  });

  it("reads what is sound when a file is damaged after the opening, and goes on behind it", async () => {
    const log = await SegmentLog.open({ folder, segmentBytes: 64 });
    for (let i = 1; i <= 8; i++) await log.append(bytesOf(`record ${i}!`));
    const file = await open(join(folder, segmentNames(folder)[0] as string), "r+");
    await file.write(Buffer.from([0xff]), 0, 1, 20 + 9);
    await file.close();
    const read = (await log.read(1, ALL)).map(({ number }) => number);
    assert.equal(read[0], 1);
    assert.ok(!read.includes(2) && read.includes(8), read.join());
    assert.equal(log.unreadable, 8 - read.length);
    assert.equal(log.count(1), read.length);
    await log.close();
  });

  it("recovers the exact prefix when it ends at any byte", async () => {
    const written = await writeLog(join(root, "whole"), 16, 256, 1);
    assert.ok(written.files.size > 2);
    for (const [name, bytes] of written.files) {
      for (let end = 0; end <= bytes.length; end++) await truncateAt(folder, written, name, end);
    }
  });

  it("counts a loss once, and not again at the next opening", async () => {
    const written = await writeLog(join(root, "whole"), 40, 256, 1);
    const [first] = written.files.keys();
    await truncateAt(folder, written, first as string, 3);
    const log = await SegmentLog.open({ folder });
    assert.deepEqual([log.recovery.lostRecords, log.recovery.damagedBytes], [0, 0]);
    await log.close();
  });

  it("accepts no record with a flipped bit", async () => {
    const written = await writeLog(join(root, "whole"), 60, 512, 2);
    const random = new SeededRandom(3);
    for (let i = 0; i < 300; i++) await flipBit(folder, written, random);
  });

  it("has a frame format that is what it says", () => {
    const frame = encodeFrame(bytesOf("abc"));
    assert.equal(frame.toString("hex").slice(0, 8), "03000000");
    assert.deepEqual(frameAt(frame, 0), { payload: bytesOf("abc"), end: 11 });
    assert.equal(frameAt(frame.subarray(0, 10), 0), undefined);
  });
});
