import assert from "node:assert/strict";
import fc from "fast-check";
import { estimate, readable, unitOf } from "../../../lib/common/quantity-text.js";

describe("quantities as text", () => {
  it("rounds values to four digits and estimates to three, and keeps whole parts", () => {
    assert.deepEqual(
      [24.384712, 8, 0.1 + 0.2, -3.00004, 123_456.7].map((value) => readable(value)),
      ["24.38", "8", "0.3", "-3", "123457"],
    );
    assert.deepEqual([25.2984, 0.978843, 4300.4].map(estimate), ["25.3", "0.979", "4300"]);
  });

  it("never shows a value on the other side of a limit, or on one that it misses", () => {
    assert.equal(readable(90.004, 90), "90.004");
    assert.equal(readable(19.9996, 20), "19.9996");
    assert.equal(readable(90, 90), "90");
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(finite, finite, (value, limit) => {
        assert.equal(Math.sign(Number(readable(value, limit)) - limit), Math.sign(value - limit));
      }),
      { seed: 1 },
    );
  });

  it("knows units by the quantity's name, and of no other name", () => {
    assert.deepEqual(["humidity", "message_rate", "toString", "temperature_C"].map(unitOf), [" %", "/s", "", ""]);
  });
});
