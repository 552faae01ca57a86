import assert from "node:assert/strict";
import fc from "fast-check";
import { median, pairedRatios, spread } from "../../bench/harness/statistics.js";

describe("bench statistics", () => {
  it("takes the middle of an odd and the mean of the middle two of an even number of values", () => {
    assert.equal(median([3]), 3);
    assert.equal(median([10, 9, 100]), 10);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    // As text, 9 would come after 10.
    assert.equal(median([9, 10, 11]), 10);
  });

  it("leaves the values in their order and does not depend on it", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const before = [...values];
        const middle = median(values);
        assert.deepEqual(values, before);
        assert.equal(median([...values].reverse()), middle);
        const notBelow = values.filter((value) => value >= middle).length;
        const notAbove = values.filter((value) => value <= middle).length;
        assert.ok(notBelow * 2 >= values.length && notAbove * 2 >= values.length);
      }),
      { seed: 1 },
    );
  });

  it("refuses to summarise nothing and NaN", () => {
    assert.throws(() => median([]), RangeError);
    assert.throws(() => median([1, Number.NaN]), RangeError);
  });

  it("shows how far values spread", () => {
    assert.deepEqual(spread([5, 1, 2]), { median: 2, min: 1, max: 5 });
  });

  it("divides round by round: a machine that slows down for both changes nothing", () => {
    assert.deepEqual(pairedRatios([100, 10, 60], [50, 5, 30]), [2, 2, 2]);
    // The ratio of the medians would be 60 / 5.
    assert.equal(median(pairedRatios([100, 10, 60], [50, 5, 3])), 2);
  });

  it("refuses rounds that do not match and denominators of nothing", () => {
    assert.throws(() => pairedRatios([1, 2], [1]), /same rounds/);
    assert.throws(() => pairedRatios([1, 2], [1, 0]), /round 2/);
    assert.throws(() => pairedRatios([1], [Number.NaN]), /round 1/);
  });
});
