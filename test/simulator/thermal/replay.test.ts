import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Rejection } from "../../../lib/common/rejection.js";
import { parseTimestamp } from "../../../lib/common/timestamp.js";
import { HvacController } from "../../../lib/hvac/hvac-controller.js";
import { parseRecording } from "../../../simulator/thermal/replay.js";
import { requireOnMachine, sharedData } from "../../setup.js";

describe("recordings", () => {
  it("keep the order of the file and skip blank and comment lines", () => {
    const text = "timestamp,temperature_C\r\n# quiet\r\n2025-07-01T12:00:01Z,25.5\r\n\r\n2025-07-01T12:00:00Z,24\r\n";
    assert.deepEqual(parseRecording(text), [
      { timestamp: "2025-07-01T12:00:01Z", temperatureC: 25.5 },
      { timestamp: "2025-07-01T12:00:00Z", temperatureC: 24 },
    ]);
  });

  it("may have further columns and another order of them", () => {
    const [reading] = parseRecording("door,temperature_C,timestamp\n1,21.5,2025-07-01T12:00:00Z\n");
    assert.deepEqual(reading, { timestamp: "2025-07-01T12:00:00Z", temperatureC: 21.5 });
  });

  it("name what is wrong in them", () => {
    assert.throws(() => parseRecording("time,temperature_C\n2025-07-01T12:00:00Z,25\n"), /no column "timestamp"/);
    assert.throws(() => parseRecording("timestamp,celsius\n2025-07-01T12:00:00Z,25\n"), /no column "temperature_C"/);
    assert.throws(() => parseRecording("timestamp,temperature_C\nnoon,25\n"), /row 1: "noon" is not a timestamp/);
    assert.throws(() => parseRecording("timestamp,temperature_C\n2025-07-01T12:00:00Z,\n"), /row 1 has no temperature/);
    assert.throws(() => parseRecording("# nothing\n"), /no header/);
  });

  it("of the reference: a controller takes each reading that is new and rejects the spliced-in past", function () {
    const path = join(sharedData, "thermal", "temp_reading.csv");
    requireOnMachine(this, existsSync(path), "reference data thermal/temp_reading.csv (see CONTRIBUTING)");
    const recording = parseRecording(readFileSync(path, "utf8"));
    assert.equal(recording.length, 128);
    const controller = new HvacController({ filterTauSec: 60 });
    let newest = Number.NEGATIVE_INFINITY;
    let late = 0;
    const alarms: string[] = [];
    for (const { timestamp, temperatureC } of recording) {
      const timestampMs = parseTimestamp(timestamp);
      if (timestampMs <= newest) {
        late++;
        assert.throws(
          () => controller.accept(timestampMs, temperatureC),
          (error: unknown) => error instanceof Rejection && error.code === "STALE",
        );
        continue;
      }
      newest = timestampMs;
      const { command, alarms: raised } = controller.accept(timestampMs, temperatureC);
      assert.ok((command?.supply_temperature_C as number) >= 16 && (command?.supply_temperature_C as number) <= 27);
      alarms.push(...raised.map(({ alarm, state }) => `${alarm} ${state}`));
    }
    assert.ok(late > 0 && late < 128, `${late} of 128 are late`);
    // The recording's overheat lasts three seconds and its dip to 19 °C five: neither is prolonged.
    assert.deepEqual(
      alarms.filter((alarm) => !alarm.startsWith("night-door")),
      [],
    );
  });
});
