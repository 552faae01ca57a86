import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandCounters } from "../../../lib/command/command-counters.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";

const CHILD = join(__dirname, "..", "..", "support", "command-counter-child.ts");

describe("command counters", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-counters-"));
    path = join(folder, "state", "counters.json");
  });
  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });
  const take = (counters: CommandCounters, count: number, device = "pump") =>
    Array.from({ length: count }, () => counters.next(device));

  it("counts each device from 1 and never gives a number twice, also over restarts", () => {
    const first = new CommandCounters(path);
    assert.equal(existsSync(path), false);
    assert.deepEqual(
      take(first, 100),
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    assert.deepEqual(take(first, 2, "fan"), [1, 2]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const second = new CommandCounters(path);
    assert.deepEqual(take(second, 2), [129, 130], "behind what was reserved");
    assert.deepEqual(take(second, 1, "fan"), [65]);
    assert.notDeepEqual(first.bootId, second.bootId);
    const both = [...take(first, 200), ...take(second, 200)];
    assert.equal(new Set(both).size, 400, "two that run at once share none");
  });

  it("repeats no number after being killed at any moment", async () => {
    const random = new SeededRandom(5);
    const seen = new Set<number>();
    let taken = 0;
    for (let round = 0; round < 8; round++) {
      const out = openSync(join(folder, `out-${round}`), "w+");
      const child = spawn(process.execPath, ["--require", "tsx/cjs", CHILD, path], {
        stdio: ["ignore", out, "inherit"],
      });
      const closed = once(child, "close");
      while (fstatSync(out).size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      setTimeout(() => child.kill("SIGKILL"), 1 + random.integer(80));
      await closed;
      closeSync(out);
      const text = readFileSync(join(folder, `out-${round}`), "utf8");
      // The last line may be cut.
      for (const line of text.split("\n").slice(0, -1)) {
        seen.add(Number(line));
        taken++;
      }
    }
    assert.ok(taken > 100, `only ${taken} numbers were taken`);
    assert.equal(seen.size, taken);
  });

  it("gives no number twice to processes that take them at once", async () => {
    const processes = 4;
    const blocks = 25;
    const outputs = Array.from({ length: processes }, (_, i) => openSync(join(folder, `at-once-${i}`), "w+"));
    const children = outputs.map((out) =>
      spawn(process.execPath, ["--require", "tsx/cjs", CHILD, path, String(64 * blocks)], {
        stdio: ["pipe", out, "inherit"],
      }),
    );
    const ended = Promise.all(children.map(async (child) => (await once(child, "close"))[0] as number | null));
    try {
      while (outputs.some((out) => fstatSync(out).size === 0)) {
        assert.ok(
          children.every(({ exitCode, signalCode }) => exitCode === null && signalCode === null),
          "one ended before all had begun",
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      for (const child of children) child.stdin?.end();
      assert.deepEqual(await ended, new Array(processes).fill(0));
    } finally {
      for (const child of children) child.kill("SIGKILL");
      await ended;
      for (const out of outputs) closeSync(out);
    }
    const taken = outputs.flatMap((_, i) =>
      readFileSync(join(folder, `at-once-${i}`), "utf8")
        .trim()
        .split("\n"),
    );
    assert.equal(taken.length, processes * (64 * blocks + 1));
    assert.equal(new Set(taken).size, taken.length, "two processes got one number");
  });

  it("refuses to go on with a damaged file, and gives no number that it cannot reserve", () => {
    const counters = new CommandCounters(path);
    counters.next("pump");
    const whole = readFileSync(path, "utf8");
    for (const wrong of [
      "",
      "{",
      "[]",
      '{"version":2,"reserved":{}}',
      '{"version":1,"reserved":{"pump":-1}}',
      '{"version":1,"reserved":[]}',
      '{"version":1,"reserved":{"a b":1}}',
      whole.slice(0, -4),
    ]) {
      writeFileSync(path, wrong);
      assert.throws(() => new CommandCounters(path), /damaged; restore it/, wrong);
    }
    take(counters, 63);
    assert.throws(() => counters.next("pump"), /damaged/);
    writeFileSync(path, whole);
    assert.equal(counters.next("pump"), 65);
    assert.throws(() => counters.next("../x"), TypeError);
  });
});
