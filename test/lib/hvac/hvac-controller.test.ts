import assert from "node:assert/strict";
import { Rejection } from "../../../lib/common/rejection.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { parseTrustedAlarm, type TrustedAlarm } from "../../../lib/hvac/alarms.js";
import { HvacController } from "../../../lib/hvac/hvac-controller.js";

const NOON = Date.UTC(2026, 0, 10, 12);
const NIGHT = Date.UTC(2026, 0, 10, 23);

function trusted(alarm: string, state: "on" | "off", sinceMs: number, group = "zone-1"): TrustedAlarm {
  return { alarm, state, sinceMs, group, device: "" };
}

/** The same course of temperature for every sampling: a slow swing and a step. */
function temperatureAt(sec: number): number {
  return 25 + 1.5 * Math.sin(sec / 700) + (sec > 3000 ? 1 : 0);
}

function commandsEveryMinute(times: Iterable<number>): Map<number, number> {
  const controller = new HvacController();
  const commands = new Map<number, number>();
  for (const sec of times) {
    const { command } = controller.accept(NOON + sec * 1000, temperatureAt(sec));
    if (Math.abs(sec / 60 - Math.round(sec / 60)) < 1e-9) {
      commands.set(Math.round(sec), command?.supply_temperature_C as number);
    }
  }
  return commands;
}

function* every(stepSec: number, untilSec: number): Generator<number> {
  for (let i = 1; i * stepSec <= untilSec + 1e-9; i++) yield Math.round(i * stepSec * 1000) / 1000;
}

/** Irregular, but with each whole minute among them. */
function* irregular(untilSec: number): Generator<number> {
  const random = new SeededRandom(5);
  let sec = 0;
  while (sec < untilSec) {
    const minute = (Math.floor(sec / 60) + 1) * 60;
    sec = Math.min(minute, sec + Math.round((0.02 + random.exponential(2)) * 1000) / 1000);
    yield sec;
  }
}

describe("HvacController", () => {
  it("commands the same at 1 Hz, at 10 Hz and at irregular times", () => {
    const reference = commandsEveryMinute(every(1, 7200));
    assert.equal(reference.size, 120);
    const values = [...reference.values()];
    assert.ok(Math.max(...values) - Math.min(...values) > 1, "the course must move the command");
    for (const times of [every(0.1, 7200), irregular(7200)]) {
      const other = commandsEveryMinute(times);
      assert.equal(other.size, 120);
      for (const [sec, command] of reference) {
        const difference = Math.abs(command - (other.get(sec) as number));
        assert.ok(difference <= 0.03, `${difference} K apart after ${sec} s`);
      }
    }
  });

  it("rejects late readings; they leave no trace", () => {
    const random = new SeededRandom(2);
    const clean = new HvacController();
    const disturbed = new HvacController();
    for (let sec = 1; sec <= 1800; sec++) {
      const celsius = temperatureAt(sec);
      const expected = clean.accept(NOON + sec * 1000, celsius);
      assert.deepEqual(disturbed.accept(NOON + sec * 1000, celsius), expected);
      const late = NOON + (sec - random.integer(300)) * 1000;
      assert.throws(
        () => disturbed.accept(late, 60),
        (error: unknown) => error instanceof Rejection && error.code === "STALE",
      );
    }
  });

  it("refuses implausible temperatures and readings from the future", () => {
    const controller = new HvacController();
    for (const celsius of [-41, 126, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => controller.accept(NOON, celsius), { code: "RANGE" });
    }
    assert.throws(() => controller.accept(NOON + 301_000, 25, NOON), { code: "RANGE" });
    assert.equal(controller.accept(NOON + 300_000, 25, NOON).command?.filtered_C, 25);
  });

  it("raises overheat and undercool on received values after the hold time, with hysteresis", () => {
    const controller = new HvacController();
    const course = [25, 30.1, 30.1, 25, 30.1, 29.9, 30.2, 29.9, 29.7, 21, 21.1, 20.5, 21.1, 21.3];
    const raised = course.flatMap((celsius, i) =>
      controller.accept(NOON + i * 10_000, celsius).alarms.map(({ alarm, state }) => `${i}: ${alarm} ${state}`),
    );
    assert.deepEqual(raised, ["6: overheat on", "8: overheat off", "11: undercool on", "13: undercool off"]);
  });

  it("obeys trusted alarms at once and until each group's is off", () => {
    const controller = new HvacController();
    controller.accept(NOON, 25);
    const on = controller.trustedAlarm(trusted("overheat", "on", NOON + 1000));
    assert.equal(on.command?.supply_temperature_C, 16);
    assert.equal(on.command?.override, "overheat");
    assert.equal(controller.trustedAlarm(trusted("overheat", "on", NOON + 2000, "zone-2")).command, undefined);
    assert.equal(controller.accept(NOON + 3000, 25).command?.supply_temperature_C, 16);
    assert.equal(controller.trustedAlarm(trusted("overheat", "off", NOON + 4000)).command, undefined);
    const off = controller.trustedAlarm(trusted("overheat", "off", NOON + 5000, "zone-2"));
    assert.equal(off.command?.override, null);
    assert.equal(off.command?.supply_temperature_C, 22.5);
    assert.equal(controller.trustedAlarm(trusted("undercool", "on", NOON + 6000)).command?.supply_temperature_C, 27);
    const both = controller.trustedAlarm(trusted("overheat", "on", NOON + 7000));
    assert.equal(both.command?.override, "overheat");
  });

  it("does not let an old off end an override; clocks of a group may differ a little", () => {
    const controller = new HvacController();
    controller.trustedAlarm(trusted("overheat", "on", NOON));
    assert.throws(() => controller.trustedAlarm(trusted("overheat", "off", NOON - 60_001)), { code: "STALE" });
    assert.equal(controller.accept(NOON, 25).command?.override, "overheat");
    assert.equal(controller.trustedAlarm(trusted("overheat", "off", NOON - 5000)).command?.override, null);
  });

  it("never loses an on, though it is dated before the end of the alarm before it", () => {
    for (const alarm of ["overheat", "undercool"]) {
      const controller = new HvacController();
      controller.trustedAlarm(trusted(alarm, "on", NOON));
      controller.trustedAlarm(trusted(alarm, "off", NOON + 100_000));
      assert.equal(controller.trustedAlarm(trusted(alarm, "on", NOON + 95_000)).command?.override, alarm);
    }
  });

  it("keeps the override while another sensor of the group is still in alarm", () => {
    const controller = new HvacController();
    const of = (device: string, state: "on" | "off", at: number) =>
      controller.trustedAlarm({ ...trusted("overheat", state, NOON + at), device });
    of("rack-1", "on", 0);
    of("rack-2", "on", 1000);
    assert.equal(of("rack-1", "off", 60_000).command, undefined);
    assert.equal(of("rack-2", "off", 61_000).command?.override, null);
  });

  it("bounds what a confused sender can make it remember", () => {
    const controller = new HvacController();
    for (let i = 0; i < 1024; i++) controller.trustedAlarm(trusted("overheat", "on", NOON, `zone-${i}`));
    assert.throws(() => controller.trustedAlarm(trusted("overheat", "on", NOON, "zone-x")), { code: "RANGE" });
    controller.trustedAlarm(trusted("overheat", "on", NOON + 1, "zone-7"));
  });

  it("takes an alarm from a clock that runs ahead as of now", () => {
    const controller = new HvacController();
    assert.equal(controller.trustedAlarm(trusted("overheat", "on", NOON + 1e9), NOON).command?.override, "overheat");
    assert.equal(controller.trustedAlarm(trusted("overheat", "off", NOON + 1), NOON + 2).command?.override, null);
  });

  it("minds only its own group where one is set, and ignores alarms it does not know", () => {
    const controller = new HvacController({ group: "zone-1" });
    assert.deepEqual(controller.trustedAlarm(trusted("overheat", "on", NOON, "zone-2")), { alarms: [] });
    assert.deepEqual(controller.trustedAlarm(trusted("humid", "on", NOON)), { alarms: [] });
    assert.equal(controller.trustedAlarm(trusted("overheat", "on", NOON)).command?.override, "overheat");
  });

  it("holds the integral while an override decides", () => {
    const controller = new HvacController();
    controller.accept(NOON, 25.4);
    controller.trustedAlarm(trusted("undercool", "on", NOON));
    for (let i = 1; i <= 60; i++) controller.accept(NOON + i * 60_000, 25.4);
    const after = controller.trustedAlarm(trusted("undercool", "off", NOON + 3_600_000));
    assert.equal(after.command?.supply_temperature_C, 22.5);
  });

  it("goes to the fail-safe command once when data is lost, and back with the next reading", () => {
    const controller = new HvacController();
    controller.accept(NOON, 25);
    const lost = controller.dataLost(NOON + 300_000);
    assert.equal(lost.command?.supply_temperature_C, 20);
    assert.equal(lost.command?.override, "no-data");
    assert.deepEqual(
      lost.alarms.map(({ alarm, state }) => `${alarm} ${state}`),
      ["no-data on"],
    );
    assert.deepEqual(controller.dataLost(NOON + 600_000), { alarms: [] });
    assert.equal(controller.trustedAlarm(trusted("overheat", "on", NOON)).command?.supply_temperature_C, 16);
    assert.equal(controller.trustedAlarm(trusted("overheat", "off", NOON)).command?.override, "no-data");
    const back = controller.accept(NOON + 700_000, 25);
    assert.equal(back.command?.override, null);
    assert.deepEqual(
      back.alarms.map(({ alarm, state }) => `${alarm} ${state}`),
      ["no-data off"],
    );
  });

  it("knows nothing before the first reading", () => {
    assert.equal(new HvacController().dataLost(NOON).command?.filtered_C, null);
  });

  it("takes a masked value that only repeats itself for silence, a raw one not", () => {
    const masked = new HvacController({ noiseSigmaK: 0.953 });
    const { command } = masked.accept(NOON, 27);
    for (let minute = 1; minute <= 4; minute++) {
      const repeat = masked.accept(NOON + minute * 60_000, 27);
      assert.equal(repeat.repeated, true);
      assert.equal(repeat.command?.supply_temperature_C, command?.supply_temperature_C);
    }
    assert.throws(() => masked.accept(NOON + 240_000, 26), { code: "STALE" });
    masked.dataLost(NOON + 300_000);
    const still = masked.accept(NOON + 300_000, 27);
    assert.deepEqual([still.command?.override, still.alarms], ["no-data", []]);
    const fresh = masked.accept(NOON + 360_000, 26.9);
    assert.deepEqual([fresh.command?.override, fresh.repeated], [null, undefined]);

    const raw = new HvacController();
    raw.accept(NOON, 27);
    assert.equal(raw.accept(NOON + 60_000, 27).repeated, undefined);
  });

  describe("door at night", () => {
    function alarmsAfterDrop(startMs: number, dropK: number, options = {}): string[] {
      const controller = new HvacController(options);
      for (let sec = 0; sec < 600; sec++) controller.accept(startMs + sec * 1000, 25);
      const course = [25 - dropK, 25 - dropK, 24.8];
      return course.flatMap((celsius, i) =>
        controller
          .accept(startMs + (600 + i) * 1000, celsius)
          .alarms.map(({ alarm, state, source }) => `${alarm} ${state} ${source}`),
      );
    }
    const opened = ["night-door on received", "night-door off received"];

    it("is a drop below the filtered value during the night", () => {
      assert.deepEqual(alarmsAfterDrop(NIGHT, 2.1), opened);
      assert.deepEqual(alarmsAfterDrop(NIGHT, 1.9), []);
      assert.deepEqual(alarmsAfterDrop(NOON, 2.1), []);
    });

    it("follows the time zone", () => {
      assert.deepEqual(alarmsAfterDrop(NOON, 2.1, { timeZone: "Asia/Tokyo" }), []);
      assert.deepEqual(alarmsAfterDrop(NOON + 2 * 3_600_000, 2.1, { timeZone: "Asia/Tokyo" }), opened);
    });

    it("needs four deviations of the mask's noise", () => {
      assert.deepEqual(alarmsAfterDrop(NIGHT, 3.5, { noiseSigmaK: 0.95 }), []);
      assert.deepEqual(alarmsAfterDrop(NIGHT, 3.9, { noiseSigmaK: 0.95 }), opened);
    });

    it("is silent through a night of masked noise", () => {
      const random = new SeededRandom(3);
      const controller = new HvacController({ noiseSigmaK: 0.953 });
      let raised = 0;
      for (let minute = 0; minute < 360; minute++) {
        raised += controller
          .accept(NIGHT + minute * 60_000, 25 + random.gaussian(0, 0.953))
          .alarms.filter(({ alarm }) => alarm === "night-door").length;
      }
      assert.equal(raised, 0);
    });

    it("is what a trusted prolonged anomaly means at night, and only then", () => {
      const controller = new HvacController();
      assert.deepEqual(controller.trustedAlarm(trusted("prolonged-anomaly", "on", NOON)), { alarms: [] });
      controller.trustedAlarm(trusted("prolonged-anomaly", "off", NOON + 1));
      const [on] = controller.trustedAlarm(trusted("prolonged-anomaly", "on", NIGHT)).alarms;
      assert.deepEqual(on, {
        alarm: "night-door",
        state: "on",
        since: new Date(NIGHT).toISOString(),
        source: "trusted",
        group: "zone-1",
      });
      const [off] = controller.trustedAlarm(trusted("prolonged-anomaly", "off", NIGHT + 60_000)).alarms;
      assert.equal(off?.state, "off");
    });
  });

  it("refuses settings that make no sense, by name", () => {
    assert.throws(() => new HvacController({ failSafeC: 5 }), /fail-safe/);
    assert.throws(() => new HvacController({ filterTauSec: 0 }), /time constant/);
    assert.throws(() => new HvacController({ timeZone: "Nowhere" }), /time zone/);
    assert.throws(() => new HvacController({ staleAfterSec: 0 }), /without readings/);
    assert.throws(() => new HvacController({ overheat: { op: ">=", threshold: 30, clear: 31 } }), /clear/);
  });
});

describe("parseTrustedAlarm", () => {
  const good = { alarm: "overheat", state: "on", since: "2026-01-10T12:00:00Z", group: "zone-1" };

  it("reads what the mask sends, with and without a group", () => {
    assert.deepEqual(parseTrustedAlarm(good), trusted("overheat", "on", NOON));
    assert.equal(parseTrustedAlarm({ alarm: "overheat", state: "off", since: NOON }).group, "");
  });

  it("refuses everything else", () => {
    const wrong = [
      { alarm: 1 },
      { alarm: "a b" },
      { state: "maybe" },
      { since: null },
      { since: -1 },
      { group: {} },
      { device: "<b>" },
    ];
    for (const part of wrong) assert.throws(() => parseTrustedAlarm({ ...good, ...part }), Rejection);
  });
});
