import assert from "node:assert/strict";
import { numericColumn, parseCsv } from "../../../lib/common/csv.js";
import { thermalTrace, traceCsv } from "../../../simulator/thermal/trace.js";

describe("thermal trace", () => {
  it("is normal operation around the set point, one row for each rack and second", () => {
    const table = parseCsv([...traceCsv({ seed: 1, racks: 4, durationSec: 4 * 3600 })].join(""));
    assert.deepEqual(table.columns, ["timestamp", "device_id", "temperature_C"]);
    assert.equal(table.rows.length, 4 * 4 * 3600);
    assert.deepEqual(
      table.rows.slice(0, 5).map(([timestamp, device]) => `${timestamp} ${device}`),
      [
        "2026-01-05T00:00:01.000Z rack-1",
        "2026-01-05T00:00:01.000Z rack-2",
        "2026-01-05T00:00:01.000Z rack-3",
        "2026-01-05T00:00:01.000Z rack-4",
        "2026-01-05T00:00:02.000Z rack-1",
      ],
    );
    const temperatures = numericColumn(table, "temperature_C");
    const mean = temperatures.reduce((sum, value) => sum + value, 0) / temperatures.length;
    assert.ok(Math.abs(mean - 25) < 0.3, `${mean}`);
    assert.ok(temperatures.every((value) => value > 21 && value < 30));
  });

  it("repeats by seed and can sample at 10 Hz", () => {
    const csv = (seed: number) => [...traceCsv({ seed, racks: 2, durationSec: 20, rateHz: 10 })].join("");
    assert.equal(csv(5), csv(5));
    assert.notEqual(csv(5), csv(6));
    assert.equal(csv(5).trimEnd().split("\n").length, 1 + 20 * 10 * 2);
  });

  it("starts when it is told to", () => {
    const startMs = Date.UTC(2025, 6, 1, 12);
    const [first] = thermalTrace({ seed: 1, durationSec: 1, startMs });
    assert.equal(first?.timestampMs, startMs + 1000);
  });
});
