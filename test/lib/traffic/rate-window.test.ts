import assert from "node:assert/strict";
import fc from "fast-check";
import { RateWindow } from "../../../lib/traffic/rate-window.js";

const START = Date.UTC(2026, 0, 1);

describe("rate over the last second", () => {
  it("counts a steady stream as it is, at any phase", () => {
    for (const perSecond of [1, 7, 100, 105, 1000]) {
      const window = new RateWindow();
      for (let i = 0; i < 3 * perSecond; i++) {
        const rate = window.add(START + 37 + (i * 1000) / perSecond);
        if (i > 1.2 * perSecond)
          assert.ok(Math.abs(rate - perSecond) <= Math.max(1, 0.02 * perSecond), `${perSecond}: ${rate}`);
      }
    }
  });

  it("forgets what is more than a second old, however long the pause", () => {
    const window = new RateWindow();
    for (let i = 0; i < 500; i++) window.add(START);
    assert.equal(window.add(START + 999), 501);
    assert.equal(window.add(START + 2100), 1);
    assert.equal(window.add(START + 1e12), 1);
  });

  it("survives a clock that is set back, without a rate that never was", () => {
    const window = new RateWindow();
    for (let i = 0; i < 50; i++) window.add(START + i * 20);
    assert.equal(window.add(START + 600), 51);
    assert.equal(window.add(START - 3_600_000), 1);
    for (let i = 1; i <= 100; i++) assert.ok(window.add(START - 3_600_000 + i * 1000) <= 2);
  });

  it("never differs from an exact count by more than what arrived in one bucket", () => {
    const gaps = fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(gaps, (list) => {
        const window = new RateWindow();
        const times: number[] = [];
        let at = START;
        for (const gap of list) {
          at += gap;
          times.push(at);
          const rate = window.add(at);
          const within = (span: number) => times.filter((time) => time > at - span).length;
          assert.ok(rate >= Math.max(1, within(900)) && rate <= within(1100.5), `${rate}`);
        }
      }),
      { seed: 51, numRuns: 200 },
    );
  });
});
