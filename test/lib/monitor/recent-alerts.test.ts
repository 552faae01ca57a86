import assert from "node:assert/strict";
import type { SecurityVerdict } from "../../../lib/common/security.js";
import { RecentAlerts } from "../../../lib/monitor/recent-alerts.js";
import { anomaly, NOON } from "./verdicts.js";

function add(alerts: RecentAlerts, changes: Partial<SecurityVerdict>): void {
  const verdict = anomaly(changes);
  alerts.add(verdict, verdict.attackType!, verdict.at, verdict.reasons);
}

describe("recent alerts", () => {
  it("makes one alert of what one source does within a minute of its last one", () => {
    const alerts = new RecentAlerts();
    add(alerts, { id: "first", at: NOON });
    add(alerts, { id: "second", at: NOON + 60_000, temperature: 130, topic: "iot/devices/rack-1/other" });
    add(alerts, { id: "third", at: NOON + 120_001 });
    const [newest, oldest] = alerts.list();
    assert.deepEqual([newest?.id, newest?.count], ["third", 1]);
    const { id, count, firstSeen, lastSeen, temperature, topic } = oldest!;
    assert.deepEqual(
      { id, count, firstSeen, lastSeen, temperature, topic },
      {
        id: "first",
        count: 2,
        firstSeen: NOON,
        lastSeen: NOON + 60_000,
        temperature: 130,
        topic: "iot/devices/rack-1/other",
      },
    );
  });

  it("keeps apart other types, other sources, and the same name without proof", () => {
    const alerts = new RecentAlerts();
    add(alerts, {});
    add(alerts, { attackType: "flood" });
    add(alerts, { source: "rack-2" });
    add(alerts, { authenticated: false });
    add(alerts, { source: "__proto__" });
    assert.equal(alerts.list().length, 5);
    assert.ok(alerts.list().every(({ count }) => count === 1));
  });

  it("puts the one that was touched last first, whatever the clock says", () => {
    const alerts = new RecentAlerts();
    add(alerts, { source: "a", at: NOON });
    add(alerts, { source: "b", at: NOON + 1000 });
    add(alerts, { source: "a", at: NOON + 2000 });
    add(alerts, { source: "c", at: NOON - 3_600_000 });
    assert.deepEqual(
      alerts.list().map(({ source }) => source),
      ["c", "a", "b"],
    );
  });

  it("keeps 50, of which a flood of names leaves the devices 25", () => {
    const alerts = new RecentAlerts();
    for (let i = 0; i < 40; i++) add(alerts, { source: `device-${i}` });
    for (let i = 0; i < 1000; i++) add(alerts, { source: `name-${i}`, authenticated: false });
    const list = alerts.list();
    assert.equal(list.length, 50);
    assert.deepEqual(
      list.filter(({ authenticated }) => authenticated).map(({ source }) => source),
      Array.from({ length: 25 }, (_, i) => `device-${39 - i}`),
    );
    assert.equal(list[0]?.source, "name-999");
    for (let i = 0; i < 100; i++) add(alerts, { source: `other-${i}` });
    assert.equal(alerts.list().filter(({ authenticated }) => !authenticated).length, 25);
  });

  it("stays acknowledged while it goes on, until it gets worse", () => {
    const alerts = new RecentAlerts();
    add(alerts, { id: "one" });
    assert.equal(alerts.acknowledge("another"), false);
    assert.equal(alerts.acknowledge("one"), true);
    add(alerts, { at: NOON + 1000, severity: "info" });
    assert.deepEqual([alerts.list()[0]?.acknowledged, alerts.list()[0]?.severity], [true, "warning"]);
    add(alerts, { at: NOON + 2000, severity: "critical" });
    assert.deepEqual([alerts.list()[0]?.acknowledged, alerts.list()[0]?.severity], [false, "critical"]);
  });

  it("gives copies", () => {
    const alerts = new RecentAlerts();
    add(alerts, {});
    alerts.list()[0]!.count = 99;
    alerts.list()[0]!.reasons[0]!.text = "changed";
    assert.equal(alerts.list()[0]!.count, 1);
    assert.match(alerts.list()[0]!.reasons[0]!.text, /limit is 90/);
  });
});
