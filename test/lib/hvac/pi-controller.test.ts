import assert from "node:assert/strict";
import { DEFAULT_HVAC_OPTIONS } from "../../../lib/hvac/hvac-options.js";
import { PiController } from "../../../lib/hvac/pi-controller.js";

const OPTIONS = { ...DEFAULT_HVAC_OPTIONS };

describe("PiController", () => {
  it("cools when it is warm and the other way round, from zero at the edge of the dead band", () => {
    const at = (celsius: number) => new PiController(OPTIONS).update(celsius, 0);
    assert.equal(at(25), 22.5);
    assert.equal(at(25.5), 22.5);
    assert.equal(at(24.5), 22.5);
    assert.ok(Math.abs(at(26.5) - 21.5) < 1e-9);
    assert.ok(Math.abs(at(23.5) - 23.5) < 1e-9);
    assert.ok(22.5 - at(25.51) < 0.011);
  });

  it("lets no offset stay within the dead band", () => {
    const controller = new PiController(OPTIONS);
    const first = controller.update(25.3, 60);
    let last = first;
    for (let i = 0; i < 30; i++) last = controller.update(25.3, 60);
    assert.ok(Math.abs(first - last - (0.3 * 60 * 30) / 1200) < 1e-9);
  });

  it("integrates by the time that passed, up to the cap", () => {
    const [ones, one, pause, cap] = [0, 1, 2, 3].map(() => new PiController(OPTIONS)) as PiController[];
    let value = 0;
    for (let i = 0; i < 60; i++) value = ones?.update(26, 1) ?? Number.NaN;
    assert.ok(Math.abs(value - (one?.update(26, 60) ?? 0)) < 1e-9);
    assert.equal(pause?.update(26, 86_400), cap?.update(26, OPTIONS.maxStepSec));
  });

  it("does not wind up at a limit", () => {
    const controller = new PiController(OPTIONS);
    for (let i = 0; i < 600; i++) assert.ok(controller.update(40, 60) >= 16);
    assert.equal(controller.update(40, 60), 16);
    // Back at the set point: the integral holds what it had at the limit and no more.
    assert.ok(controller.update(25, 0) > 22);
    // From the limit it moves back at once.
    const before = controller.update(24, 0);
    assert.ok(controller.update(24, 60) > before);
  });

  it("stays within the supply range", () => {
    const controller = new PiController(OPTIONS);
    for (const celsius of [-40, 125, 25, -40, 125]) {
      const command = controller.update(celsius, 100);
      assert.ok(command >= 16 && command <= 27);
    }
  });

  it("refuses settings that make no controller", () => {
    const wrong = [{ minSupplyC: 27 }, { baseSupplyC: 10 }, { kp: -1 }, { ki: Number.NaN }, { deadBandK: -0.1 }];
    for (const setting of wrong) assert.throws(() => new PiController({ ...OPTIONS, ...setting }), RangeError);
  });
});
