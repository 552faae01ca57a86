import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Unavailable } from "../../bench/harness/suite.js";
import { aucFigures, moments } from "../../bench/scoring-quality/figures.js";
import { scoringQuality } from "../../bench/scoring-quality/scoring-quality.js";
import { findSklearn, SKLEARN_MISSING } from "../../bench/scoring-quality/sklearn.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { requireOnMachine } from "../setup.js";

describe("redoubt bench scoring-quality", function () {
  this.timeout(120_000);

  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-quality-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function writeSet(name: string, label = "label"): void {
    const random = new SeededRandom(1);
    const rows = Array.from({ length: 400 }, (_, i) => {
      const spread = i % 20 === 0 ? 4 : 1;
      return `${random.gaussian(0, spread)},${random.gaussian(0, spread)},${i % 20 === 0 ? 1 : 0}`;
    });
    writeFileSync(join(folder, `${name}.csv`), `x,y,${label}\n${rows.join("\n")}\n`);
  }

  it("sets ours beside both peers on every set of the folder", async function () {
    const python = findSklearn();
    requireOnMachine(this, python !== undefined, SKLEARN_MISSING);
    writeSet("two");
    writeSet("one");
    const progress: number[] = [];
    const { figures, notes } = await scoringQuality.run({
      rounds: 5,
      data: folder,
      onProgress: (done, total) => progress.push(done / total),
    });
    const named = figures.filter(({ metric }) => metric === "roc-auc").map((f) => `${f.case} ${f.contender}`);
    const contenders = ["redoubt", "scikit-learn", "isolation-forest"];
    assert.deepEqual(named, [...contenders.map((name) => `one ${name}`), ...contenders.map((name) => `two ${name}`)]);
    for (const { metric, value, rounds, contender, target } of figures) {
      if (metric === "roc-auc-sd") assert.ok(value > 0 && value < 0.1);
      else {
        assert.ok(value > 0.8 && value <= 1, `${contender}: ${value}`);
        assert.equal(rounds.length, 5);
        assert.equal(target !== undefined, contender === "redoubt");
      }
    }
    assert.equal(progress.at(-1), 1);
    assert.match(notes.join(), /100 trees of 256 rows, seeds 0 to 4/);
    const check = "from sklearn.metrics import roc_auc_score; print(roc_auc_score([0, 1, 0, 1], [1, 2, 3, 4]))";
    assert.equal(Number(spawnSync(python as string, ["-c", check]).stdout), 0.75);
  });

  it("asks the mean to be within three standard deviations of the reference's", () => {
    assert.deepEqual(moments([1, 2, 3, 4]), { mean: 2.5, sd: Math.sqrt(5 / 3) });
    const reference = [0.9, 0.91, 0.92, 0.91, 0.91];
    const verdictOf = (auc: number) => aucFigures("s", "redoubt", [auc, auc], reference)[0];
    assert.equal(verdictOf(0.91)?.target, "0.88879..0.93121");
    assert.deepEqual(
      [0.888, 0.889, 0.931, 0.932].map((auc) => verdictOf(auc)?.ok),
      [false, true, true, false],
    );
    assert.equal(aucFigures("s", "redoubt", [0.5], reference.slice(1))[0]?.target, undefined);
  });

  it("says what is missing", async () => {
    await assert.rejects(scoringQuality.run({ rounds: 1, data: folder }), (error) => {
      return error instanceof Unavailable && /there are no data sets in .*--data/.test(error.message);
    });
    writeSet("unlabelled", "z");
    await assert.rejects(scoringQuality.run({ rounds: 1, data: folder }), /unlabelled\.csv has no column "label"/);
    assert.equal(findSklearn(["/nonexistent/python"]), undefined);
  });
});
