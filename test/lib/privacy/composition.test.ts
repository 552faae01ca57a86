import assert from "node:assert/strict";
import { Accountant, type BudgetStore } from "../../../lib/privacy/accountant.js";
import { epsilonFromRho } from "../../../lib/privacy/accounting.js";
import { calibrate } from "../../../lib/privacy/calibration.js";
import { Mask, type Release } from "../../../lib/privacy/mask.js";
import { ReleaseTimer } from "../../../lib/privacy/release-timer.js";
import { parseMaskSettings } from "../../../lib/privacy/settings.js";
import { FakeClock } from "./fake-clock.js";

const START = Date.UTC(2026, 10, 1);
const DAYS = 30;
const PER_DAY = 1440;

describe("composition over a month", () => {
  it("equals the closed form: 43,200 releases, with restarts on the way", () => {
    let text: string | undefined;
    const store: BudgetStore = { load: () => text, save: (next) => (text = next) };
    const settings = parseMaskSettings({ groupSize: 1 });
    const { rho, releasesPerEvent, epsilonPerDay, delta } = calibrate(settings);
    const rhoPerRelease = rho / releasesPerEvent;
    const clock = new FakeClock(START - 60_000);
    let count = 0;
    let last: Release | undefined;
    for (let day = 0; day < DAYS; day++) {
      const mask = new Mask(settings, new Accountant(store));
      const timer = new ReleaseTimer(settings.interval * 1000, clock, (boundary) => {
        const [release] = mask.endInterval(boundary).releases;
        return () => {
          last = release;
          count++;
        };
      });
      for (let i = 0; i < PER_DAY; i++) {
        const now = clock.now();
        mask.accept({ device: "a", group: "default", timestamp: now, value: 25, isAnomaly: undefined }, now);
        clock.advance(60_000);
      }
      clock.advance(100);
      timer.stop();
      clock.set(START + (day + 1) * PER_DAY * 60_000 - 60_000);
      const { window } = last!.report;
      assert.equal(window.releases, PER_DAY);
      assert.ok(Math.abs(window.epsilon! / epsilonPerDay - 1) < 1e-9, `day ${day}: ${window.epsilon}`);
    }
    assert.equal(count, DAYS * PER_DAY);
    const { total } = last!.report;
    assert.equal(total.releases, 43_200);
    const closedForm = 43_200 * rhoPerRelease;
    assert.ok(Math.abs(total.rho! / closedForm - 1) < 1e-9, `${total.rho} against ${closedForm}`);
    const epsilon = epsilonFromRho(total.rho!, delta);
    assert.ok(Math.abs(epsilon / epsilonFromRho(closedForm, delta) - 1) < 1e-9);
    assert.equal(total.since, "2026-11-01T00:00:00Z");
  });
});
