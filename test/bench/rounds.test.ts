import assert from "node:assert/strict";
import { canReadCpuTime, cpuSeconds } from "../../bench/harness/cpu-time.js";
import { interleave } from "../../bench/harness/rounds.js";
import { WrongOutput } from "../../bench/harness/suite.js";
import { requireOnMachine } from "../setup.js";

describe("bench rounds", () => {
  it("let the contenders take turns and keep each one's rounds in order", async () => {
    const order: string[] = [];
    const progress: string[] = [];
    const contender = (name: string) => ({
      name,
      measure: async () => {
        order.push(name);
        return order.length;
      },
    });
    const results = await interleave([contender("a"), contender("b")], 3, (done, total) =>
      progress.push(`${done}/${total}`),
    );
    assert.deepEqual(order, ["a", "b", "a", "b", "a", "b"]);
    assert.deepEqual(
      [...results],
      [
        ["a", [1, 3, 5]],
        ["b", [2, 4, 6]],
      ],
    );
    assert.equal(progress.at(-1), "6/6");
  });

  it("end with the first wrong output", async () => {
    let runs = 0;
    const good = {
      name: "good",
      measure: async () => {
        runs++;
      },
    };
    const wrong = {
      name: "wrong",
      measure: async () => {
        throw new WrongOutput("wrong", "output 1 is not right");
      },
    };
    await assert.rejects(interleave([good, wrong], 5), /wrong: output 1/);
    assert.equal(runs, 1);
  });
});

describe("CPU time", () => {
  it("of a process grows with what it does", function () {
    requireOnMachine(this, canReadCpuTime(), "a /proc file system");
    const before = cpuSeconds(process.pid);
    const spent = process.cpuUsage();
    let sum = 0;
    do for (let i = 0; i < 1e6; i++) sum += Math.sqrt(i);
    while (process.cpuUsage(spent).user < 200_000);
    const took = cpuSeconds(process.pid) - before;
    assert.ok(sum > 0);
    // Some ticks of doubt at each end.
    assert.ok(took >= 0.15, `${took} s`);
    assert.throws(() => cpuSeconds(2 ** 30));
  });
});
