import assert from "node:assert/strict";
import { ReleaseTimer } from "../../../lib/privacy/release-timer.js";
import { FakeClock } from "./fake-clock.js";

const NOON = Date.UTC(2026, 10, 21, 12);

describe("release timer", () => {
  function start(time: number) {
    const clock = new FakeClock(time);
    const seconds: number[] = [];
    const timer = new ReleaseTimer(60_000, clock, (boundary) => {
      seconds.push((boundary - NOON) / 1000);
      return undefined;
    });
    return { clock, seconds, timer };
  }

  it("fires at whole multiples of the interval, whenever it was started", () => {
    const { clock, seconds } = start(NOON + 17_500);
    clock.advance(180_000);
    assert.deepEqual(seconds, [60, 120, 180]);
  });

  it("waits for the boundary when it is woken early", () => {
    const { clock, seconds } = start(NOON + 1000);
    clock.advance(10_000);
    clock.set(NOON + 10_999);
    clock.advance(49_000);
    assert.deepEqual(seconds, []);
    clock.advance(1);
    assert.deepEqual(seconds, [60]);
  });

  it("skips boundaries that were slept through, and goes on with a clock that was set back", () => {
    const { clock, seconds } = start(NOON);
    clock.set(NOON + 600_000);
    clock.advance(60_000);
    assert.deepEqual(seconds, [660]);
    clock.set(NOON + 30_000);
    clock.advance(60_000);
    assert.deepEqual(seconds, [660], "at 12:01:30 by the new clock its boundary is still to come");
    clock.advance(60_000);
    assert.deepEqual(seconds, [660, 120]);
  });

  it("stops", () => {
    const { clock, seconds, timer } = start(NOON);
    timer.stop();
    clock.advance(600_000);
    assert.deepEqual(seconds, []);
    assert.equal(clock.timers, 0);
  });
});
