import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { scoreCommand } from "../../cli/commands/score.js";
import { trainCommand } from "../../cli/commands/train.js";
import { CommandFailure } from "../../cli/failure.js";
import { readModelFile } from "../../lib/anomaly/model-file.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { oddsPath, ownForest } from "../lib/anomaly/support.js";
import { requireOnMachine } from "../setup.js";
import { jsonLines, runCli } from "./run-cli.js";

describe("redoubt train iforest and redoubt score", () => {
  let folder: string;
  let csv: string;
  let model: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-train-"));
    csv = join(folder, "quiet.csv");
    model = join(folder, "inlet.json");
    const random = new SeededRandom(1);
    const rows = Array.from({ length: 600 }, (_, i) => `${i},${random.gaussian(25, 0.05).toFixed(4)}`);
    writeFileSync(csv, `timestamp,temperature_C\n${rows.join("\n")}\n700,\n`);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs a command in this process and returns the lines it prints. */
  async function run(command: Command, ...args: string[]): Promise<string[]> {
    for (const each of [command, ...command.commands]) {
      each.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    }
    const lines: string[] = [];
    const print = console.log;
    console.log = (line: string) => lines.push(...line.split("\n"));
    try {
      await command.parseAsync(args, { from: "user" });
    } finally {
      console.log = print;
    }
    return lines;
  }
  const train = (...args: string[]) => run(trainCommand(), "iforest", "--data", csv, "--out", model, ...args);
  const score = (...args: string[]) => run(scoreCommand(), "--model", model, "--data", csv, ...args);

  it("trains the same forest again with the same seed, and reports rows, threshold and held-out flags", async () => {
    const [line] = await train("--json", "--seed", "5");
    const report = JSON.parse(line as string);
    const first = ownForest(readModelFile(model));
    assert.equal(report.model, "inlet@1");
    assert.deepEqual([report.rowsUsed, report.rowsDropped, report.features], [600, 1, ["temperature_C"]]);
    assert.equal(report.threshold, first.threshold);
    assert.equal(report.heldOut.rows, 120);
    assert.ok(report.heldOut.flagRate < 0.03);
    await train("--json", "--seed", "5");
    assert.deepEqual(ownForest(readModelFile(model)).forest, first.forest);
    const text = (await train()).join("\n");
    assert.match(text, /600 used, 1 dropped/);
    assert.match(text, /always an anomaly: temperature_C below 24\.\d+ or above 25\.\d+/);
  });

  it("scores row by row, with reasons on demand, and rejects what cannot be scored", async () => {
    await train();
    writeFileSync(csv, "temperature_C,label\n25,0\n80,1\n,0\n1e400,0\n");
    const rows = (await score("--json")).map((line) => JSON.parse(line));
    assert.deepEqual(
      rows.map(({ row, isAnomaly, label, rejected }) => [row, isAnomaly, label, rejected?.code]),
      [
        [0, false, 0, undefined],
        [1, true, 1, undefined],
        [2, undefined, 0, "SCHEMA"],
        [3, undefined, 0, "RANGE"],
      ],
    );
    assert.ok(rows[0].score < rows[1].score && rows[0].reasons === undefined);
    const explained = (await score("--json", "--reasons")).map((line) => JSON.parse(line));
    assert.equal(explained[1].reasons[0].source, "tail");
    assert.equal((await score()).at(-1), "inlet@1: 4 rows, 1 anomalies, 2 rejected");
  });

  it("fails with one line for what a user can mend", async () => {
    const failure = (pattern: RegExp) => (error: unknown) =>
      error instanceof CommandFailure && pattern.test(error.message) && !error.message.includes("\n");
    await assert.rejects(train("--trees", "0"), failure(/trees must be a whole number from 1 to 1000/));
    await assert.rejects(train("--features", "pressure"), /no column "pressure"/);
    await assert.rejects(train("--contamination", "half"), /not a number/);
    await assert.rejects(train("--features", "__proto__"), /feature name 1 is not allowed/);
    writeFileSync(csv, "temperature_C\n25\n");
    await assert.rejects(train(), failure(/too few to train on/));
    assert.ok(!existsSync(model));
    writeFileSync(model, "{}");
    await assert.rejects(score(), failure(/not a Redoubt model/));
  });

  it("leaves labelled anomalies out of training and sets a single threshold beside the forest", async function () {
    requireOnMachine(this, existsSync(oddsPath("breastw")), "the benchmark data set breastw");
    const data = oddsPath("breastw");
    const command = trainCommand();
    const args = ["iforest", "--data", data, "--out", model, "--json", "--no-ordered", "--contamination", "0.02"];
    const report = JSON.parse((await run(command, ...args))[0] as string);
    assert.deepEqual([report.rowsUsed, report.rowsLabelledAnomalous], [444, 239]);
    const { auc, recall, baseline } = report.heldOut.labelled;
    assert.ok(auc > 0.98 && recall > 0.9 && baseline.auc < auc);
    assert.equal(readModelFile(model).drift, null);
  });

  it("finds the labels of a data set as the first attack simulator wrote it, for both kinds of model", async () => {
    const random = new SeededRandom(4);
    const span = (low: number, high: number) => (low + random.uniform() * (high - low)).toFixed(1);
    const rows = Array.from({ length: 900 }, (_, i) =>
      i % 3 === 2
        ? [`t${i},dev-${i},iot/a`, span(80, 150), span(5, 95), span(20, 200), 1, -1].join(",")
        : [`t${i},dev-${i},iot/a`, span(20, 35), span(30, 70), span(1, 10), 0, 1].join(","),
    );
    const header = "timestamp,client_id,topic,temp,humidity,message_rate,is_attack,anomaly_prediction";
    writeFileSync(csv, `${header}\r\n${rows.join("\r\n")}\r\n`);
    for (const kind of ["iforest", "ocsvm"]) {
      for (const label of [["--label", "is_attack"], []]) {
        const [line] = await run(
          trainCommand(),
          kind,
          "--data",
          csv,
          "--out",
          model,
          "--no-ordered",
          "--json",
          ...label,
        );
        const report = JSON.parse(line as string);
        assert.deepEqual(report.features, ["temp", "humidity", "message_rate"], kind);
        assert.deepEqual([report.rowsUsed, report.rowsLabelledAnomalous], [600, 300]);
        const { labelled } = report.heldOut;
        assert.deepEqual([labelled.anomalies, labelled.recall, labelled.baseline.auc], [300, 1, 1]);
        const trained = readModelFile(model).training;
        assert.equal(trained?.rows, 600);
        assert.ok((trained?.features[0]?.max as number) <= 35, "an anomaly was trained on");
      }
    }
    const text = (await run(trainCommand(), "ocsvm", "--data", csv, "--out", model)).join("\n");
    assert.match(text, /300 labelled anomalous and left out/);
    assert.match(text, /one threshold \(.*chosen in hindsight\)/);
    assert.match(text, /the machine is no better than one threshold here/);
  });

  it("watches devices from their own levels where it is told to, and says from what distance", async () => {
    const random = new SeededRandom(2);
    const rows = Array.from(
      { length: 900 },
      (_, i) => `d${i % 3},${(20 + 5 * (i % 3) + random.gaussian(0, 0.1)).toFixed(2)}`,
    );
    writeFileSync(csv, `device_id,temperature\n${rows.join("\n")}\n`);
    for (const kind of ["iforest", "ocsvm"]) {
      const args = [kind, "--data", csv, "--out", model];
      const report = JSON.parse((await run(trainCommand(), ...args, "--own-levels", "--json"))[0] as string);
      assert.ok(report.ownLevels.temperature < 1, `${report.ownLevels.temperature}`);
      assert.ok(readModelFile(model).drift?.[0]?.ownLevel);
      assert.match(
        (await run(trainCommand(), ...args, "--own-levels")).join("\n"),
        /drift: temperature more than 0\.\d+ from/,
      );
      assert.deepEqual(JSON.parse((await run(trainCommand(), ...args, "--json"))[0] as string).ownLevels, {});
    }
  });

  it("works as it is installed, training in its thread", async () => {
    const trained = await runCli(["train", "iforest", "--data", csv, "--out", model, "--json"]);
    assert.equal(trained.code, 0, trained.stderr);
    assert.equal(jsonLines(trained)[0]?.rowsUsed, 600);
    assert.match(readFileSync(model, "utf8"), /"format": "redoubt-model"/);
    const scored = await runCli(["score", "--model", model, "--data", csv, "--json"]);
    assert.equal(scored.code, 0, scored.stderr);
    assert.equal(jsonLines(scored).length, 601);
    assert.equal((await runCli(["train", "iforest"])).code, 2);
    assert.equal((await runCli(["score", "--model", join(folder, "none"), "--data", csv])).code, 1);
  });
});
