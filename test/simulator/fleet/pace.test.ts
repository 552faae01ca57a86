import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { paced } from "../../../simulator/fleet/pace.js";

describe("the pace of an honest device", () => {
  it("leaves out what it missed while its machine stood still, and never sends two at once", async () => {
    const rateHz = 50;
    let inThisTurn = 0;
    const atOnce: number[] = [];
    let stop = () => {};
    await new Promise<void>((resolve) => {
      stop = paced({ rateHz, jitter: 0, skips: true }, new SeededRandom(1), () => {
        if (inThisTurn++ > 0) return;
        queueMicrotask(() => {
          atOnce.push(inThisTurn);
          inThisTurn = 0;
          if (atOnce.length === 4) resolve();
          // Nothing happens for ten intervals.
          const end = performance.now() + 10 * (1000 / rateHz);
          while (performance.now() < end);
        });
      });
    });
    stop();
    assert.deepEqual(atOnce, [1, 1, 1, 1]);
  });
});
