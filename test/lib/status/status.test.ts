import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { GatewayCounters } from "../../../lib/status/gateway-counters.js";
import { cpuTemperature, hostHealth } from "../../../lib/status/host-health.js";

describe("gateway counters", () => {
  it("count refusals by code and keep the spool's latest figures", () => {
    const counters = new GatewayCounters();
    assert.equal(counters.spool.buffer_size, null);
    for (const code of ["REPLAY", "REPLAY", "AUTH"])
      assert.equal(counters.take({ rejected: { code, reason: "x" } }), true);
    assert.equal(counters.take({ rejected: { code: "<script>", reason: "" } }), false);
    assert.deepEqual([counters.rejected, counters.replayRejected], [{ REPLAY: 2, AUTH: 1 }, 2]);
    counters.take({
      payload: { buffer_size: 3, flush_ok: 1, last_flush_error: "e".repeat(500), secret: "s", acked_total: -1 },
    });
    const { last_flush_error, ...figures } = counters.spool;
    assert.equal(last_flush_error?.length, 200);
    assert.deepEqual([figures.buffer_size, figures.flush_ok, figures.acked_total], [3, 1, null]);
    assert.equal("secret" in counters.spool, false);
  });

  it("take nothing else in", () => {
    const counters = new GatewayCounters();
    const before = JSON.stringify([counters.spool, counters.rejected]);
    fc.assert(
      fc.property(fc.anything({ maxDepth: 3 }), (payload) => {
        counters.take({ payload });
        counters.take({ rejected: payload });
      }),
      { seed: 5, numRuns: 1000 },
    );
    assert.equal(JSON.stringify([counters.spool, counters.rejected]), before);
  });
});

describe("health of the machine", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-thermal-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const zone = (number: number, type: string, temp: string) => {
    const path = join(folder, `thermal_zone${number}`);
    mkdirSync(path);
    writeFileSync(join(path, "type"), `${type}\n`);
    writeFileSync(join(path, "temp"), `${temp}\n`);
  };

  it("reads the processor's temperature, where there is one to believe", () => {
    assert.equal(cpuTemperature(join(folder, "none")), null);
    assert.equal(cpuTemperature(folder), null);
    zone(0, "acpitz", "27800");
    assert.equal(cpuTemperature(folder), 27.8);
    zone(1, "cpu-thermal", "51540");
    assert.equal(cpuTemperature(folder), 51.5);
    rmSync(join(folder, "thermal_zone1"), { recursive: true });
    zone(2, "cpu-thermal", "-274000");
    zone(3, "cpu-thermal", "");
    assert.equal(cpuTemperature(folder), 27.8);
  });

  it("tells memory and disk, also for a home that is not there yet", () => {
    for (const home of [folder, join(folder, "a", "b")]) {
      const { ram, disk, process: own } = hostHealth(home);
      for (const space of [ram, disk]) {
        assert.ok(space && space.total_bytes > 0 && space.free_bytes <= space.total_bytes && space.used_percent <= 100);
      }
      assert.ok(own.rss_bytes > 0);
    }
  });
});
