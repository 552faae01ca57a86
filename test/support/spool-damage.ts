// Damages the files of a log and compares what is read from them with what was written.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { SegmentLog } from "../../lib/spool/segment-log.js";

const ALL = { records: 1_000_000, bytes: 1_000_000_000 };

export interface WrittenLog {
  /** By number, from 1. */
  payloads: Map<number, Buffer>;
  /** By file name. */
  files: Map<string, Buffer>;
  /** Number of the first record of each file, ascending. */
  firsts: number[];
}

/** A temporary folder in memory where the machine has that: thousands of openings that flush take long on a disk. */
export function memoryFolder(): string {
  return mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "redoubt-spool-damage-"));
}

export function segmentNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".seg"))
    .sort();
}

/** Writes a log of records with random content and sizes. */
export async function writeLog(folder: string, records: number, segmentBytes: number, seed: number) {
  const random = new SeededRandom(seed);
  const log = await SegmentLog.open({ folder, segmentBytes });
  const payloads = new Map<number, Buffer>();
  for (let i = 0; i < records; i++) {
    const payload = Buffer.from(Array.from({ length: random.integer(40) }, () => random.integer(256)));
    payloads.set(await log.append(payload), payload);
  }
  await log.close();
  const names = segmentNames(folder);
  const files = new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
  return { payloads, files, firsts: names.map((name) => Number.parseInt(name, 10)) } satisfies WrittenLog;
}

/** Puts files into an empty folder. */
export function putFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
}

/**
 * Opens a damaged log and asserts what is promised: each record that is read is the one that was written under this
 * number, each file gives a prefix of its records, and what is missing before others is counted.
 *
 * @returns numbers that were read.
 */
export async function checkDamaged(folder: string, written: WrittenLog): Promise<number[]> {
  const log = await SegmentLog.open({ folder });
  const read = await log.read(1, ALL);
  for (const { number, payload } of read) {
    assert.deepEqual(payload, written.payloads.get(number), `record ${number} is what was written`);
  }
  const numbers = read.map(({ number }) => number);
  const present = new Set(numbers);
  let missing = 0;
  for (const [index, first] of written.firsts.entries()) {
    const end = written.firsts[index + 1] ?? written.payloads.size + 1;
    let prefix = first;
    while (present.has(prefix) && prefix < end) prefix++;
    for (let number = prefix; number < end; number++) assert.ok(!present.has(number), `${number} is behind the damage`);
    if (index < written.firsts.length - 1) missing += end - prefix;
  }
  assert.equal(log.recovery.lostRecords, missing, "the loss is counted");
  assert.equal(log.recovery.records, numbers.length);
  const next = await log.append(Buffer.from("new"));
  const possible = Math.max(...numbers, 0) + 1;
  assert.ok(next >= possible, `${next} is a number that nobody had`);
  await log.close();
  return numbers;
}

/** One file that ends at a byte. @returns how many records were read. */
export async function truncateAt(folder: string, written: WrittenLog, name: string, end: number): Promise<number> {
  const files = new Map(written.files);
  files.set(name, (files.get(name) as Buffer).subarray(0, end));
  putFiles(folder, files);
  return (await checkDamaged(folder, written)).length;
}

/** One bit that is the other way round somewhere. @returns how many records were read. */
export async function flipBit(folder: string, written: WrittenLog, random: SeededRandom): Promise<number> {
  const names = [...written.files.keys()];
  const name = names[random.integer(names.length)] as string;
  const bytes = Buffer.from(written.files.get(name) as Buffer);
  const at = random.integer(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << random.integer(8));
  putFiles(folder, new Map(written.files).set(name, bytes));
  const read = await checkDamaged(folder, written);
  assert.ok(read.length < written.payloads.size, "the record with the flipped bit is not accepted");
  return read.length;
}
