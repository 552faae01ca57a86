import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../../lib/common/rejection.js";
import { LocalTime } from "../../../../lib/occupancy/wifi-log/local-time.js";
import { parseWallTime } from "../../../../lib/occupancy/wifi-log/wall-time.js";

const iso = (text: string) => Date.parse(text) / 1000;
const berlin = new LocalTime("Europe/Berlin");

describe("times of a WiFi log", () => {
  it("reads both forms of the first system, its zone and the controller's", () => {
    const utc = new LocalTime();
    assert.equal(parseWallTime("Thu Oct 15 09:30:05 UTC 2015", berlin), iso("2015-10-15T09:30:05Z"));
    assert.equal(parseWallTime("2015-10-15 09:30:05", utc), iso("2015-10-15T09:30:05Z"));
    assert.equal(parseWallTime("2015-10-15 09:30:05", berlin), iso("2015-10-15T07:30:05Z"));
    assert.equal(parseWallTime("2015-10-15T09:30:05.999+02:00", utc), iso("2015-10-15T07:30:05Z"));
    assert.equal(parseWallTime("Sun Nov  1 09:30:05 2026", berlin), iso("2026-11-01T08:30:05Z"));
    assert.equal(parseWallTime("2026-11-21 10:00:00 +0545", utc), iso("2026-11-21T04:15:00Z"));
  });

  it("takes the first of two equal hours, and moves a time that does not exist forward", () => {
    assert.equal(parseWallTime("2026-10-25 02:30:00", berlin), iso("2026-10-25T00:30:00Z"));
    assert.equal(parseWallTime("2026-10-25 01:59:59", berlin), iso("2026-10-24T23:59:59Z"));
    assert.equal(parseWallTime("2026-10-25 03:00:00", berlin), iso("2026-10-25T02:00:00Z"));
    assert.equal(parseWallTime("2026-03-29 02:30:00", berlin), iso("2026-03-29T01:30:00Z"));
    assert.equal(parseWallTime("2026-03-29 01:59:59", berlin), iso("2026-03-29T00:59:59Z"));
    assert.equal(parseWallTime("2026-03-29 03:00:00", berlin), iso("2026-03-29T01:00:00Z"));
    // Half an hour, and a whole day that was left out.
    const howe = new LocalTime("Australia/Lord_Howe");
    assert.equal(parseWallTime("2026-04-05 01:45:00", howe), iso("2026-04-04T14:45:00Z"));
    assert.equal(parseWallTime("2011-12-30 12:00:00", new LocalTime("Pacific/Apia")), iso("2011-12-30T22:00:00Z"));
  });

  it("lets an abbreviation decide between them, and refuses one that the zone does not have", () => {
    assert.equal(parseWallTime("Sun Oct 25 02:30:00 CEST 2026", berlin), iso("2026-10-25T00:30:00Z"));
    assert.equal(parseWallTime("Sun Oct 25 02:30:00 CET 2026", berlin), iso("2026-10-25T01:30:00Z"));
    for (const wrong of ["Sun Oct 25 02:30:00 CST 2026", "2026-07-01 10:00:00 CET", "2026-07-01 10:00:00 XYZ"]) {
      assert.throws(
        () => parseWallTime(wrong, berlin),
        (error) => error instanceof Rejection && error.code === "FORMAT",
      );
    }
  });

  it("refuses what is on no calendar", () => {
    const wrong = [
      "2026-02-30 10:00:00",
      "2025-02-29 10:00:00",
      "2026-13-01 10:00:00",
      "2026-01-01 24:00:00",
      "2026-01-01 10:60:00",
      "2026-12-31 23:59:60",
      "Fri Oct 15 09:30:00 UTC 2015",
      "Thu Okt 15 09:30:00 UTC 2015",
      "1969-12-31 10:00:00",
      "2026-01-01",
      "now",
      "",
    ];
    for (const text of wrong) {
      assert.throws(
        () => parseWallTime(text, berlin),
        (error) => error instanceof Rejection && error.code === "FORMAT",
        text,
      );
    }
  });

  it("knows only zones that exist", () => {
    assert.throws(() => new LocalTime("Europe/Atlantis"), /is not a time zone/);
  });

  it("finds every time again that a wall clock shows, or the first with the same hands", () => {
    const zones = [
      "UTC",
      "Europe/Berlin",
      "America/St_Johns",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
      "Africa/Casablanca",
    ];
    const locals = new Map(zones.map((zone) => [zone, new LocalTime(zone)]));
    const now = { min: iso("2015-01-01T00:00:00Z"), max: iso("2030-01-01T00:00:00Z") };
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer(now), (zone, time) => {
        const local = locals.get(zone) as LocalTime;
        const shown = new Date((time + local.offsetAt(time)) * 1000).toISOString().slice(0, 19);
        const read = parseWallTime(shown, local);
        assert.ok(
          read === time || (read < time && time - read <= 3600),
          `${zone} ${shown}: ${read} instead of ${time}`,
        );
        assert.equal(new Date((read + local.offsetAt(read)) * 1000).toISOString().slice(0, 19), shown);
      }),
      { seed: 7, numRuns: 2000 },
    );
  });
});
