import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Rejection } from "../../../lib/common/rejection.js";
import { ReplayFile } from "../../../lib/envelope/replay-file.js";
import { ReplayWindow, WINDOW_SIZE } from "../../../lib/envelope/replay-window.js";
import { ReplayWindows } from "../../../lib/envelope/replay-windows.js";
import { rejects } from "./rejects.js";

const JOURNAL = "00112233aabbccdd";
const RUNS = { seed: 20260101, numRuns: 500 };
const sender = (counter: number | bigint, device = "pump", epoch = 1) => ({ device, epoch, counter: BigInt(counter) });

describe("ReplayWindow", () => {
  it("accepts each counter once, and none that is 64 or more behind", () => {
    const window = new ReplayWindow();
    const take = (counter: number | bigint) => {
      const accepted = window.accepts(BigInt(counter));
      if (accepted) window.add(BigInt(counter));
      return accepted;
    };
    assert.deepEqual([0, 0, 5, 3, 3, 5, 4].map(take), [true, false, true, true, false, false, true]);
    assert.ok(take(100));
    assert.deepEqual([100 - WINDOW_SIZE, 101 - WINDOW_SIZE, 101 - WINDOW_SIZE].map(take), [false, true, false]);
    const last = 2n ** 64n - 1n;
    assert.ok(take(last));
    assert.deepEqual([last, 100, last - 63n, last - 64n].map(take), [false, false, true, false]);
  });

  it("agrees with a set of all counters that it has seen", () => {
    const step = fc.oneof(fc.integer({ min: -80, max: 80 }), fc.integer({ min: -3, max: 3 }), fc.constant(0));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let window = new ReplayWindow();
        const seen = new Set<number>();
        let highest = -1;
        let at = 100;
        for (const [index, move] of steps.entries()) {
          at = Math.max(0, at + move);
          const expected = !seen.has(at) && highest - at < WINDOW_SIZE;
          assert.equal(window.accepts(BigInt(at)), expected);
          if (expected) {
            window.add(BigInt(at));
            seen.add(at);
            highest = Math.max(highest, at);
          }
          if (index % 7 === 0) window = new ReplayWindow(window.highest, window.seen);
        }
      }),
      RUNS,
    );
  });
});

describe("ReplayWindows", () => {
  it("keep devices and epochs apart, and are bounded", () => {
    const windows = new ReplayWindows({ maxWindows: 3 });
    windows.admit(sender(7));
    windows.admit(sender(7, "pump", 2));
    windows.admit(sender(7, "hall"));
    for (const copy of [sender(7), sender(7, "pump", 2), sender(7, "hall")])
      rejects(() => windows.admit(copy), "REPLAY");
    rejects(() => windows.admit(sender(1, "more")), "RATE");
    windows.admit(sender(8));
  });

  it("let a journal's record pass again, and no copy of it", () => {
    const windows = new ReplayWindows();
    const record = { journal: JOURNAL, n: 1 };
    windows.admit(sender(1), record);
    for (let n = 2; n <= 500; n++) windows.admit(sender(n), { journal: JOURNAL, n });
    // Also where the window has moved on: after a crash everything that was not finished comes again.
    windows.admit(sender(1), record);
    rejects(() => windows.admit(sender(1)), "REPLAY");
    rejects(() => windows.admit(sender(1), { journal: JOURNAL, n: 501 }), "REPLAY");
    rejects(() => windows.admit(sender(1), { journal: "ffffffffffffffff", n: 1 }), "REPLAY");
    rejects(() => windows.admit(sender(2), record), "REPLAY");
    rejects(() => windows.admit(sender(1, "pump", 1), { journal: JOURNAL, n: 2 }), "REPLAY");
  });

  it("forget records that are finished", () => {
    let lowest = 1;
    const windows = new ReplayWindows({ lowestUnfinished: () => lowest });
    for (let n = 1; n <= 100_000; n++) {
      lowest = n - 10;
      windows.admit(sender(n), { journal: JOURNAL, n });
      if (n % 5000 === 0) assert.ok(windows.size < 9000, `${windows.size}`);
    }
    assert.equal([...windows.lines()].length, 12);
    const untold = new ReplayWindows();
    for (let n = 1; n <= 200_000; n++) untold.admit(sender(n), { journal: JOURNAL, n });
    assert.ok(untold.size <= 140_000, `${untold.size}`);
    untold.admit(sender(199_000), { journal: JOURNAL, n: 199_000 });
  });

  it("count nothing that could not be written", () => {
    let isFull = true;
    const windows = new ReplayWindows({
      write: () => {
        if (isFull) throw new Error("disk full");
      },
    });
    assert.throws(() => windows.admit(sender(1)), /disk full/);
    isFull = false;
    windows.admit(sender(1));
    rejects(() => windows.admit(sender(1)), "REPLAY");
  });
});

describe("ReplayFile", () => {
  let folder: string;
  let path: string;
  const files: ReplayFile[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-replay-"));
    path = join(folder, "state", "replay-a.log");
  });
  afterEach(() => {
    for (const file of files.splice(0)) file.close();
    rmSync(folder, { recursive: true });
  });

  function open(options: ConstructorParameters<typeof ReplayFile>[1] = {}): ReplayFile {
    const file = new ReplayFile(path, options);
    files.push(file);
    return file;
  }

  const admitted = (file: ReplayFile, counter: number, record?: { journal: string; n: number }) => {
    try {
      file.admit(sender(counter), record);
      return true;
    } catch (error) {
      if (error instanceof Rejection) return false;
      throw error;
    }
  };

  it("is made by the first admission, private, and remembers without being closed", () => {
    const first = open();
    assert.throws(() => statSync(path), /ENOENT/);
    for (const counter of [1, 2, 9]) first.admit(sender(counter), { journal: JOURNAL, n: counter });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const second = open();
    assert.deepEqual(
      [1, 2, 3, 9, 10].map((counter) => admitted(second, counter)),
      [false, false, true, false, true],
    );
    assert.ok(admitted(second, 2, { journal: JOURNAL, n: 2 }));
    assert.ok(!admitted(second, 2, { journal: JOURNAL, n: 3 }));
    second.close();
    second.close();
    second.admit(sender(11));
    assert.ok(!admitted(open(), 11));
  });

  it("is written anew when it has grown, and means the same", () => {
    const file = open({ compactFrom: 100, lowestUnfinished: () => 4990 });
    for (let n = 1; n <= 5000; n++) file.admit(sender(n, `d${n % 3}`), { journal: JOURNAL, n });
    const { size } = statSync(path);
    assert.ok(size < 700_000, `${size} bytes`);
    const again = open();
    assert.equal(again.damaged, 0);
    for (let n = 4900; n <= 5000; n++) rejects(() => again.admit(sender(n, `d${n % 3}`)), "REPLAY");
    for (let n = 4990; n <= 5000; n++) again.admit(sender(n, `d${n % 3}`), { journal: JOURNAL, n });
    for (let n = 5001; n <= 5003; n++) again.admit(sender(n, `d${n % 3}`));
  });

  it("lives with an end that was cut off, at every byte", () => {
    const file = open();
    for (let n = 1; n <= 5; n++) file.admit(sender(n), { journal: JOURNAL, n });
    file.close();
    const whole = readFileSync(path);
    const start = whole.indexOf("\n") + 1;
    const ends = [...whole.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at + 1);
    for (let length = start; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      const kept = ends.filter((end) => end <= length).length - 1;
      const cut = open();
      assert.equal(cut.damaged, 0);
      for (let n = 1; n <= kept; n++) assert.ok(!admitted(cut, n), `${length}: ${n}`);
      cut.admit(sender(6));
      cut.close();
      // The rest of the cut line spoils nothing that follows it.
      const after = open();
      assert.ok(!admitted(after, 6));
      assert.ok(after.damaged <= 1);
      after.close();
    }
  });

  it("counts damaged lines, and believes no changed one", () => {
    const file = open();
    for (let n = 1; n <= 50; n++) file.admit(sender(n));
    file.close();
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace("m pump 1 49 ", "m pump 1 99 "));
    const changed = open();
    assert.equal(changed.damaged, 1);
    assert.ok(admitted(changed, 99));
    changed.close();
    appendFileSync(path, "garbage\n\u0000\n");
    assert.equal(open().damaged, 3);
    writeFileSync(path, "something else\n");
    assert.throws(() => open(), /does not hold replay windows/);
    writeFileSync(path, "");
    assert.throws(() => open(), /does not hold replay windows/);
  });

  it("refuses what it cannot write down", () => {
    const file = open();
    file.admit(sender(1));
    file.close();
    rmSync(path);
    rmSync(join(folder, "state"), { recursive: true });
    writeFileSync(join(folder, "state"), "");
    assert.throws(() => file.admit(sender(2)), /ENOTDIR|EEXIST/);
    rmSync(join(folder, "state"));
    file.admit(sender(2));
    rejects(() => file.admit(sender(2)), "REPLAY");
  });
});
