// The trainers beside scikit-learn's on a reduced split; `npm run drill -- ids-training` has the complete one.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { requireOnMachine } from "../../../setup.js";
import {
  ACCURACY_TOLERANCE,
  apart,
  compareWithSklearn,
  comparisonLine,
  distinctFlows,
  hasSklearn,
  MACRO_F1_TOLERANCE,
  RT_IOT2022,
  thinned,
} from "../../../support/ids-training.js";

const ROWS_PER_CLASS = 900;

describe("classifiers beside scikit-learn", function () {
  this.timeout(240_000);

  it("are as good on the same split of RT-IoT2022, and imported ones predict the same", async function () {
    requireOnMachine(this, hasSklearn(), "Python with scikit-learn (apt-get install python3-sklearn)");
    requireOnMachine(this, existsSync(RT_IOT2022), "the RT-IoT2022 data set");
    for (const comparison of compareWithSklearn(thinned(await distinctFlows(), ROWS_PER_CLASS), 5, 100)) {
      console.log(`      ${comparisonLine(comparison)}`);
      const { accuracy, macroF1 } = apart(comparison);
      assert.ok(accuracy >= -ACCURACY_TOLERANCE, `accuracy ${accuracy}`);
      assert.ok(macroF1 >= -MACRO_F1_TOLERANCE, `macro-F1 ${macroF1}`);
      assert.equal(comparison.importedFlips, 0);
      assert.equal(comparison.knnFlips, 0);
    }
  });
});
