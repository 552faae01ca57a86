import assert from "node:assert/strict";
import { SecurityMonitor } from "../../../lib/monitor/security-monitor.js";
import { heldMemory } from "../../support/held-memory.js";
import { anomaly, NOON } from "./verdicts.js";

const MB = 1e6;
/** The drill `million-clients` sends a million through Node-RED; the tables are full after 1,200. */
const INVENTED = 200_000;

describe("memory of the security monitor", () => {
  it("stays below 10 MB more with two hundred thousand invented names", () => {
    const monitor = new SecurityMonitor(NOON);
    for (let i = 0; i < 100; i++) monitor.record(anomaly({ source: `device-${i}` }), NOON);
    const before = heldMemory();
    const verdict = anomaly({ authenticated: false, attackType: "unknown-device" });
    for (let i = 0; i < INVENTED; i++) {
      verdict.at = NOON + i;
      verdict.source = `invented-${i}`;
      verdict.topic = `iot/devices/invented-${i}/data`;
      verdict.reasons = [{ detector: "allow-list", text: `"invented-${i}" is not in the registry of devices` }];
      monitor.record(verdict, verdict.at);
    }
    const growth = heldMemory() - before;
    assert.ok(growth < 10 * MB, `grew by ${(growth / MB).toFixed(1)} MB`);
    const { total, devices, sources, recentAlerts, topThreats } = monitor.snapshot(NOON + INVENTED, 1000);
    assert.equal(total, INVENTED + 100);
    assert.deepEqual(sources, { followed: 300, cap: 1200, forgotten: INVENTED - 200 });
    assert.equal(devices.length, 200);
    assert.equal(devices.filter(({ authenticated }) => authenticated).length, 100, "every device is still there");
    assert.equal(recentAlerts.filter(({ authenticated }) => authenticated).length, 25);
    assert.ok(topThreats.every(({ error }) => error <= INVENTED / 256));
  });

  it("does not hold the large messages that names and reasons were cut from", () => {
    const monitor = new SecurityMonitor(NOON);
    const before = heldMemory();
    for (let i = 0; i < 2000; i++) {
      const payload = `${String(i).padStart(20, "0")}${"x".repeat(60_000)}`;
      // Pieces of a string point into it until somebody copies them.
      const [source, topic, text] = [payload.slice(0, 64), payload.slice(0, 200), payload.slice(0, 100)];
      const reasons = [{ detector: payload.slice(0, 20), text }];
      monitor.record(anomaly({ source, topic, reasons, authenticated: i % 2 === 0 }), NOON);
    }
    const growth = heldMemory() - before;
    // 1,000 devices and 200 names of 14.4 kB points each; 60 kB each would be 72 MB.
    assert.ok(growth < 25 * MB, `grew by ${(growth / MB).toFixed(1)} MB`);
    assert.equal(monitor.snapshot(NOON, 1).sources.followed, 1200);
  });

  it("stays below its stated size with every place taken", () => {
    const before = heldMemory();
    const monitor = new SecurityMonitor(NOON);
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 1200; i++) {
        const reasons = [1, 2, 3].map((n) => ({
          detector: "forest",
          text: `${n}: ${i} is ${round} above the range ${"…".repeat(80)}`,
        }));
        monitor.record(anomaly({ source: `source-${i}`, authenticated: i < 1000, reasons }), NOON + round);
      }
    }
    const growth = heldMemory() - before;
    assert.ok(growth < 73 * MB, `grew by ${(growth / MB).toFixed(1)} MB`);
  });
});
