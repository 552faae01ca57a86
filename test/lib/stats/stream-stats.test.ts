import assert from "node:assert/strict";
import { StreamStats } from "../../../lib/stats/stream-stats.js";

describe("stream stats", () => {
  it("summarises a period and starts the next from zero, keeping totals", () => {
    const stats = new StreamStats(0);
    for (const value of [20, 26, 23]) {
      stats.accept();
      stats.observe("temperature", value);
    }
    stats.reject("AUTH");
    stats.reject("AUTH");
    const first = stats.snapshot(2000);
    assert.deepEqual(first, {
      at: 2000,
      seconds: 2,
      accepted: 3,
      acceptedTotal: 3,
      rate: 1.5,
      rejected: 2,
      rejectedTotal: 2,
      rejectedByCode: { AUTH: 2 },
      fields: { temperature: { count: 3, mean: 23, min: 20, max: 26, last: 23 } },
    });
    stats.accept();
    const second = stats.snapshot(4000);
    assert.equal(second.accepted, 1);
    assert.equal(second.acceptedTotal, 4);
    assert.equal(second.rejected, 0);
    assert.deepEqual(second.rejectedByCode, { AUTH: 2 });
    assert.deepEqual(second.fields, {});
  });

  it("leaves out what is not a finite number and refuses unknown codes", () => {
    const stats = new StreamStats(0);
    for (const value of ["25", null, undefined, Number.NaN, Number.POSITIVE_INFINITY, {}]) stats.observe("t", value);
    assert.deepEqual(stats.snapshot(1000).fields, {});
    assert.throws(() => stats.reject("__proto__"), TypeError);
  });
});
