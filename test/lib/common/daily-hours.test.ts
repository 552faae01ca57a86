import assert from "node:assert/strict";
import { DailyHours } from "../../../lib/common/daily-hours.js";

describe("DailyHours", () => {
  it("runs over midnight; the start belongs to it, the end does not", () => {
    const night = new DailyHours("22:00", "05:00", "UTC");
    const at = (time: string) => night.includes(Date.parse(`2026-01-10T${time}Z`));
    assert.deepEqual(["21:59:59", "22:00:00", "23:59:59", "00:00:00", "04:59:59", "05:00:00"].map(at), [
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it("can lie within a day, and be empty", () => {
    const lunch = new DailyHours("12:00", "13:30", "UTC");
    assert.equal(lunch.includes(Date.parse("2026-01-10T13:29:59Z")), true);
    assert.equal(lunch.includes(Date.parse("2026-01-10T13:30:00Z")), false);
    const none = new DailyHours("22:00", "22:00", "UTC");
    assert.equal(none.includes(Date.parse("2026-01-10T22:00:00Z")), false);
  });

  it("is local time, daylight saving included", () => {
    const berlin = new DailyHours("22:00", "05:00", "Europe/Berlin");
    assert.equal(berlin.includes(Date.parse("2026-01-10T20:59:00Z")), false);
    assert.equal(berlin.includes(Date.parse("2026-01-10T21:00:00Z")), true);
    assert.equal(berlin.includes(Date.parse("2026-07-10T20:00:00Z")), true);
    assert.equal(berlin.includes(Date.parse("2026-07-11T03:00:00Z")), false);
    const kathmandu = new DailyHours("22:00", "05:00", "Asia/Kathmandu");
    assert.equal(kathmandu.includes(Date.parse("2026-01-10T16:14:00Z")), false);
    assert.equal(kathmandu.includes(Date.parse("2026-01-10T16:15:00Z")), true);
  });

  it("follows the clocks on the nights in which they change", () => {
    const berlin = new DailyHours("22:00", "05:00", "Europe/Berlin");
    const at = (time: string) => berlin.includes(Date.parse(time));
    // 28 March 2027: 02:00 becomes 03:00, the night has six hours.
    assert.deepEqual(["2027-03-27T21:00:00Z", "2027-03-28T02:59:00Z", "2027-03-28T03:00:00Z"].map(at), [
      true,
      true,
      false,
    ]);
    // 25 October 2026: 03:00 becomes 02:00, the night has eight hours.
    assert.deepEqual(
      ["2026-10-24T19:59:00Z", "2026-10-24T20:00:00Z", "2026-10-25T03:59:00Z", "2026-10-25T04:00:00Z"].map(at),
      [false, true, true, false],
    );
    // An hour that the change skips or repeats: 02:00 to 03:00 is empty on one day and two hours long on the other.
    const early = new DailyHours("02:00", "03:00", "Europe/Berlin");
    const minutes = (from: string) =>
      Array.from({ length: 240 }, (_, minute) => early.includes(Date.parse(from) + minute * 60_000)).filter(Boolean)
        .length;
    assert.equal(minutes("2027-03-27T23:00:00Z"), 0);
    assert.equal(minutes("2026-10-24T23:00:00Z"), 120);
  });

  it("refuses times and zones that do not exist", () => {
    assert.throws(() => new DailyHours("24:00", "05:00", "UTC"), RangeError);
    assert.throws(() => new DailyHours("22:00", "5", "UTC"), RangeError);
    assert.throws(() => new DailyHours("22:00", "05:00", "Mars/Olympus"), RangeError);
  });
});
