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

  it("tells a wrong option from a wrong file", async () => {
    await assert.rejects(run(single, "--interval", "0"), UsageFailure);
    await assert.rejects(run(single, "--mechanism", "laplace"), UsageFailure);
    await assert.rejects(run(single, "--mechanism", "gaussian-sample", "--granularity", "1"), UsageFailure);
    await assert.rejects(run(single, "--column", "humidity"), CommandFailure);
    await assert.rejects(run("timestamp,temperature_C\nyesterday,25\n"), CommandFailure);
    await assert.rejects(
      maskCommand().parseAsync(["--csv", join(folder, "absent.csv")], { from: "user" }),
      CommandFailure,
    );
  });
});
