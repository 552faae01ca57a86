import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LearningBuffer } from "../../../lib/anomaly/learning-buffer.js";
import { formatModel, readModelFile, writeModelFile } from "../../../lib/anomaly/model-file.js";
import { type LearnOptions, ModelKeeper } from "../../../lib/anomaly/model-keeper.js";
import { withoutOutliers } from "../../../lib/anomaly/outlier-screen.js";
import { Reservoir } from "../../../lib/anomaly/reservoir.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import { trainInWorker } from "../../../lib/anomaly/train-in-worker.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { FEATURE, ownForest, quietModel, quietReadings } from "./support.js";

const HOUR = 3_600_000;

describe("training in a thread", () => {
  it("gives the model that training in place gives, and tells its progress", async () => {
    const data = { featureNames: [FEATURE], values: quietReadings(600, 1), devices: new Int32Array(600) };
    const options = { seed: 9, now: 5, name: "inlet" };
    const steps: number[] = [];
    const model = await trainInWorker(data, options, { progress: (done) => steps.push(done) });
    assert.equal(formatModel(model), formatModel(trainModel(data, options)));
    assert.deepEqual(
      steps,
      Array.from({ length: 102 }, (_, i) => i + 1),
    );
  });

  it("passes a rejection on, and ends when it is told to", async () => {
    const few = { featureNames: [FEATURE], values: quietReadings(63, 1) };
    await assert.rejects(trainInWorker(few), (error) => error instanceof Rejection && /at least 64/.test(error.reason));
    const stop = new AbortController();
    const data = { featureNames: [FEATURE], values: quietReadings(50_000, 1) };
    const training = trainInWorker(data, { trees: 1000 }, { signal: stop.signal });
    stop.abort(new Error("enough"));
    await assert.rejects(training, /enough/);
    await assert.rejects(trainInWorker(data, {}, { signal: stop.signal }), /enough/);
  });
});

describe("clean rows", () => {
  it("leaves out a few gross outliers, and nothing where they are a mode of operation", () => {
    const values = quietReadings(500, 1);
    values[100] = 80;
    values[200] = Number.MAX_SAFE_INTEGER;
    const screened = withoutOutliers({ featureNames: [FEATURE], values, devices: new Int32Array(500) });
    assert.equal(screened.values.length, 498);
    assert.equal(screened.devices?.length, 498);
    assert.ok(Math.max(...screened.values) < 26);
    values.fill(40, 0, 50);
    assert.equal(withoutOutliers({ featureNames: [FEATURE], values }).values.length, 500);
  });

  it("collects complete rows in order with their device", () => {
    const buffer = new LearningBuffer(["a", "b"], 10);
    assert.equal(buffer.need, 64);
    for (let i = 0; i < 200; i++) buffer.add(Float64Array.of(i, i % 2 ? Number.NaN : 1), i % 4 ? "x" : "y");
    assert.ok(buffer.isFull);
    const { values, devices } = buffer.toTrainingData();
    assert.deepEqual(Array.from(values.subarray(0, 6)), [0, 1, 2, 1, 4, 1]);
    assert.deepEqual(Array.from(devices?.subarray(0, 4) ?? []), [0, 1, 0, 1]);
  });

  it("keeps a bounded, uniform sample", () => {
    const reservoir = new Reservoir(1000, 1);
    for (let i = 0; i < 20_000; i++) reservoir.offer(Float64Array.of(i));
    const { values } = reservoir.toTrainingData([FEATURE]);
    assert.equal(values.length, 1000);
    assert.equal(new Set(values).size, 1000);
    const mean = values.reduce((sum, value) => sum + value, 0) / 1000;
    assert.ok(Math.abs(mean - 10_000) < 4 * 183, `${mean}`);
  });
});

describe("model keeper", () => {
  let folder: string;
  let path: string;
  let keeper: ModelKeeper | undefined;
  let clock: number;
  let changed: () => void;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-keeper-"));
    path = join(folder, "m.json");
    clock = Date.UTC(2026, 0, 1);
    changed = () => undefined;
  });
  afterEach(async () => {
    await keeper?.close();
    keeper = undefined;
    rmSync(folder, { recursive: true });
  });

  const learn: LearnOptions = {
    featureNames: [FEATURE],
    samples: 100,
    retrainHours: 0,
    name: "inlet",
    contamination: 0.002,
  };
  function keep(settings?: Partial<LearnOptions> | "file"): ModelKeeper {
    keeper = new ModelKeeper({
      path,
      missing: "reject",
      ...(settings !== "file" && { learn: { ...learn, ...settings } }),
      onChange: () => changed(),
      clock: () => clock,
    });
    return keeper;
  }
  /** Resolves once the condition holds after a change. */
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      changed = () => {
        if (condition()) resolve();
      };
    });

  it("learns, saves, and loads again", async () => {
    const first = keep();
    const ready = until(() => first.scorer !== undefined);
    for (const [i, x] of quietReadings(100, 1).entries()) {
      assert.deepEqual(first.learning, { have: i, need: 100 });
      assert.equal(first.judge({ [FEATURE]: x }), undefined);
    }
    await ready;
    assert.equal(first.learning, undefined);
    assert.equal(first.judge({ [FEATURE]: 80 })?.verdict.isAnomaly, true);
    assert.equal(readModelFile(path).createdAt, "2026-01-01T00:00:00.000Z");
    await first.close();
    const second = keep();
    assert.equal(second.learning, undefined);
    assert.deepEqual(second.judge({ [FEATURE]: 25.01 })?.verdict.model, "inlet@1");
  });

  it("does not learn from readings that it must reject", () => {
    const model = keep();
    for (const payload of [{ [FEATURE]: "25" }, { [FEATURE]: Number.POSITIVE_INFINITY }, {}, null]) {
      assert.throws(() => model.judge(payload), Rejection);
    }
    assert.equal(model.learning?.have, 0);
  });

  it("retrains on unflagged readings only, while the old model serves", async () => {
    writeModelFile(path, quietModel(600, 1, { name: "inlet", now: clock }));
    const model = keep({ retrainHours: 1 });
    const before = model.scorer;
    const retrained = until(() => model.scorer !== before);
    for (const x of quietReadings(300, 2)) {
      model.judge({ [FEATURE]: x });
      model.judge({ [FEATURE]: 40 }, "broken");
    }
    assert.equal(model.scorer, before, "the hour is not over");
    clock += HOUR;
    model.judge({ [FEATURE]: 25 });
    assert.equal(model.scorer, before);
    assert.equal(model.judge({ [FEATURE]: 25 })?.verdict.model, "inlet@1");
    await retrained;
    assert.equal(model.judge({ [FEATURE]: 25 })?.verdict.model, "inlet@2");
    const saved = ownForest(readModelFile(path));
    assert.equal(saved.revision, 2);
    assert.ok((saved.training.features[0]?.max as number) < 26);
    assert.equal(saved.drift?.[0]?.decisionInterval, before?.model.drift?.[0]?.decisionInterval);
  });

  it("says what is wrong with a file, and never replaces it by itself", () => {
    assert.match(keep("file").problem ?? "", /there is no model file/);
    writeFileSync(path, "{}");
    assert.match(keep("file").problem ?? "", /cannot be used \(FORMAT: the file is not a Redoubt model\)/);
    const learning = keep();
    assert.match(learning.problem ?? "", /delete it to learn anew/);
    assert.throws(() => learning.judge({ [FEATURE]: 25 }), /cannot be used/);
    assert.ok(existsSync(path));
  });

  it("learns anew where the learned file has other features", () => {
    writeModelFile(path, quietModel(100, 1));
    assert.deepEqual(keep({ featureNames: ["humidity"] }).learning, { have: 0, need: 100 });
  });
});
