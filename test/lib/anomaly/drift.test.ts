import assert from "node:assert/strict";
import { CusumState } from "../../../lib/anomaly/cusum.js";
import { DriftDetector } from "../../../lib/anomaly/drift-detector.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { FEATURE, quietModel } from "./support.js";

/** A room that follows its load: autocorrelated for minutes, plus sensor noise. */
function room(seed: number, offset = 0): () => number {
  const random = new SeededRandom(seed);
  const memory = 0.98;
  let load = 0;
  return () => {
    load = memory * load + Math.sqrt(1 - memory ** 2) * random.gaussian();
    return 25 + offset + 0.4 * load + random.gaussian(0, 0.05);
  };
}

const LEVEL = { mean: 0, sd: 1, allowance: 0.5, decisionInterval: 12 };

describe("drift guard", () => {
  it("detects a slow ramp, on either side, before it leaves the trained range", () => {
    for (const direction of [1, -1]) {
      const random = new SeededRandom(7);
      const scorer = new AnomalyScorer(quietModel(1000, 3));
      let foundAt: number | undefined;
      for (let second = 0; second < 600 && foundAt === undefined; second++) {
        const value = 25 + direction * second * 0.0005 + random.gaussian(0, 0.05);
        const verdict = scorer.score({ [FEATURE]: value }, "d1");
        if (verdict.reasons.some((reason) => reason.source === "drift")) {
          foundAt = second;
          assert.ok(verdict.isAnomaly && verdict.score >= verdict.threshold);
          assert.match(verdict.reasons.find((reason) => reason.source === "drift")?.text ?? "", /drifting/);
        }
      }
      assert.ok(foundAt !== undefined && foundAt < 300, `found at ${foundAt}`);
    }
  });

  it("does not alarm on autocorrelated operation like the training trace", () => {
    let flagged = 0;
    for (let seed = 1; seed <= 3; seed++) {
      const next = room(seed);
      const model = trainModel({ featureNames: [FEATURE], values: Float64Array.from({ length: 7200 }, next) });
      const scorer = new AnomalyScorer(model);
      for (let i = 0; i < 7200; i++) {
        const { reasons } = scorer.score({ [FEATURE]: next() }, "d1");
        if (reasons.some((reason) => reason.source === "drift")) flagged++;
      }
    }
    assert.equal(flagged, 0);
  });

  it("allows for lasting offsets between the devices that it was trained on", () => {
    const offsets = [-0.6, 0, 0.6];
    const rooms = offsets.map((offset, i) => room(i + 1, offset));
    const devices = Int32Array.from({ length: 9000 }, (_, i) => i % 3);
    const values = Float64Array.from(devices, (device) => (rooms[device] as () => number)());
    const scorer = new AnomalyScorer(trainModel({ featureNames: [FEATURE], values, devices }));
    for (let i = 0; i < 9000; i++) {
      const device = i % 3;
      const { reasons } = scorer.score({ [FEATURE]: (rooms[device] as () => number)() }, `d${device}`);
      assert.ok(!reasons.some((reason) => reason.source === "drift"));
    }
  });

  it("ends its alarm when the level is back, however long the drift lasted", () => {
    const state = new CusumState();
    for (let i = 0; i < 10_000; i++) state.add(2, LEVEL);
    assert.ok(state.add(2, LEVEL) >= LEVEL.decisionInterval);
    let readings = 0;
    while (state.add(0, LEVEL) >= LEVEL.decisionInterval) readings++;
    assert.ok(readings < 20, `${readings}`);
    for (let i = 0; i < 1000; i++) assert.equal(state.add(i % 2 ? 0.4 : -0.4, LEVEL), 0);
  });

  it("is not set off by a single wild reading", () => {
    const state = new CusumState();
    assert.ok(state.add(1e9, LEVEL) < LEVEL.decisionInterval);
  });

  it("watches each device for itself, remembers no more than its cap and skips missing values", () => {
    const detector = new DriftDetector([LEVEL], 3);
    const push = (device: string, value: number) => detector.add(device, Float64Array.of(value))[0] as number;
    for (let i = 0; i < 10; i++) push("a", 2);
    assert.equal(push("b", 0), 0);
    assert.ok(push("a", 2) > 1);
    assert.equal(push("a", Number.NaN), 0);
    assert.ok(push("a", 2) > 1);
    push("c", 0);
    push("d", 0);
    assert.equal(detector.deviceCount, 3);
    assert.ok(push("a", 2) > 1, "used since b, so b was forgotten");
    for (let i = 0; i < 100_000; i++) push(`device-${i}`, 0);
    assert.equal(detector.deviceCount, 3);
    assert.ok(push("a", 2) < 1, "forgotten");
  });

  it("keeps what it knows of proved devices, whatever names are claimed", () => {
    const model = quietModel(200, 1);
    const top = (model.training.features[0]?.mean as number) + 0.06;
    const scorer = new AnomalyScorer(model, { maxDevices: 2 });
    const drifts = (device: string, context = {}) =>
      scorer.score({ [FEATURE]: top }, device, context).reasons.some(({ source }) => source === "drift");
    for (let i = 0; i < 500; i++) drifts("a");
    assert.ok(drifts("a"), "an alarm that lasts");
    for (let i = 0; i < 10; i++) assert.equal(drifts(`name-${i}`, { isClaimed: true }), false);
    assert.equal(drifts("a", { isClaimed: true }), false, "who only claims the name has a level of its own");
    assert.ok(drifts("a"), "not forgotten");
  });

  it("is off where the rows had no order", () => {
    const model = quietModel(200, 1, { drift: "off" });
    assert.equal(model.drift, null);
    const scorer = new AnomalyScorer(model);
    const top = model.training.features[0]?.mean as number;
    for (let i = 0; i < 500; i++) {
      assert.ok(!scorer.score({ [FEATURE]: top + 0.06 }).reasons.some((reason) => reason.source === "drift"));
    }
  });
});
