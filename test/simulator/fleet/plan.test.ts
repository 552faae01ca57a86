import assert from "node:assert/strict";
import { withDefaults } from "../../../simulator/fleet/attack-settings.js";
import { heldDevices } from "../../../simulator/fleet/run-attack.js";
import { parseScenarioFile } from "../../../simulator/fleet/scenario-file.js";
import { ATTACKS } from "../../../simulator/fleet/scenario-names.js";
import { GENTLE_PERIOD_SEC, gentleSchedule, packedSchedule, quietStartSec } from "../../../simulator/fleet/schedule.js";

describe("attack schedule", () => {
  const options = { scenarios: ATTACKS, durationSec: 120, attackRatio: 0.75, seed: 1 };

  it("packs every scenario once into the run, after a quiet start, short ones one after another", () => {
    const schedule = packedSchedule(options);
    assert.deepEqual(schedule.map(({ scenario }) => scenario).sort(), [...ATTACKS].sort());
    const short = schedule.filter(({ scenario }) => !scenario.startsWith("slow-"));
    let free = quietStartSec(120);
    for (const { startSec, durationSec } of short) {
      assert.ok(startSec >= free - 1e-9);
      free = startSec + durationSec;
    }
    assert.ok(free <= 120);
    const busy = short.reduce((sum, { durationSec }) => sum + durationSec, 0);
    assert.ok(Math.abs(busy / (118 - quietStartSec(120)) - 0.75) < 1e-9);
  });

  it("has another order with another seed, and the same with the same", () => {
    const order = (seed: number) => packedSchedule({ ...options, seed }).map(({ scenario }) => scenario);
    assert.deepEqual(order(1), order(1));
    assert.notDeepEqual(order(1), order(2));
  });

  it("refuses a time that is too short", () => {
    assert.throws(() => packedSchedule({ ...options, durationSec: 12 }), RangeError);
  });

  it("goes on for ever in a demonstration, one at a time", () => {
    const schedule = gentleSchedule(ATTACKS, 1);
    const starts = Array.from({ length: 30 }, () => schedule.next().value as { scenario: string; startSec: number });
    for (const [i, { startSec }] of starts.entries()) {
      if (i > 0) assert.equal(startSec - (starts[i - 1]?.startSec ?? 0), GENTLE_PERIOD_SEC);
    }
    assert.equal(new Set(starts.map(({ scenario }) => scenario)).size, ATTACKS.length);
  });

  it("gives each scenario devices of its own", () => {
    const settings = withDefaults({ flood: { attackers: 4 } });
    const held = heldDevices(ATTACKS, settings, 1, { run: "0" });
    const ids = [...held.values()].flat().map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(held.get("flood")?.length, 4);
    assert.equal(held.has("unknown-device"), false);
  });
});

describe("scenario file", () => {
  it("reads ranges, rates, ratio and schedule", () => {
    const file = parseScenarioFile(
      JSON.stringify({
        version: 1,
        duration: 60,
        attack_ratio: 0.5,
        attacks: { tamper: { temperature: [41, 42], rate: 2, attackers: 3 }, flood: { rate: 500 } },
        schedule: [{ scenario: "tamper", start: 5, duration: 10 }],
      }),
    );
    assert.deepEqual(file, {
      durationSec: 60,
      attackRatio: 0.5,
      attacks: { tamper: { temperature: [41, 42], rateHz: 2, attackers: 3 }, flood: { rateHz: 500 } },
      schedule: [{ scenario: "tamper", startSec: 5, durationSec: 10 }],
    });
    const settings = withDefaults(file.attacks);
    assert.deepEqual(settings.tamper, { temperature: [41, 42], rateHz: 2, attackers: 3 });
    assert.deepEqual(settings.flood, { rateHz: 500, attackers: 2 });
  });

  it("names the member that is wrong", () => {
    const cases: [unknown, RegExp][] = [
      [[], /not a JSON object/],
      [{ version: 2 }, /version is not 1/],
      [{ version: 1, extra: 1 }, /"extra"/],
      [{ version: 1, duration: "60" }, /duration/],
      [{ version: 1, attack_ratio: 0 }, /attack_ratio/],
      [{ version: 1, attacks: { normal: {} } }, /"normal"/],
      [{ version: 1, attacks: { tamper: { temperature: [50, 40] } } }, /attacks\.tamper\.temperature: low/],
      [{ version: 1, attacks: { tamper: { temperature: [50] } } }, /attacks\.tamper\.temperature/],
      [{ version: 1, attacks: { flood: { rate: 1e9 } } }, /attacks\.flood\.rate/],
      [{ version: 1, attacks: { flood: { attackers: 1.5 } } }, /attacks\.flood\.attackers/],
      [{ version: 1, attacks: { flood: { speed: 1 } } }, /"speed"/],
      [{ version: 1, schedule: [] }, /schedule/],
      [{ version: 1, schedule: [{ scenario: "x", start: 0, duration: 1 }] }, /schedule\[0\]\.scenario/],
      [{ version: 1, schedule: [{ scenario: "flood", start: -1, duration: 1 }] }, /schedule\[0\]\.start/],
      [
        {
          version: 1,
          schedule: [
            { scenario: "flood", start: 0, duration: 5 },
            { scenario: "flood", start: 4, duration: 5 },
          ],
        },
        /two of flood overlap/,
      ],
    ];
    for (const [document, expected] of cases) {
      assert.throws(() => parseScenarioFile(JSON.stringify(document)), expected);
    }
    assert.throws(() => parseScenarioFile("{"), /not JSON/);
    assert.throws(() => parseScenarioFile('{"version":1,"__proto__":{}}'), /not allowed/);
  });
});
