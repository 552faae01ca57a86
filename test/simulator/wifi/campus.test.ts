import assert from "node:assert/strict";
import { Campus, type SimulatedSession } from "../../../simulator/wifi/campus.js";
import { logLines } from "../../../simulator/wifi/log-lines.js";

/** Monday, 2 November 2026. */
const MONDAY = 20_759;

function sessionsOf(campus: Campus, sessions = 20_000, days = 14): SimulatedSession[] {
  return [...campus.sessions({ firstDay: MONDAY, days, sessions })].flat();
}

describe("simulated campus", () => {
  const campus = new Campus({ seed: 3, devices: 5000 });
  const all = sessionsOf(campus);

  it("makes exactly as many sessions as asked, in order, the same ones again", () => {
    assert.equal(all.length, 20_000);
    for (let i = 1; i < all.length; i++) {
      assert.ok((all[i] as SimulatedSession).start >= (all[i - 1] as SimulatedSession).start);
    }
    assert.deepEqual(sessionsOf(new Campus({ seed: 3, devices: 5000 })), all);
    assert.notDeepEqual(sessionsOf(new Campus({ seed: 4, devices: 5000 })), all);
  });

  it("has no device at two places, and sessions of all lengths", () => {
    const busy = new Map<number, number>();
    for (const { device, start, duration } of all) {
      assert.ok(start >= (busy.get(device) ?? 0), `device ${device} is at two places`);
      busy.set(device, start + duration);
    }
    const lengths = all.map(({ duration }) => duration).sort((a, b) => a - b);
    const median = lengths[lengths.length >> 1] as number;
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    assert.ok(median > 600 && median < 900, `median ${median} s`);
    assert.ok(mean > 2100 && mean < 3300, `mean ${mean} s`);
    assert.equal(lengths[0], 0);
    assert.ok((lengths.at(-1) as number) > 86_400);
    assert.ok(all.some(({ start, duration }) => Math.floor(start / 86_400) < Math.floor((start + duration) / 86_400)));
  });

  it("is empty at night and at the weekend, and a lobby is not an office", () => {
    const byHour = new Array<number>(24).fill(0);
    const byWeekday = new Array<number>(7).fill(0);
    for (const { start } of all) {
      byHour[Math.floor(start / 3600) % 24]!++;
      byWeekday[(Math.floor(start / 86_400) + 3) % 7]!++;
    }
    assert.ok((byHour[10] as number) > 10 * (byHour[3] as number));
    assert.ok((byWeekday[1] as number) > 3 * (byWeekday[6] as number));
    const share = (room: string) => {
      const own = all.filter(({ accessPoint }) => campus.building.accessPoints[accessPoint]?.function === room);
      return own.filter(({ start }) => Math.floor(start / 3600) % 24 < 9).length / own.length;
    };
    assert.ok(share("lobby") > 1.5 * share("office"));
  });

  it("shows the share of randomised addresses, and no address twice", () => {
    const kinds = Array.from({ length: 5000 }, (_, device) => campus.devices.kindOf(device));
    const random = kinds.filter((kind) => kind !== "burned-in").length / kinds.length;
    assert.ok(Math.abs(random - 0.35) < 0.03, String(random));
    const owners = new Map<string, number>();
    for (const { mac, device } of all) {
      assert.match(mac, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      assert.equal(owners.get(mac) ?? device, device);
      owners.set(mac, device);
      const first = Number.parseInt(mac.slice(0, 2), 16);
      assert.equal((first & 2) !== 0, kinds[device] !== "burned-in");
      assert.equal(first & 1, 0);
    }
    const daily = kinds.indexOf("random-daily");
    assert.notEqual(campus.devices.macOf(daily, MONDAY), campus.devices.macOf(daily, MONDAY + 1));
    const stable = kinds.indexOf("random");
    assert.equal(campus.devices.macOf(stable, MONDAY), campus.devices.macOf(stable, MONDAY + 1));
  });

  it("lives by the clocks of its zone", () => {
    const busiest = (timeZone: string) => {
      const hours = new Array<number>(24).fill(0);
      for (const { start } of sessionsOf(new Campus({ seed: 3, timeZone }), 5000, 5))
        hours[Math.floor(start / 3600) % 24]!++;
      return hours.indexOf(Math.max(...hours));
    };
    assert.equal((busiest("UTC") - busiest("Asia/Tokyo") + 24) % 24, 9);
  });

  it("fits any number of devices, access points, days and sessions", () => {
    for (const [devices, accessPoints, days, sessions] of [
      [1, 1, 1, 50],
      [3, 31, 2, 0],
      [10, 3, 40, 7],
    ] as const) {
      const small = new Campus({ seed: 1, devices, accessPoints });
      const made = [...small.sessions({ firstDay: MONDAY, days, sessions })].flat();
      assert.equal(made.length, sessions);
      assert.ok(made.every(({ accessPoint }) => accessPoint >= 0 && accessPoint < accessPoints));
    }
  });

  it("writes one line for each session after the head", () => {
    const lines = [...logLines(new Campus({ seed: 2, devices: 50 }), { firstDay: MONDAY, days: 1, sessions: 20 })];
    assert.equal(lines.length, 21);
    assert.ok(lines.every((line) => line.endsWith("\n") && line.split("\t").length === 14));
  });
});
