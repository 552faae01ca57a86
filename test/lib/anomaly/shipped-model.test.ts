import assert from "node:assert/strict";
import { join } from "node:path";
import { readModelFile } from "../../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { FEATURE } from "./support.js";

describe("shipped model thermal-inlet", () => {
  it("loads, passes an ordinary inlet temperature and flags what its card says", () => {
    const model = readModelFile(join(__dirname, "..", "..", "..", "models", "thermal-inlet.json"));
    assert.deepEqual(model.featureNames, [FEATURE]);
    const scorer = new AnomalyScorer(model);
    for (const x of [24.2, 25, 25.8]) assert.equal(scorer.score({ [FEATURE]: x }).isAnomaly, false, `${x}`);
    for (const x of [19, 28, 31.5, 80, 99]) assert.equal(scorer.score({ [FEATURE]: x }).isAnomaly, true, `${x}`);
  });
});
