import assert from "node:assert/strict";
import fc from "fast-check";
import { RELEASE_OFFSET_MS, ReleaseTimer } from "../../../lib/privacy/release-timer.js";
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

  it("sends a fixed time after the boundary, however long it took to prepare", () => {
    const clock = new FakeClock(NOON);
    const sent: number[] = [];
    const work = [0, 3, 49.5, 0.2, 20];
    new ReleaseTimer(60_000, clock, () => {
      clock.work(work.shift() ?? 0);
      return () => sent.push(clock.monotonic() % 60_000);
    });
    clock.advance(6 * 60_000);
    assert.deepEqual(sent, [50, 50, 50, 50, 50]);
  });

  it("waits for the next multiple of that time where preparing took longer", () => {
    const clock = new FakeClock(NOON);
    const sent: number[] = [];
    const work = [51, 99, 730];
    new ReleaseTimer(60_000, clock, () => {
      clock.work(work.shift() ?? 0);
      return () => sent.push(clock.monotonic() % 60_000);
    });
    clock.advance(3 * 60_000 + 1000);
    assert.deepEqual(sent, [100, 100, 750]);
    assert.equal(RELEASE_OFFSET_MS, 50);
  });

  it("neither releases twice within an interval nor stops, however the clock is set", () => {
    const jump = fc.oneof(
      fc.integer({ min: -120_000, max: 120_000 }),
      fc.integer({ min: -7_200_000, max: 7_200_000 }),
      fc.constantFrom(-10_000, 10_000, -86_400_000, 86_400_000),
    );
    const step = fc.record({ wait: fc.integer({ min: 0, max: 200_000 }), jump });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 59_999 }),
        (steps, phase) => {
          const clock = new FakeClock(NOON + phase);
          const times: number[] = [];
          const labels: number[] = [];
          const timer = new ReleaseTimer(60_000, clock, (boundary) => {
            times.push(clock.monotonic());
            labels.push(boundary);
            return undefined;
          });
          const jumps: number[] = [];
          for (const { wait, jump } of steps) {
            clock.advance(wait);
            jumps.push(clock.monotonic());
            clock.set(clock.now() + jump);
          }
          clock.advance(200_000);
          timer.stop();
          assert.ok(times.length > 0);
          for (const [index, time] of times.entries()) {
            const before = times[index - 1] ?? 0;
            if (index > 0) assert.ok(time - before >= 57_000, `${time - before} ms after the last`);
            const set = jumps.filter((at) => at >= before && at <= time).length;
            assert.ok(time - before < 60_000 * (2 + set), `${time - before} ms without one`);
            assert.equal(labels[index]! % 60_000, 0);
          }
          assert.ok(clock.monotonic() - times.at(-1)! <= 120_000, "it still goes on");
        },
      ),
      { seed: 12, numRuns: 400 },
    );
  });

  it("stops, with what is prepared and not yet sent", () => {
    const { clock, seconds, timer } = start(NOON);
    timer.stop();
    clock.advance(600_000);
    assert.deepEqual(seconds, []);
    assert.equal(clock.timers, 0);

    let sent = 0;
    const second = new ReleaseTimer(60_000, clock, () => () => sent++);
    clock.advance(60_000);
    second.stop();
    clock.advance(60_000);
    assert.equal(sent, 0);
    assert.equal(clock.timers, 0);
  });
});
