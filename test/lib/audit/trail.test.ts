import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditOptions, AuditTrail } from "../../../lib/audit/audit-trail.js";
import { CSV_HEADER } from "../../../lib/audit/verdict-lines.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { numbersIn, verdictNumber } from "./verdicts.js";

const DAY = 86_400_000;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Waits for the next UTC day where this one is about to end: a new day begins a new file. */
async function awayFromMidnight(): Promise<void> {
  const left = DAY - (Date.now() % DAY);
  if (left < 30_000) await new Promise((resolve) => setTimeout(resolve, left + 100));
}

describe("audit trail: files", () => {
  let folder: string;
  let trail: AuditTrail;
  const read = (file: string) => readFileSync(join(folder, file), "utf8");
  const files = (extension = "jsonl") =>
    readdirSync(folder)
      .filter((name) => name.endsWith(extension))
      .sort();
  /** Rotated files oldest first, then the current one. */
  const inOrder = () =>
    files().sort((a, b) => Number(a === "trail.jsonl") - Number(b === "trail.jsonl") || (a < b ? -1 : 1));
  const start = (options: Partial<AuditOptions> = {}) => {
    trail = new AuditTrail({ folder, name: "trail", retryMs: 20, ...options });
    return trail.start();
  };
  const writeRange = (from: number, to: number) => {
    for (const i of range(from, to)) trail.write(verdictNumber(i));
  };

  beforeEach(async () => {
    await awayFromMidnight();
    folder = join(mkdtempSync(join(tmpdir(), "redoubt-audit-")), "audit");
  });
  afterEach(async () => {
    await trail.close();
    rmSync(join(folder, ".."), { recursive: true });
  });

  it("holds every verdict in both formats, private to the user", async () => {
    await start();
    assert.equal(read("trail.csv"), CSV_HEADER, "from the start");
    writeRange(0, 1000);
    await trail.flush();
    assert.deepEqual(numbersIn(read("trail.jsonl")), range(0, 1000));
    assert.equal(read("trail.csv").split("\r\n").length, 1002);
    assert.equal(trail.written, 2000);
    assert.equal(trail.lost, 0);
    for (const file of ["trail.jsonl", "trail.csv"]) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it("writes soon without being asked, and on close at the latest", async () => {
    await start({ flushMs: 10 });
    writeRange(0, 3);
    while (trail.written < 6) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(numbersIn(read("trail.jsonl")), [0, 1, 2]);
    await trail.close();
    await start({ flushMs: 60_000, formats: ["jsonl"] });
    writeRange(3, 5);
    await trail.close();
    assert.deepEqual(numbersIn(read("trail.jsonl")), range(0, 5));
  });

  it("rotates by size, keeps the newest files, and starts each CSV with its header", async () => {
    await start({ maxBytes: 100_000, maxFiles: 3 });
    for (let i = 0; i < 2000; i += 100) {
      writeRange(i, i + 100);
      await trail.flush();
    }
    for (const extension of ["jsonl", "csv"]) {
      assert.equal(files(extension).length, 3);
      for (const file of files(extension)) assert.ok(statSync(join(folder, file)).size <= 100_000);
    }
    for (const file of files("csv")) assert.ok(read(file).startsWith(CSV_HEADER));
    const kept = inOrder().flatMap((file) => numbersIn(read(file)));
    assert.deepEqual(kept, range(kept[0] as number, 2000), "the newest, in order and without a gap");
    assert.ok(kept.length >= 300);
    assert.match(inOrder()[0] as string, /^trail-\d{4}-\d{2}-\d{2}-0000\d\d\.jsonl$/);
  });

  it("goes on counting files after a restart, and leaves other files alone", async () => {
    const options: Partial<AuditOptions> = { maxBytes: 2000, maxFiles: 100, formats: ["jsonl"] };
    await start(options);
    for (const strange of ["trail-1-2.jsonl", "trail-2026-01-01-000009.csv", "trailer-2026-01-01-999999.jsonl"]) {
      writeFileSync(join(folder, strange), "");
    }
    writeRange(0, 1);
    for (let i = 1; i < 30; i++) {
      trail.write(verdictNumber(i));
      await trail.flush();
      if (i % 10 !== 0) continue;
      await trail.close();
      await start(options);
    }
    const ours = inOrder().filter((file) => /^trail(-\d{4}-.*)?\.jsonl$/.test(file));
    assert.deepEqual(
      ours.flatMap((file) => numbersIn(read(file))),
      range(0, 30),
    );
    assert.equal(files("").length - ours.length, 3);
  });

  it("begins a new file with each UTC day", async () => {
    let now = Date.UTC(2026, 1, 5, 23, 59, 59);
    await start({ clock: () => now });
    writeRange(0, 2);
    await trail.flush();
    now += 2000;
    writeRange(2, 4);
    await trail.flush();
    writeRange(4, 5);
    await trail.flush();
    assert.deepEqual(files(), ["trail-2026-02-05-000001.jsonl", "trail.jsonl"]);
    assert.deepEqual(numbersIn(read("trail-2026-02-05-000001.jsonl")), [0, 1]);
    assert.deepEqual(numbersIn(read("trail.jsonl")), [2, 3, 4]);
    await trail.close();

    const yesterday = new Date(now - DAY);
    for (const file of ["trail.jsonl", "trail.csv"]) utimesSync(join(folder, file), yesterday, yesterday);
    await start({ clock: () => now });
    assert.ok(files().includes("trail-2026-02-05-000002.jsonl"), "also where midnight passed while nothing ran");
  });

  it("cuts off an unfinished last line, however long, and goes on behind the last whole one", async () => {
    for (const rest of ['{"id":"0000', "x".repeat(200_000), "\u0000".repeat(5000)]) {
      rmSync(folder, { recursive: true, force: true });
      await start();
      writeRange(0, 2);
      await trail.close();
      for (const file of ["trail.jsonl", "trail.csv"]) appendFileSync(join(folder, file), rest);
      await start();
      assert.equal(trail.cutBytes, 2 * rest.length);
      writeRange(2, 3);
      await trail.close();
      assert.deepEqual(numbersIn(read("trail.jsonl")), [0, 1, 2]);
      assert.equal(read("trail.csv").split("\r\n").length, 5);
    }
    writeFileSync(join(folder, "trail.csv"), CSV_HEADER.slice(0, 20));
    await start();
    assert.equal(read("trail.csv"), CSV_HEADER, "also a torn header");
  });

  it("does not mix rows under another header", async () => {
    await start();
    await trail.close();
    writeFileSync(join(folder, "trail.csv"), "timestamp,client_id\r\n1,a\r\n");
    await start();
    writeRange(0, 1);
    await trail.flush();
    assert.equal(files("csv").length, 2);
    assert.ok(read("trail.csv").startsWith(CSV_HEADER));
  });

  it("notices that its file was moved, deleted or emptied", async () => {
    await start();
    writeRange(0, 1);
    await trail.flush();
    renameSync(join(folder, "trail.jsonl"), join(folder, "moved.jsonl"));
    truncateSync(join(folder, "trail.csv"));
    writeRange(1, 2);
    await trail.flush();
    rmSync(folder, { recursive: true });
    writeRange(2, 3);
    await trail.flush();
    assert.deepEqual(numbersIn(read("trail.jsonl")), [2]);
    assert.equal(read("trail.csv").split("\r\n").length, 3);
  });
});

describe("audit trail: a disk that fails", () => {
  let folder: string;
  let failures: string[];
  let recovered: number;
  const FULL = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const read = () => readFileSync(join(folder, "trail.jsonl"), "utf8");

  beforeEach(async () => {
    await awayFromMidnight();
    folder = join(mkdtempSync(join(tmpdir(), "redoubt-audit-")), "audit");
    failures = [];
    recovered = 0;
  });
  afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

  const trailWith = (options: Partial<AuditOptions>) =>
    new AuditTrail({
      folder,
      name: "trail",
      formats: ["jsonl"],
      retryMs: 5,
      onFailure: (error) => failures.push((error as NodeJS.ErrnoException).code ?? error.message),
      onRecovery: () => recovered++,
      ...options,
    });

  it("loses nothing that fits into memory, and takes up where it stopped", async () => {
    writeFileSync(folder, "a file where the folder should be");
    const trail = trailWith({});
    await trail.start();
    for (const i of range(0, 500)) trail.write(verdictNumber(i));
    await trail.flush();
    assert.ok(failures.length >= 2, "each attempt is told");
    rmSync(folder);
    while (recovered === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    for (const i of range(500, 510)) trail.write(verdictNumber(i));
    await trail.close();
    assert.deepEqual(numbersIn(read()), range(0, 510));
    assert.equal(trail.lost, 0);
    assert.equal(recovered, 1);
  });

  it("counts what does not fit into memory, and admits the gap in the file", async () => {
    writeFileSync(folder, "");
    const trail = trailWith({ maxWaiting: 20_000 });
    await trail.start();
    for (const i of range(0, 1000)) trail.write(verdictNumber(i));
    await trail.flush();
    const { lost } = trail;
    assert.ok(lost > 900 && lost < 1000, `${lost} lost`);
    rmSync(folder);
    while (recovered === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    trail.write(verdictNumber(2000));
    await trail.close();
    const lines = read()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { id?: string; gap?: { lost: number; from: number; to: number } });
    assert.equal(lines.length, 1000 - lost + 2);
    const gap = lines.at(-2)?.gap;
    assert.equal(gap?.lost, lost);
    assert.ok((gap?.from as number) <= (gap?.to as number));
    assert.equal(trail.lost, lost);
  });

  it("leaves no half line behind when the disk is full in the middle of one", async () => {
    let room = 10_000;
    /** A file system that takes so many bytes and no more. */
    const openFile = async (path: string, flags: string, mode: number): Promise<FileHandle> => {
      const handle = await open(path, flags, mode);
      const write = handle.write.bind(handle) as (
        b: Buffer,
        o: number,
        l: number,
      ) => Promise<{ bytesWritten: number; buffer: Buffer }>;
      handle.write = (async (buffer: Buffer, offset: number, length: number) => {
        if (room === 0) throw FULL;
        const taken = Math.min(length, room);
        room -= taken;
        return write(buffer, offset, taken);
      }) as FileHandle["write"];
      return handle;
    };
    const trail = trailWith({ openFile });
    for (let i = 0; i < 100; i += 10) {
      for (const j of range(i, i + 10)) trail.write(verdictNumber(j));
      await trail.flush();
    }
    const whole = numbersIn(read());
    assert.ok(whole.length > 0 && whole.length < 100);
    assert.ok(failures.includes("ENOSPC"));
    room = 1e9;
    await trail.close();
    assert.deepEqual(numbersIn(read()), range(0, 100), "each line once");
  });

  it("counts what is left when it closes", async () => {
    writeFileSync(folder, "");
    const trail = trailWith({ retryMs: 60_000 });
    for (const i of range(0, 7)) trail.write(verdictNumber(i));
    await trail.close();
    assert.equal(trail.lost, 7);
    assert.equal(trail.written, 0);
  });
});

describe("audit trail: readers and crashes", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-audit-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is followed over rotations as tail -F does: no line twice, none missing, none half", async () => {
    const path = join(folder, "trail.jsonl");
    const trail = new AuditTrail({ folder, name: "trail", formats: ["jsonl"], maxBytes: 40_000, maxFiles: 1000 });
    await trail.start();
    const seen: number[] = [];
    let file = openSync(path, "r");
    let rest = "";
    const block = Buffer.alloc(7001);
    const drain = () => {
      for (let got = readSync(file, block); got > 0; got = readSync(file, block)) {
        const lines = (rest + block.toString("latin1", 0, got)).split("\n");
        rest = lines.pop() as string;
        if (lines.length > 0) seen.push(...numbersIn(`${lines.join("\n")}\n`));
      }
    };
    let rotations = 0;
    const follow = () => {
      drain();
      const inPlace = statSync(path, { throwIfNoEntry: false })?.ino;
      if (inPlace === undefined || inPlace === fstatSync(file).ino) return;
      drain();
      assert.equal(rest, "", "a file that was rotated away ends with a whole line");
      const next = openSync(path, "r");
      closeSync(file);
      file = next;
      rotations++;
    };
    // One file is rotated at most between two looks: each batch is far smaller than a file.
    for (let i = 0; i < 6000; i += 20) {
      for (const j of range(i, i + 20)) trail.write(verdictNumber(j));
      const flushed = trail.flush();
      let done = false;
      flushed.then(() => {
        done = true;
      });
      while (!done) {
        follow();
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await trail.close();
    follow();
    closeSync(file);
    assert.deepEqual(seen, range(0, 6000));
    assert.ok(rotations > 20, `${rotations} rotations`);
  });

  it("holds whole lines in order after each of 8 kills", async () => {
    const random = new SeededRandom(9);
    const all = () => {
      const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
      const rotated = names.filter((name) => name !== "killed.jsonl").sort();
      // A kill between the renaming of a file and the making of the next one leaves no current file.
      return [...rotated, ...names.filter((name) => name === "killed.jsonl")]
        .map((name) => readFileSync(join(folder, name), "utf8"))
        .join("");
    };
    let next = 0;
    for (let kill = 0; kill < 8; kill++) {
      const args = ["--require", "tsx/cjs", join(__dirname, "kill-child.ts"), folder, String(next)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, random.uniform() * 60));
      child.kill("SIGKILL");
      await once(child, "close");
      const text = all();
      const numbers = numbersIn(text.slice(0, text.lastIndexOf("\n") + 1));
      assert.deepEqual(numbers, range(0, numbers.length), "no gap, nothing twice");
      assert.ok(numbers.length > next, "each life writes something");
      next = numbers.length;
    }
    const trail = new AuditTrail({ folder, name: "killed", maxBytes: 400_000, maxFiles: 1000 });
    await trail.start();
    for (const i of range(next, next + 10)) trail.write(verdictNumber(i));
    await trail.close();
    assert.deepEqual(numbersIn(all()), range(0, next + 10));
  });
});
