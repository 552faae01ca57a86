import assert from "node:assert/strict";
import { RARE } from "./chi-squared.js";
import { measuredTimings, simulatedTimings, type Timing, timingScores } from "./timing-drill.js";

/** The two-sample limit that chance exceeds once in 10^7. */
const SMIRNOV_LIMIT = 2.9;

function assertIndependent(timings: Timing[]): void {
  const { value, distance, smirnov } = timingScores(timings);
  const scores = JSON.stringify({ value, distance, smirnov });
  assert.ok(Math.abs(value) < RARE && Math.abs(distance) < RARE && smirnov < SMIRNOV_LIMIT, scores);
}

describe("moments of sending", () => {
  it("do not depend on the values, over 10^5 releases on a machine where making them does", () => {
    const timings = simulatedTimings(100_000);
    assert.equal(timings.length, 100_000);
    assert.ok(new Set(timings.map(({ sentAfter }) => sentAfter)).size > 1000, "timers come late at random");
    assertIndependent(timings);
  });

  it("would depend on them if values were sent when ready", () => {
    const { value, smirnov } = timingScores(simulatedTimings(3000, true));
    assert.ok(value > 2 * RARE && smirnov > SMIRNOV_LIMIT, `${value}, ${smirnov}`);
  });

  it("do not depend on the values in a real process", async () => {
    assertIndependent(await measuredTimings(250));
  });
});
