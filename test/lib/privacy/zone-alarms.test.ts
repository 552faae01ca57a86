import assert from "node:assert/strict";
import { Accountant, type BudgetStore, budgetInMemory } from "../../../lib/privacy/accountant.js";
import type { AlarmChange } from "../../../lib/privacy/group-alarms.js";
import { Mask } from "../../../lib/privacy/mask.js";
import { parseMaskSettings } from "../../../lib/privacy/settings.js";

const NOON = Date.UTC(2026, 10, 21, 12);
const WINDOW = 20;
/** So large that the noise is a few millikelvin: what is tested here is everything but the noise. */
const CERTAIN = { alarmRelease: "sparse-vector", alarmEpsilon: 1000, sensitivity: 0.1 };

function store(): BudgetStore & { text?: string } {
  return {
    load() {
      return this.text;
    },
    save(text) {
      this.text = text;
    },
  };
}

/** A mask with eight sensors whose alarm windows are fed one after another. */
class Zone {
  time: number;
  readonly mask: Mask;

  constructor(
    settings: Record<string, unknown>,
    readonly account: BudgetStore = budgetInMemory(),
    start = NOON,
  ) {
    this.mask = new Mask(parseMaskSettings({ ...CERTAIN, ...settings }), new Accountant(account));
    this.time = start;
  }

  /** One window of all sensors at `level`. */
  window(level: number, sensors = 8): AlarmChange[] {
    for (let i = 0; i < sensors; i++) {
      const reading = { device: `rack-${i}`, group: "default", timestamp: this.time + 1000, isAnomaly: undefined };
      this.mask.accept({ ...reading, value: level }, this.time + 1000);
    }
    this.time += WINDOW * 1000;
    return this.mask.endAlarmWindow(WINDOW, this.time).alarms;
  }

  windows(level: number, count: number): AlarmChange[] {
    return Array.from({ length: count }, () => this.window(level)).flat();
  }
}

const states = (changes: AlarmChange[]) => changes.map(({ alarm, state }) => `${alarm} ${state}`);

describe("sparse-vector alarms", () => {
  it("compare the zone's mean over each window, with hysteresis, and tell no moment but the window's end", () => {
    const zone = new Zone({});
    assert.deepEqual(zone.windows(25, 60), []);
    assert.deepEqual(zone.window(31), [
      { alarm: "overheat", state: "on", since: new Date(zone.time).toISOString(), group: "default" },
    ]);
    assert.deepEqual(zone.windows(29.9, 3), [], "between clear and threshold nothing changes");
    assert.deepEqual(states(zone.window(29.7)), ["overheat off"]);
    assert.deepEqual(states(zone.window(20)), ["undercool on"]);
    assert.deepEqual(zone.mask.alarmWindows, [20]);
  });

  it("see the zone's mean, not one sensor", () => {
    const zone = new Zone({});
    for (let i = 0; i < 8; i++) {
      const reading = { device: `rack-${i}`, group: "default", timestamp: NOON, isAnomaly: undefined };
      assert.deepEqual(zone.mask.accept({ ...reading, value: i === 0 ? 40 : 25 }, NOON).alarms, []);
    }
    assert.deepEqual(zone.mask.endAlarmWindow(WINDOW, NOON + 20_000).alarms, []);
  });

  it("keep their state while too few sensors are live", () => {
    const zone = new Zone({});
    assert.deepEqual(zone.window(35, 3), []);
    assert.deepEqual(states(zone.window(35, 4)), ["overheat on"]);
  });

  it("are wrong by as much as their noise says, less so with more sensors", () => {
    const falseAlarms = (groupSize: number) => {
      let count = 0;
      for (let i = 0; i < 400; i++) {
        const zone = new Zone({ alarmEpsilon: 16, sensitivity: 2, groupSize, minGroup: 1 });
        count += zone.window(29.5, groupSize).length;
      }
      return count;
    };
    const [few, many] = [falseAlarms(2), falseAlarms(16)];
    assert.ok(few > 80 && many < few / 2, `${few} of 400 with 2 sensors, ${many} with 16`);
  });

  it("book a run before its first answer, on top of the values", () => {
    const account = store();
    const zone = new Zone({ alarmEpsilon: 8 }, account);
    zone.windows(25, 3);
    const { report } = zone.mask.endInterval(zone.time).releases[0]!;
    const perRun = (8 / 4) ** 2 / 2;
    const perValue = report.perEvent.rho! / 16;
    assert.deepEqual(report.alarms, {
      release: "sparse-vector",
      epsilonPerEvent: 8,
      epsilonPerRun: 2,
      runsPerEvent: 4,
      runsToday: 1,
      epsilonWithValues: report.perEvent.epsilon! + 8,
    });
    assert.ok(Math.abs(report.window.rho! - perRun - perValue) < 1e-12);
    assert.equal(report.window.releases, 1);
    assert.equal(report.claim, "w-event (ε,δ)-DP of the value stream and the zone alarms");
    assert.deepEqual(report.exempt, ["alarm prolonged-anomaly"]);
    assert.match(account.text!, /"alarmRuns":1/);
  });

  it("start at most three runs while one event lasts, and are never blind to the next overheat", () => {
    const zone = new Zone({ protectSec: 900 });
    zone.windows(25, 60);
    const begun: number[] = [NOON + WINDOW * 1000];
    const seen: string[] = [];
    for (let i = 0; i < 200; i++) {
      for (const change of states(zone.window(i % 2 === 0 ? 32 : 25))) seen.push(change);
      const runs = zone.mask.endInterval(zone.time).releases[0]!.report.alarms!.runsToday;
      while (begun.length < runs) begun.push(zone.time);
    }
    for (const [index, start] of begun.entries()) {
      const touched = begun.filter((other) => other >= start && other < start + 920_000).length;
      assert.ok(touched <= 3, `${touched} runs start within an event of run ${index}`);
    }
    assert.ok(begun.length >= 12, "the limit is reached");
    assert.ok(seen.length >= 12 && seen.length < 60, `${seen.length} changes of 200 possible`);
    assert.deepEqual(
      seen.filter((_, i) => i % 2 === 0),
      seen.filter((_, i) => i % 2 === 0).map(() => "overheat on"),
    );
  });

  it("keep to that limit over a restart, which forgets states and noise", () => {
    const account = store();
    const zone = new Zone({}, account);
    zone.window(25);
    for (let i = 0; i < 6; i++) new Zone({}, account, zone.time + i * 1000).window(25);
    const { report } = new Zone({}, account, zone.time + 60_000).mask.endInterval(zone.time).releases[0] ?? {};
    assert.equal(report, undefined);
    assert.equal(JSON.parse(account.text!).groups[0].total.alarmRuns, 3);
    assert.deepEqual(states(new Zone({}, account, zone.time + 60_000).window(35)), [], "no run may start");
    assert.deepEqual(states(new Zone({}, account, zone.time + 1_000_000).window(35)), ["overheat on"]);
  });

  it("book a run again on each further day that it goes on", () => {
    const account = store();
    const zone = new Zone({}, account, NOON);
    zone.windows(25, 2);
    zone.time = NOON + 86_400_000;
    zone.windows(25, 2);
    const [group] = JSON.parse(account.text!).groups;
    assert.deepEqual([group.today.alarmRuns, group.total.alarmRuns], [1, 2]);
    assert.equal(group.runStarts.length, 1, "it is still the same run");
  });

  it("stop with the day's budget, unless they are to go on", () => {
    // Three runs a day at rho 2 each: epsilon of rho 5.
    const budget = { alarmEpsilon: 8, budgetDay: 17, mechanism: "alarm-only", sensitivity: 0.001 };
    const changes = (onExhausted: string) => {
      const zone = new Zone({ ...budget, onExhausted });
      const found: string[] = [];
      for (let i = 0; i < 10; i++) {
        found.push(...states(zone.windows(i % 2 === 0 ? 35 : 25, 100)));
      }
      return { found, report: zone.mask.endInterval(zone.time).reports[0]! };
    };
    const capped = changes("suppress");
    assert.deepEqual(capped.found, ["overheat on", "overheat off"]);
    assert.equal(capped.report.budget?.exhausted, true);
    assert.ok(capped.report.window.epsilon! <= 17);
    const safe = changes("alarm-only");
    assert.equal(safe.found.length, 10);
    assert.ok(safe.report.window.epsilon! > 17, "and the report says what that cost");
  });

  it("decide nothing without an account, and pass its trouble on", () => {
    const none = new Mask(parseMaskSettings(CERTAIN), undefined);
    none.accept({ device: "a", group: "default", timestamp: NOON, value: 60, isAnomaly: undefined }, NOON);
    assert.deepEqual(none.endAlarmWindow(WINDOW, NOON).alarms, []);
    const broken = new Zone(
      {},
      {
        load: () => undefined,
        save: () => {
          throw new Error("no space left on device");
        },
      },
    );
    assert.deepEqual(broken.window(35), []);
    broken.window(35);
    for (let i = 0; i < 8; i++) {
      const reading = { device: `r${i}`, group: "default", timestamp: broken.time, isAnomaly: undefined };
      broken.mask.accept({ ...reading, value: 35 }, broken.time);
    }
    assert.match(broken.mask.endAlarmWindow(WINDOW, broken.time).problem!.message, /no space/);
  });

  it("leave alarms on the anomaly verdict exact", () => {
    const { mask } = new Zone({});
    const reading = { device: "a", group: "default", value: 60, isAnomaly: true };
    mask.accept({ ...reading, timestamp: NOON }, NOON);
    assert.deepEqual(states(mask.accept({ ...reading, timestamp: NOON + 20_000 }, NOON + 20_000).alarms), [
      "prolonged-anomaly on",
    ]);
  });
});
