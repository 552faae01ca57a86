import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { maskCommand } from "../../cli/commands/mask.js";
import { CommandFailure, UsageFailure } from "../../cli/failure.js";
import type { MaskedTrace } from "../../lib/privacy/trace.js";

describe("redoubt mask", () => {
  let folder: string;
  let printed: string[];
  const log = console.log;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-mask-cli-"));
    printed = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function run(csv: string, ...options: string[]): Promise<MaskedTrace> {
    const path = join(folder, "trace.csv");
    writeFileSync(path, csv);
    printed = [];
    console.log = (line: string) => printed.push(line);
    try {
      await maskCommand().parseAsync(["--csv", path, "--json", ...options], { from: "user" });
    } finally {
      console.log = log;
    }
    return JSON.parse(printed.join("\n"));
  }

  const time = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();
  const single = `# recorded by hand\ntimestamp,temperature_C\n${Array.from({ length: 180 }, (_, i) => `${time(i)},25.0`).join("\n")}\n`;

  it("masks a single sensor with the noise that one sensor needs", async () => {
    const { rows, reports, notes } = await run(single);
    assert.deepEqual(
      rows.map(({ timestamp }) => timestamp),
      ["2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z", "2026-01-01T00:03:00Z"],
    );
    assert.equal(reports[0]?.groupSize, 1);
    assert.equal(reports[0]?.sigma.toFixed(2), "7.62");
    assert.equal(reports[0]?.total.releases, 3);
    assert.deepEqual(notes, []);
  });

  it("forms groups of the devices that the file names, and sorts what is out of order", async () => {
    const lines = Array.from({ length: 16 }, (_, i) => `${time(59 - i)},25,d${i},zone-${i % 2}`);
    const { rows, reports, notes } = await run(`timestamp,temperature_C,device_id,group\n${lines.join("\n")}\n`);
    assert.deepEqual(rows.map(({ group }) => group).sort(), ["zone-0", "zone-1"]);
    assert.deepEqual(
      reports.map(({ sigma }) => sigma.toFixed(3)),
      ["0.953", "0.953"],
    );
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /sorted/);
  });

  it("takes alarms from the raw rows and every setting from its options", async () => {
    const hot = single.replaceAll("25.0", "31.0");
    const { rows, alarms, reports } = await run(hot, "--mechanism", "gaussian-sample", "--sample-sigma", "0.1");
    assert.equal(rows.length, 180);
    assert.deepEqual(
      alarms.map(({ alarm }) => alarm),
      ["overheat"],
    );
    assert.equal(reports[0]?.sigma.toFixed(3), "0.100");
    assert.equal(reports[0]?.claim, "no practical protection");
  });

  it("says when a zone has too few sensors", async () => {
    const { rows, notes } = await run(single, "--group-size", "8", "--min-group", "4");
    assert.deepEqual(rows, []);
    assert.match(notes.join(), /fewer than 4 sensors/);
  });

  it("says what masking costs on the user's own recording", async () => {
    const hour = Array.from({ length: 3600 }, (_, i) => `${time(i)},${i > 1200 && i < 2400 ? 33 : 25}`);
    const csv = `timestamp,temperature_C\n${hour.join("\n")}\n`;
    const { utility } = await run(csv, "--utility", "--sensitivity", "0.1", "--granularity", "0.001");
    assert.equal(utility!.values.count, 60);
    assert.ok(utility!.values.rmse! > 0.19 && utility!.values.rmse! < 0.58, `sigma is 0.38: ${utility!.values.rmse}`);
    assert.ok(utility!.values.mae! < utility!.values.rmse!);
    assert.ok(utility!.filtered.withoutMask.rmse! > 1, "a 600 s filter lags behind steps of 8 K");
    assert.deepEqual(
      utility!.alarms.map(({ alarm, reference, released }) => [alarm, reference, released.alarms]),
      [
        ["overheat", 1, 1],
        ["undercool", 0, 0],
      ],
    );
    const { released, fromMaskedValues } = utility!.alarms[0]!;
    assert.deepEqual([released.recall, released.falseAlarms, released.medianDelaySec], [1, 0, 0]);
    assert.equal(fromMaskedValues.recall, 1);
    assert.ok(fromMaskedValues.medianDelaySec! >= 39 && fromMaskedValues.medianDelaySec! <= 180);
  });

  it("compares each reading where each is published, and has no values to compare in alarm-only", async () => {
    const rounded = (await run(single, "--utility", "--mechanism", "quantize", "--step", "10")).utility!;
    assert.deepEqual([rounded.values.count, rounded.values.rmse, rounded.values.mae], [180, 5, 5]);
    const { rows, utility, reports } = await run(single, "--utility", "--mechanism", "alarm-only");
    assert.deepEqual([rows, utility!.values], [[], { count: 0, rmse: null, mae: null }]);
    assert.equal(reports[0]?.claim, "no values leave");
  });

  it("releases random alarms and spends a daily budget by the recording's time", async () => {
    const hot = single.replaceAll("25.0", "35.0");
    const random = ["--alarm-release", "sparse-vector", "--alarm-epsilon", "1000", "--sensitivity", "0.1"];
    const { alarms, reports } = await run(hot, ...random);
    assert.deepEqual(alarms, [{ alarm: "overheat", state: "on", since: "2026-01-01T00:00:20.000Z", group: "default" }]);
    assert.equal(reports[0]?.alarms?.release, "sparse-vector");
    const spent = await run(single, "--budget-day", "1.2", "--on-exhausted", "suppress");
    assert.equal(spent.rows.length, 1);
    assert.match(spent.notes.join(), /2 times the day's budget was spent/);
    assert.deepEqual((await run(single, "--alarms", "[]")).reports[0]?.exempt, []);
  });

  it("tells a wrong option from a wrong file", async () => {
    await assert.rejects(run(single, "--interval", "0"), UsageFailure);
    await assert.rejects(run(single, "--mechanism", "laplace"), UsageFailure);
    await assert.rejects(run(single, "--mechanism", "gaussian-sample", "--granularity", "1"), UsageFailure);
    await assert.rejects(run(single, "--mechanism", "quantize", "--budget-day", "5"), UsageFailure);
    await assert.rejects(run(single, "--on-exhausted", "stop"), UsageFailure);
    await assert.rejects(run(single, "--alarms", "{"), UsageFailure);
    await assert.rejects(run(single, "--column", "humidity"), CommandFailure);
    await assert.rejects(run("timestamp,temperature_C\nyesterday,25\n"), CommandFailure);
    await assert.rejects(
      maskCommand().parseAsync(["--csv", join(folder, "absent.csv")], { from: "user" }),
      CommandFailure,
    );
  });
});
