import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { trainCommand } from "../../cli/commands/train.js";
import { CommandFailure } from "../../cli/failure.js";
import { runSelfTest } from "../../lib/anomaly/classify/self-test.js";
import { readModelFile } from "../../lib/anomaly/model-file.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";

describe("redoubt train tree, forest and knn", function () {
  this.timeout(120_000);

  let folder: string;
  let csv: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-classify-"));
    csv = join(folder, "flows.csv.gz");
    const random = new SeededRandom(1);
    const classes = ["MQTT_Publish", "Wipro_bulb", "NMAP_TCP_scan"];
    const rows = Array.from({ length: 240 }, (_, i) => {
      const label = i % 3;
      const cells = [Math.floor(i / 3), 40_000 + i, 1883, "tcp", "-", random.gaussian(4 * label), random.gaussian()];
      return [...cells, random.integer(3), classes[label]].join();
    });
    const head = ",id.orig_p,id.resp_p,proto,service,flow_duration,flow_iat.avg,fwd_pkts_tot,Attack_type";
    writeFileSync(csv, gzipSync(`${[head, ...rows].join("\r\n")}\r\n`));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs a command in this process and returns what it prints. */
  async function train(...args: string[]): Promise<string> {
    const command = trainCommand();
    for (const each of [command, ...command.commands]) {
      each.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    }
    const lines: string[] = [];
    const print = console.log;
    console.log = (line: string) => lines.push(line);
    try {
      await command.parseAsync(args, { from: "user" });
    } finally {
      console.log = print;
    }
    return lines.join("\n");
  }
  const files = () => ["--data", csv, "--out", join(folder, "home.json")];
  const NORMAL = ["--normal", "MQTT_Publish,Wipro_bulb"];

  for (const kind of ["tree", "forest", "knn"]) {
    it(`trains a ${kind} and prints an honest report`, async () => {
      const report = join(folder, "report.md");
      const more = kind === "forest" ? ["--trees", "5"] : [];
      const text = await train(kind, ...files(), ...NORMAL, "--report", report, ...more);
      const model = readModelFile(join(folder, "home.json"));
      assert.ok("classes" in model && runSelfTest(model) > 0);
      assert.deepEqual(model.featureNames, ["flow_duration", "flow_iat.avg", "fwd_pkts_tot"]);
      assert.deepEqual(
        model.anomalyClasses.map((c) => model.classes[c]),
        ["NMAP_TCP_scan"],
      );
      for (const part of [/home@1/, /one column \(flow_duration/, /always MQTT_Publish/, /Trained without the class/]) {
        assert.match(text, part);
      }
      assert.match(text, /columns not used: \(row index\), id\.orig_p, id\.resp_p, proto, service/);
      assert.ok(text.includes(readFileSync(report, "utf8")));
    });
  }

  it("gives the report as one line of JSON, with the chosen columns", async () => {
    const flags = ["--recipe", "--features", "2", "--distance", "--no-leave-one-out", "--split", "blocked", "--json"];
    const line = await train("knn", ...files(), ...NORMAL, ...flags, "--seed", "3", "--k", "3", "--name", "mine");
    const report = JSON.parse(line);
    assert.equal(report.model, "mine@1");
    assert.equal(report.features.length, 2);
    assert.equal(report.features[0], "flow_duration");
    assert.deepEqual([report.distance, report.split.kind, report.seed], [true, "blocked", 3]);
    assert.equal(report.leaveOneOut, undefined);
    assert.equal(report.data.rows, 240);
    assert.ok(report.heldOut.accuracy > 0.8);
    const model = readModelFile(join(folder, "home.json"));
    assert.ok(model.kind === "k-nearest-neighbours" && model.neighbours.k === 3 && model.distance);
  });

  it("keeps ports and duplicates where asked", async () => {
    const flags = ["--no-drop-ports", "--keep-duplicates", "--no-leave-one-out", "--json", "--max-depth", "3"];
    const report = JSON.parse(await train("tree", ...files(), ...NORMAL, ...flags, "--min-leaf", "5"));
    assert.ok(report.features.includes("id.orig_p") && report.features.includes("id.resp_p"));
    assert.deepEqual(report.ignoredColumns, ["(row index)", "proto", "service"]);
  });

  it("says in one line what cannot be trained on", async () => {
    await assert.rejects(train("tree", ...files(), "--normal", "quiet"), (error) => {
      return (
        error instanceof CommandFailure &&
        /some must be normal and some not: "quiet" is not among them/.test(error.message)
      );
    });
    await assert.rejects(train("tree", ...files(), "--label", "kind"), /no column "kind"/);
    await assert.rejects(train("tree", "--data", join(folder, "none.csv"), "--out", "x.json"), /ENOENT/);
    await assert.rejects(train("knn", ...files(), "--trees", "5"), /unknown option/);
    await assert.rejects(train("tree", ...files(), "--split", "random"), /Allowed choices are stratified, blocked/);
  });
});
