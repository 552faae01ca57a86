import assert from "node:assert/strict";
import { NightHours } from "../../../lib/hvac/night-hours.js";

describe("NightHours", () => {
  it("runs over midnight; the start belongs to it, the end does not", () => {
    const night = new NightHours("22:00", "05:00", "UTC");
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
    const lunch = new NightHours("12:00", "13:30", "UTC");
    assert.equal(lunch.includes(Date.parse("2026-01-10T13:29:59Z")), true);
    assert.equal(lunch.includes(Date.parse("2026-01-10T13:30:00Z")), false);
    const none = new NightHours("22:00", "22:00", "UTC");
    assert.equal(none.includes(Date.parse("2026-01-10T22:00:00Z")), false);
  });

  it("is local time, daylight saving included", () => {
    const berlin = new NightHours("22:00", "05:00", "Europe/Berlin");
    assert.equal(berlin.includes(Date.parse("2026-01-10T20:59:00Z")), false);
    assert.equal(berlin.includes(Date.parse("2026-01-10T21:00:00Z")), true);
    assert.equal(berlin.includes(Date.parse("2026-07-10T20:00:00Z")), true);
    assert.equal(berlin.includes(Date.parse("2026-07-11T03:00:00Z")), false);
    const kathmandu = new NightHours("22:00", "05:00", "Asia/Kathmandu");
    assert.equal(kathmandu.includes(Date.parse("2026-01-10T16:14:00Z")), false);
    assert.equal(kathmandu.includes(Date.parse("2026-01-10T16:15:00Z")), true);
  });

  it("refuses times and zones that do not exist", () => {
    assert.throws(() => new NightHours("24:00", "05:00", "UTC"), RangeError);
    assert.throws(() => new NightHours("22:00", "5", "UTC"), RangeError);
    assert.throws(() => new NightHours("22:00", "05:00", "Mars/Olympus"), RangeError);
  });
});
