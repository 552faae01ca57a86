import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { EXPORT_KINDS, randomExport } from "../lib/anomaly/export-fixture.js";
import { hasPythonPackages, requireOnMachine } from "../setup.js";
import { type CliResult, jsonLines, runCli } from "./run-cli.js";

const PYTHON = process.env.REDOUBT_TEST_PYTHON ?? "/usr/bin/python3";
const EXPORTER = join(__dirname, "..", "..", "models", "export_sklearn.py");

describe("redoubt import-model, train ocsvm and train ensemble", function () {
  this.timeout(120_000);

  let folder: string;
  let csv: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-import-"));
    csv = join(folder, "rows.csv");
    const random = new SeededRandom(1);
    const cells = () => [0, 1, 2].map(() => random.gaussian().toFixed(3)).join(",");
    writeFileSync(csv, `f0,f1,f2\n${Array.from({ length: 200 }, cells).join("\n")}\n`);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const path = (name: string) => join(folder, name);

  async function ok(...args: string[]): Promise<CliResult> {
    const result = await runCli(args);
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  async function fails(code: number, pattern: RegExp, ...args: string[]): Promise<void> {
    const result = await runCli(args);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, pattern);
    if (code === 1) assert.equal(result.stderr.trim().split("\n").length, 1, result.stderr);
  }

  function writeExport(kind: (typeof EXPORT_KINDS)[number], change: Record<string, unknown> = {}) {
    const made = randomExport(kind, 4);
    writeFileSync(path("export.json"), JSON.stringify({ ...made.content, ...change }));
    return made;
  }

  for (const kind of EXPORT_KINDS) {
    it(`imports a ${kind} and prints what scikit-learn would`, async () => {
      const { score, label, rows } = writeExport(kind);
      const [report] = jsonLines(await ok("import-model", path("export.json"), "--out", path("m.json"), "--json"));
      assert.deepEqual([report?.model, report?.kind, report?.checkedRows], ["m@1", kind, 10]);
      assert.equal(report?.origin, "scikit-learn 1.2.1");
      writeFileSync(csv, `f0,f1,f2,label\n${rows.map((row) => `${row.join()},1`).join("\n")}\n`);
      const isClassifier = !["isolation-forest", "one-class-svm"].includes(kind);
      const flags = isClassifier ? ["--proba"] : [];
      const scored = jsonLines(await ok("score", "--model", path("m.json"), "--data", csv, "--json", ...flags));
      assert.equal(scored.length, rows.length);
      for (const [i, line] of scored.entries()) {
        const row = rows[i] as number[];
        const expected = score(row);
        if (Array.isArray(expected)) {
          const named = report?.classes as string[];
          const normal = expected[named.indexOf("normal")] as number;
          assert.ok(Math.abs((line.score as number) - (1 - normal)) < 1e-12);
          assert.deepEqual(Object.keys(line.proba as object), named);
          assert.equal(line.label, named[label(row)]);
          assert.equal(line.actual, 1);
          assert.equal(line.isAnomaly, line.label !== "normal");
        } else {
          assert.ok(Math.abs((line.score as number) - expected) < 1e-12);
          assert.equal(line.isAnomaly, label(row) === -1);
          assert.equal(line.label, 1);
          assert.equal((line.decision as number) < 0, label(row) === -1);
        }
      }
    });
  }

  it("gives the verdict of a flow with --guards, where the export tells of the training rows", async () => {
    writeExport("isolation-forest");
    await ok("import-model", path("export.json"), "--out", path("m.json"));
    writeFileSync(csv, "f0,f1,f2\n0,0,0\n0,1e6,0\n");
    const plain = jsonLines(await ok("score", "--model", path("m.json"), "--data", csv, "--json"));
    const guarded = ["score", "--model", path("m.json"), "--data", csv, "--json", "--guards", "--reasons"];
    const [, far] = jsonLines(await ok(...guarded)) as { score: number; isAnomaly: boolean; reasons: unknown[] }[];
    assert.ok((plain[1]?.score as number) < 0 && far?.isAnomaly && far.score > 0.9 && far.reasons.length > 0);
    writeExport("isolation-forest", { training: null });
    assert.match(
      (await ok("import-model", path("export.json"), "--out", path("m.json"))).stdout,
      /tells nothing of the/,
    );
    await fails(1, /--guards: the model does not know the range/, ...guarded);
    await fails(
      2,
      /--proba: the model is not a classifier/,
      "score",
      "--model",
      path("m.json"),
      "--data",
      csv,
      "--proba",
    );
  });

  it("says in one line what is wrong with an export, and writes nothing", async () => {
    const run = ["import-model", path("export.json"), "--out", path("m.json")];
    await fails(1, /no such file/, ...run);
    writeFileSync(path("export.json"), "[");
    await fails(1, /export\.json: .*not JSON/, ...run);
    writeExport("random-forest", { classes: ["red", "green", "blue"] });
    await fails(1, /mean an anomaly cannot be told by their names: name them \(--anomaly-classes\)/, ...run);
    assert.ok(!existsSync(path("m.json")));
    assert.match((await ok(...run, "--anomaly-classes", "green, blue")).stdout, /an anomaly is: green, blue/);
    await fails(1, /anomaly class "x" is none of/, ...run, "--anomaly-classes", "x");
    await fails(2, /--out/, "import-model", path("export.json"));
  });

  it("trains a one-class machine and combines it with others", async () => {
    const [machine] = jsonLines(await ok("train", "ocsvm", "--data", csv, "--out", path("machine.json"), "--json"));
    assert.deepEqual([machine?.model, machine?.rowsUsed, machine?.rowsSampled], ["machine@1", 200, 200]);
    assert.ok(machine?.converged && (machine.supportVectors as number) > 1);
    const sampled = await ok(
      "train",
      "ocsvm",
      "--data",
      csv,
      "--out",
      path("s.json"),
      "--max-rows",
      "90",
      "--nu",
      "0.2",
    );
    assert.match(
      sampled.stdout,
      /trained on a sample of 90 of them[\s\S]*nu 0\.2, gamma [\s\S]*held out: of the last 40/,
    );
    await ok("train", "iforest", "--data", csv, "--out", path("forest.json"));
    const models = ["--models", path("machine.json"), path("forest.json")];
    const combined = await ok("train", "ensemble", ...models, "--data", csv, "--out", path("both.json"), "--json");
    const [report] = jsonLines(combined);
    assert.deepEqual([report?.model, report?.rule], ["both@1", "mean"]);
    assert.deepEqual(
      ((report?.members ?? []) as { kind: string }[]).map(({ kind }) => kind),
      ["one-class-svm", "isolation-forest"],
    );
    writeFileSync(csv, "f0,f1,f2\n0,0,0\n9,9,9\n");
    for (const rule of ["mean", "max", "majority"]) {
      if (rule !== "majority")
        await fails(2, /needs --data/, "train", "ensemble", ...models, "--rule", rule, "--out", path("x"));
      else await ok("train", "ensemble", ...models, "--rule", rule, "--out", path("both.json"));
      const rows = jsonLines(await ok("score", "--model", path("both.json"), "--data", csv, "--json"));
      assert.deepEqual(
        rows.map(({ isAnomaly }) => isAnomaly),
        [false, true],
      );
    }
    await fails(
      1,
      /models, not 1/,
      "train",
      "ensemble",
      "--models",
      path("machine.json"),
      "--rule",
      "majority",
      "--out",
      path("x"),
    );
    await fails(1, /nu must be above 0/, "train", "ocsvm", "--data", csv, "--nu", "0", "--out", path("x"));
    await fails(2, /not above 0/, "train", "ocsvm", "--data", csv, "--gamma", "-1", "--out", path("x"));
  });

  it("goes all the way from a saved model of scikit-learn", async function () {
    const ready = hasPythonPackages(PYTHON, "sklearn", "joblib");
    requireOnMachine(this, ready, "Python with scikit-learn (apt-get install python3-sklearn)");
    const fit = [
      "import sys, joblib, numpy as np",
      "from sklearn.ensemble import IsolationForest, GradientBoostingClassifier",
      "rows = np.loadtxt(sys.argv[1], delimiter=',', skiprows=1)",
      "model = IsolationForest(contamination=0.1, random_state=1).fit(rows)",
      "joblib.dump(model, sys.argv[2] + '/model.joblib')",
      "np.savetxt(sys.argv[2] + '/scores', model.score_samples(rows), fmt='%r')",
      "joblib.dump(GradientBoostingClassifier(n_estimators=2).fit(rows, rows[:, 0] > 0), sys.argv[2] + '/other.joblib')",
    ].join("\n");
    const python = (...args: string[]) => spawnSync(PYTHON, args, { encoding: "utf8" });
    assert.equal(python("-W", "ignore", "-c", fit, csv, folder).status, 0);
    const names = ["--feature-names", "f0,f1,f2"];
    const exported = python(EXPORTER, path("model.joblib"), path("export.json"), ...names, "--training", csv);
    assert.equal(exported.status, 0, exported.stderr);
    const imported = await ok("import-model", path("export.json"), "--out", path("m.json"), "--name", "room");
    assert.match(imported.stdout, /room@1 \(isolation-forest\)[\s\S]*range is known[\s\S]*scores of 32 rows repeated/);
    const rows = jsonLines(await ok("score", "--model", path("m.json"), "--data", csv, "--json"));
    const expected = readFileSync(path("scores"), "utf8").trim().split("\n").map(Number);
    for (const [i, { score }] of rows.entries())
      assert.ok(Math.abs((score as number) - (expected[i] as number)) < 1e-9);
    assert.equal(rows.filter(({ isAnomaly }) => isAnomaly).length, 20);
    const refused = python(EXPORTER, path("other.joblib"), path("export.json"));
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /GradientBoostingClassifier cannot be exported/);
    const two = python(EXPORTER, path("model.joblib"), path("export.json"), "--feature-names", "a,b");
    assert.match(two.stderr, /2 feature names for a model of 3 features/);
  });
});
