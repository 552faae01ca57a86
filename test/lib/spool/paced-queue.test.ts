import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { PacedQueue } from "../../../lib/spool/paced-queue.js";

describe("PacedQueue", () => {
  it("hands on at once what comes alone", () => {
    const out: number[] = [];
    const queue = new PacedQueue<number>((item) => out.push(item), 3);
    queue.add(1);
    queue.add(2);
    assert.deepEqual([out, queue.size], [[1, 2], 0]);
  });

  it("hands on a backlog in order, so many in a turn of the event loop, and what comes meanwhile behind it", async () => {
    const out: number[] = [];
    const queue = new PacedQueue<number>((item) => out.push(item), 3);
    for (let i = 0; i < 20; i++) queue.add(i);
    assert.equal(out.length, 3);
    let before = out.length;
    while (queue.size > 0) {
      await turn();
      assert.ok(out.length - before <= 3, `${out.length - before} in one turn`);
      before = out.length;
      if (before < 10) queue.add(100 + before);
    }
    const late = out.filter((item) => item >= 100);
    assert.deepEqual(out, [...Array.from({ length: 20 }, (_, i) => i), ...late]);
    assert.ok(late.length > 0);
    await turn();
    queue.add(500);
    assert.equal(out.at(-1), 500);
  });

  it("forgets what waits", async () => {
    const out: number[] = [];
    const queue = new PacedQueue<number>((item) => out.push(item), 1);
    for (let i = 0; i < 5; i++) queue.add(i);
    queue.clear();
    await turn();
    await turn();
    assert.deepEqual(out, [0]);
    queue.add(9);
    assert.deepEqual(out, [0, 9]);
  });

  it("hands on a long backlog whole", async () => {
    const out: number[] = [];
    const queue = new PacedQueue<number>((item) => out.push(item), 2);
    for (let i = 0; i < 5000; i++) queue.add(i);
    while (queue.size > 0) await turn();
    assert.equal(out.length, 5000);
  });
});
