import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DeadLetters } from "../../../lib/notify/dead-letters.js";
import { Digest } from "../../../lib/notify/digest.js";
import { DurableQueue } from "../../../lib/notify/durable-queue.js";
import { HeldFile } from "../../../lib/notify/held-file.js";
import { TYPESCRIPT_EXEC_ARGV } from "../../support/brokers.js";
import { alertOf, NOON, temporaryFolder } from "./support.js";

describe("DurableQueue", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder, "state", "notify-x.jsonl");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function drain(queue: DurableQueue): string[] {
    const titles: string[] = [];
    for (let entry = queue.head; entry; entry = queue.head) {
      titles.push(entry.alert.title);
      queue.remove(entry.sequence);
    }
    return titles;
  }

  const numbered = (...numbers: number[]) => numbers.map((n) => alertOf({ title: `alert ${n}` }));

  it("gives alerts back in their order, also after a restart", () => {
    const first = new DurableQueue(path);
    first.push(numbered(1, 2), NOON);
    first.push(numbered(3), NOON + 1);
    first.remove(first.head?.sequence ?? 0);
    first.close();
    const second = new DurableQueue(path);
    assert.equal(second.size, 2);
    assert.equal(second.head?.queuedAt, NOON);
    second.push(numbered(4), NOON);
    assert.deepEqual(drain(second), ["alert 2", "alert 3", "alert 4"]);
    second.close();
    assert.equal(existsSync(path), false, "an empty queue leaves no file");
  });

  it("is for its owner's eyes only", () => {
    const queue = new DurableQueue(path);
    queue.push(numbered(1), NOON);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, "state")).mode & 0o777, 0o700);
    queue.close();
  });

  it("starts from a file that ends anywhere within its last line, and loses nothing but that line", () => {
    const queue = new DurableQueue(path);
    queue.push(numbered(1, 2, 3), NOON);
    queue.close();
    const whole = readFileSync(path, "utf8");
    const lastStart = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (let length = lastStart; length < whole.length; length += 7) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      const torn = new DurableQueue(path);
      assert.equal(torn.damaged, 0);
      torn.push(numbered(4), NOON);
      torn.close();
      const again = new DurableQueue(path);
      assert.deepEqual(drain(again), ["alert 1", "alert 2", "alert 4"], `cut at ${length}`);
      again.close();
    }
  });

  it("keeps a copy of a file with unreadable lines and goes on with the others", () => {
    const queue = new DurableQueue(path);
    queue.push(numbered(1), NOON);
    queue.close();
    appendFileSync(path, '{"sequence":2}\nrubbish\n');
    const second = new DurableQueue(path);
    assert.equal(second.damaged, 2);
    second.push(numbered(3), NOON);
    assert.deepEqual(drain(second), ["alert 1", "alert 3"]);
    second.close();
    assert.match(readFileSync(`${path}.damaged`, "utf8"), /rubbish/);
  });

  it("holds so many, drops the oldest that is not being sent, and counts them", () => {
    const queue = new DurableQueue(path, 10);
    queue.push(numbered(...Array.from({ length: 14 }, (_, i) => i)), NOON);
    assert.deepEqual([queue.size, queue.dropped], [10, 4]);
    queue.close();
    const second = new DurableQueue(path, 10);
    assert.deepEqual(
      drain(second),
      [0, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((n) => `alert ${n}`),
    );
    second.close();
  });

  it("does not grow with what has passed through it", () => {
    const queue = new DurableQueue(path);
    queue.push(numbered(0), NOON);
    let largest = 0;
    for (let i = 1; i <= 1000; i++) {
      queue.push(numbered(i), NOON);
      queue.remove(queue.head?.sequence ?? 0);
      largest = Math.max(largest, statSync(path).size);
    }
    assert.ok(largest < 120_000, `${largest} bytes`);
    assert.deepEqual(drain(queue), ["alert 1000"]);
    assert.deepEqual(readdirSync(join(folder, "state")), ["notify-x.jsonl"]);
    queue.close();
  });

  it("loses nothing that was taken over when the process is killed", async () => {
    const child = spawn(process.execPath, [...TYPESCRIPT_EXEC_ARGV, join(__dirname, "push-until-killed.ts"), path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.split("\n").length > 40) child.kill("SIGKILL");
    });
    const [, signal] = await once(child, "close");
    assert.equal(signal, "SIGKILL");
    const confirmed = said.split("\n").slice(0, -1);
    const queue = new DurableQueue(path, 10_000);
    const kept = drain(queue);
    queue.close();
    assert.ok(confirmed.length >= 40);
    assert.deepEqual(kept.slice(0, confirmed.length), confirmed);
  });
});

describe("HeldFile", () => {
  it("keeps counts over a restart, and no file when nothing is held", () => {
    const folder = temporaryFolder();
    const path = join(folder, "held.json");
    const file = new HeldFile(path);
    const digest = file.load();
    assert.equal(digest.count, 0);
    digest.add(alertOf({ count: 5 }));
    file.save(digest);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(new HeldFile(path).load().count, 5);
    file.save(new Digest());
    assert.equal(existsSync(path), false);
    writeFileSync(path, "{");
    assert.throws(() => new HeldFile(path).load(), /held\.json is damaged .*; move it away/);
    rmSync(folder, { recursive: true, force: true });
  });
});

describe("DeadLetters", () => {
  it("are lines of JSON, and one older file when there are many", () => {
    const folder = temporaryFolder();
    const path = join(folder, "dead.jsonl");
    const letters = new DeadLetters(path);
    const letter = { at: NOON, channel: "discord", attempts: 1, error: "x answered 404", alert: alertOf() };
    letters.add(letter);
    letters.add(letter);
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [letter, letter],
    );
    assert.equal(statSync(path).mode & 0o777, 0o600);
    truncateSync(path, 5_000_000);
    letters.add(letter);
    assert.equal(readFileSync(path, "utf8").trimEnd().split("\n").length, 1);
    assert.equal(statSync(`${path}.1`).size, 5_000_000);
    rmSync(folder, { recursive: true, force: true });
  });
});
