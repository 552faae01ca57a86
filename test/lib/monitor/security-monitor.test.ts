import assert from "node:assert/strict";
import { publicSnapshot, SecurityMonitor } from "../../../lib/monitor/security-monitor.js";
import { anomaly, NOON, normal } from "./verdicts.js";

const HOUR = 3_600_000;

describe("security monitor", () => {
  it("counts messages, anomalies and types", () => {
    const monitor = new SecurityMonitor(NOON);
    monitor.record(normal(), NOON);
    monitor.record(normal(), NOON + 1000);
    monitor.record(anomaly({ attackType: "flood", at: NOON + 2000 }), NOON + 2000);
    const { attackType: _, ...untyped } = anomaly({ at: NOON + 2000 });
    monitor.record(untyped, NOON + 2000);
    const snapshot = monitor.snapshot(NOON + 2000, 2);
    const { total, normal: ordinary, anomalies, anomalyRate, rate, byType, since } = snapshot;
    assert.deepEqual(
      { total, ordinary, anomalies, anomalyRate, rate, since },
      { total: 4, ordinary: 2, anomalies: 2, anomalyRate: 0.5, rate: 2, since: NOON },
    );
    assert.deepEqual(byType, [
      { type: "flood", count: 1 },
      { type: "unusual", count: 1 },
    ]);
    assert.equal(snapshot.lastMessageAt, NOON + 2000);
    assert.deepEqual(snapshot.trend, [{ at: NOON, total: 4, anomalies: 2 }]);
    assert.equal(monitor.snapshot(NOON + 3000, 1).rate, 0, "the rate is that of the time since the last snapshot");
  });

  it("starts empty", () => {
    const snapshot = new SecurityMonitor(NOON).snapshot(NOON, 0);
    assert.deepEqual([snapshot.total, snapshot.anomalyRate, snapshot.rate, snapshot.lastMessageAt], [0, 0, 0, null]);
    assert.deepEqual([snapshot.trend, snapshot.recentAlerts, snapshot.topThreats, snapshot.devices], [[], [], [], []]);
  });

  it("counts what is not proved beside the device of that name, never under it", () => {
    const monitor = new SecurityMonitor(NOON);
    monitor.record(normal(), NOON);
    for (let i = 0; i < 5; i++) monitor.record(anomaly({ authenticated: false, attackType: "spoofed-id" }), NOON);
    const { devices, topThreats, recentAlerts } = monitor.snapshot(NOON, 1);
    assert.deepEqual(
      devices.map(({ authenticated, total, anomalies }) => ({ authenticated, total, anomalies })),
      [
        { authenticated: true, total: 1, anomalies: 0 },
        { authenticated: false, total: 5, anomalies: 5 },
      ],
    );
    assert.deepEqual(
      topThreats.map(({ source, authenticated, count }) => [source, authenticated, count]),
      [["rack-1", false, 5]],
    );
    assert.equal(recentAlerts.length, 1);
    assert.equal(monitor.detail("rack-1", true)?.points.length, 1);
    assert.equal(monitor.detail("rack-1", false)?.points.length, 5);
  });

  it("takes names of JavaScript like any other", () => {
    const monitor = new SecurityMonitor(NOON);
    for (const source of ["__proto__", "constructor", "toString", "", "<img src=x onerror=alert(1)>", "\ud800"]) {
      for (const authenticated of [true, false]) monitor.record(anomaly({ source, authenticated }), NOON);
      assert.equal(monitor.detail(source, true)?.device.source, source);
    }
    const { devices, topThreats } = monitor.snapshot(NOON, 1);
    assert.equal(devices.length, 12);
    assert.equal(topThreats.length, 10);
    assert.equal(monitor.detail("hasOwnProperty", true), undefined);
    assert.equal(({} as Record<string, unknown>).anomalies, undefined);
  });

  it("ranks by what is certain: names that were seen once do not outrank an attacker", () => {
    const monitor = new SecurityMonitor(NOON);
    for (let i = 0; i < 50_000; i++) {
      monitor.record(anomaly({ source: `name-${i}`, authenticated: false }), NOON);
      if (i % 100 === 0) monitor.record(anomaly({ source: "attacker", authenticated: false }), NOON);
      if (i % 1000 === 0) monitor.record(anomaly({ source: "rack-7" }), NOON);
    }
    const [first, second] = monitor.snapshot(NOON, 1).topThreats;
    assert.equal(first?.source, "attacker");
    assert.ok(first.count >= 500 && first.count - first.error <= 500, JSON.stringify(first));
    assert.deepEqual([second?.source, second?.count, second?.error], ["rack-7", 50, 0]);
  });

  it("keeps the last 300 points of a source, and reasons of its last flagged ones", () => {
    const monitor = new SecurityMonitor(NOON);
    for (let i = 0; i < 400; i++) {
      const at = NOON + i * 1000;
      const reasons = [{ detector: "threshold", text: `temperature ${i}` }];
      monitor.record(i % 2 === 0 ? normal({ at, humidity: null }) : anomaly({ at, temperature: i, reasons }), at);
    }
    const { device, points } = monitor.detail("rack-1", true)!;
    assert.deepEqual(
      [device.total, device.anomalies, device.firstSeen, device.lastType],
      [400, 200, NOON, "high-temperature"],
    );
    assert.equal(points.length, 300);
    assert.deepEqual(points[0], {
      at: NOON + 100_000,
      temperature: 25,
      humidity: null,
      rate: 1,
      attackType: null,
      reasons: [],
    });
    const newest = points.at(-1);
    assert.deepEqual(
      [newest?.attackType, newest?.temperature, newest?.reasons[0]?.text],
      ["high-temperature", 399, "temperature 399"],
    );
    const explained = points.filter(({ reasons }) => reasons.length > 0);
    assert.deepEqual(
      explained.map(({ temperature, reasons }) => `${temperature}` === reasons[0]?.text.slice(12)),
      Array(30).fill(true),
    );
    assert.equal(explained.at(0)?.temperature, 341);
  });

  it("leaves the last reading in view when a message without one comes", () => {
    const monitor = new SecurityMonitor(NOON);
    monitor.record(normal({ temperature: 24 }), NOON);
    monitor.record(anomaly({ attackType: "malformed", temperature: null, humidity: null }), NOON);
    const { device, points } = monitor.detail("rack-1", true)!;
    assert.deepEqual([device.temperature, device.humidity], [24, 45]);
    assert.equal(points[1]?.temperature, null);
  });

  it("follows 1,000 devices and 200 other names, and says how many it has forgotten", () => {
    const monitor = new SecurityMonitor(NOON);
    for (let i = 0; i < 1000; i++) monitor.record(normal({ source: `device-${i}` }), NOON);
    for (let i = 0; i < 5000; i++) monitor.record(anomaly({ source: `name-${i}`, authenticated: false }), NOON);
    assert.deepEqual(monitor.snapshot(NOON, 1).sources, { followed: 1200, cap: 1200, forgotten: 4800 });
    assert.equal(monitor.detail("device-0", true)?.device.total, 1, "names never push a device out");
    monitor.record(normal({ source: "device-0" }), NOON);
    monitor.record(normal({ source: "one-more" }), NOON);
    assert.equal(monitor.detail("device-1", true), undefined, "the least recently seen device is forgotten");
    assert.equal(monitor.detail("device-0", true)?.device.total, 2);
    assert.equal(monitor.detail("one-more", true)?.points.length, 1, "no points of the one before in its place");
    const { devices } = monitor.snapshot(NOON, 1);
    assert.equal(devices.length, 200);
    assert.equal(devices[0]?.source, "one-more");
    assert.ok(devices.every(({ authenticated }) => authenticated));
  });

  it("survives a clock that jumps by an hour, either way", () => {
    const monitor = new SecurityMonitor(NOON);
    for (const jump of [0, HOUR, 0, -HOUR, 0]) {
      const now = NOON + jump;
      monitor.record(anomaly({ at: now }), now);
      const { trend, rate } = monitor.snapshot(now, 1);
      assert.equal(trend.at(-1)?.at, now);
      assert.ok(trend.at(-1)!.anomalies >= 1);
      assert.equal(rate, 1);
    }
    const { device } = monitor.detail("rack-1", true)!;
    assert.deepEqual([device.firstSeen, device.lastSeen], [NOON - HOUR, NOON]);
    assert.equal(monitor.snapshot(NOON, 1).trend.at(-1)?.total, 3);
  });

  it("does not believe a verdict's time that is far off", () => {
    const monitor = new SecurityMonitor(NOON);
    for (const at of [0, -1, NOON + 300_001, NOON - 300_001, 8.64e15]) monitor.record(normal({ at }), NOON);
    assert.deepEqual(monitor.snapshot(NOON, 1).trend, [{ at: NOON, total: 5, anomalies: 0 }]);
  });

  it("forgets everything at a reset", () => {
    const monitor = new SecurityMonitor(NOON);
    monitor.record(anomaly(), NOON);
    monitor.reset(NOON + 5000);
    assert.deepEqual(monitor.snapshot(NOON + 5000, 1), new SecurityMonitor(NOON + 5000).snapshot(NOON + 5000, 1));
    assert.equal(monitor.detail("rack-1", true), undefined);
  });

  it("tells everybody counters, and neither names nor readings", () => {
    const monitor = new SecurityMonitor(NOON);
    monitor.record(anomaly({ temperature: 77.125, source: "secret-name", topic: "secret-name" }), NOON);
    const told = publicSnapshot(monitor.snapshot(NOON, 1));
    assert.deepEqual(Object.keys(told).sort(), [
      "anomalies",
      "anomalyRate",
      "at",
      "byType",
      "normal",
      "rate",
      "since",
      "total",
      "trend",
    ]);
    assert.doesNotMatch(JSON.stringify(told), /secret|77\.125/);
  });
});
