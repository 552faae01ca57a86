import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "../../../bench/harness/figure.js";
import type { Suite, SuiteResult } from "../../../bench/harness/suite.js";
import { measurePrivacy } from "../../../bench/privacy/privacy.js";
import { runJobs } from "../../../bench/privacy/run-jobs.js";
import { benchCommand } from "../../../cli/commands/bench.js";
import { UsageFailure } from "../../../cli/failure.js";

const VOID_ELEMENTS = new Set(["meta", "br", "!doctype"]);

/** Tags that are closed in the wrong order or not at all. */
function unbalanced(html: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, closing, name = ""] of html.matchAll(/<(\/?)([!a-zA-Z][\w]*)[^>]*>/g)) {
    const tag = name.toLowerCase();
    if (VOID_ELEMENTS.has(tag)) continue;
    if (!closing) open.push(tag);
    else if (open.pop() !== tag) wrong.push(tag);
  }
  return [...wrong, ...open];
}

describe("the privacy suite, a few hours of it", () => {
  let result: SuiteResult;
  let progress: [number, number][];

  before(async function () {
    this.timeout(120_000);
    progress = [];
    result = await measurePrivacy({ seeds: 1, hours: 4, alarmHours: 4 }, 1, (done, total) =>
      progress.push([done, total]),
    );
  });

  const find = (where: string, contender: string, metric: string): Figure => {
    const found = result.figures.find(
      (one) => one.case === where && one.contender === contender && one.metric === metric,
    );
    assert.ok(found, `${where} ${contender} ${metric}`);
    return found;
  };

  it("has every figure once, all of them numbers", () => {
    const names = result.figures.map((one) => `${one.case}|${one.contender}|${one.metric}`);
    assert.equal(new Set(names).size, names.length);
    for (const { suite, value } of result.figures) {
      assert.equal(suite, "privacy");
      assert.ok(Number.isFinite(value));
    }
    assert.deepEqual(progress.at(-1), [7, 7]);
  });

  it("holds the default mechanism to its targets at both rates and against every attacker", () => {
    for (const rate of ["1 Hz", "10 Hz"]) {
      for (const attacker of ["ridge", "smoother", "trees"]) {
        assert.equal(find(rate, "ours", `r2-${attacker}`).target, "<= 0.05");
        assert.equal(find(rate, "ours", `auc-${attacker}`).target, "<= 0.6");
      }
      assert.equal(find(rate, "ours", "deviation-over-raw").target, "<= 1.1");
      assert.equal(find(rate, "seed-rule", "r2-strongest").target, ">= 0.55");
      assert.equal(find(rate, "gaussian-sample", "r2-strongest").target, ">= 0.55");
      assert.equal(find(`alarms ${rate}`, "ours-mask", "false-alarms").target, "<= 0.5");
    }
  });

  it("shows that the first system's noise hides nothing and the default does", () => {
    for (const rate of ["1 Hz", "10 Hz"]) {
      const seed = find(rate, "seed-rule", "r2-smoother").value;
      assert.ok(seed > find(rate, "ours", "r2-smoother").value + 0.2);
      assert.ok(Math.abs(seed - find(rate, "raw", "r2-smoother").value) < 0.2);
    }
    assert.ok(find("averaging 10 Hz", "noise-1K", "temperature-r2-30-s").value > 0.9);
    assert.ok(find("averaging 10 Hz", "ours", "temperature-r2-30-s").value < 0.5);
    assert.ok(find("recurrence", "ours", "auc-90-nights").value > 0.99);
  });

  it("has a table that names every stream and every target", () => {
    const table = result.table ?? "";
    for (const name of ["raw", "seed-rule", "quantize-1K", "ours-others-known", "Targets", "averaging attack"]) {
      assert.ok(table.includes(name), name);
    }
  });

  it("has a page that is well formed and needs nothing from elsewhere", () => {
    const page = result.page?.() ?? "";
    assert.deepEqual(unbalanced(page), []);
    assert.equal((page.match(/<svg/g) ?? []).length, 4 * 2 + 2 + 2 + 1);
    assert.doesNotMatch(page, /https?:|\/\/|url\(|@import|<script|<link|<img|NaN|undefined/i);
    assert.match(page, /prefers-color-scheme: dark/);
  });

  it("does its jobs on other processes with the same result", async function () {
    this.timeout(120_000);
    const job = { kind: "recurrence", seed: 3, nights: 20, trials: 50 } as const;
    const [here] = await runJobs([job], 1);
    assert.deepEqual(await runJobs([job, job], 2), [here, here]);
  });
});

describe("redoubt bench --html", () => {
  const seen: unknown[] = [];
  const withPage: Suite = {
    name: "paged",
    description: "",
    hasPage: true,
    run: async (options) => {
      seen.push({ seeds: options.seeds, hours: options.hours, full: options.full });
      return { figures: [], notes: [], table: "a table of its own", page: () => "<p>page</p>" };
    },
  };
  const without: Suite = { ...withPage, name: "plain", hasPage: false };

  async function bench(...args: string[]): Promise<string[]> {
    const printed: string[] = [];
    const { log } = console;
    console.log = (text: string) => printed.push(text);
    try {
      await benchCommand([withPage, without]).exitOverride().parseAsync(args, { from: "user" });
    } finally {
      console.log = log;
    }
    return printed;
  }

  it("writes the page, prints the suite's own table and hands the extent on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "redoubt-page-"));
    try {
      const path = join(folder, "page.html");
      assert.deepEqual(await bench("paged", "--seeds", "2", "--hours", "3", "--full", "--html", path), [
        "a table of its own",
      ]);
      assert.equal(readFileSync(path, "utf8"), "<p>page</p>");
      assert.deepEqual(seen.at(-1), { seeds: 2, hours: 3, full: true });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses a suite without a page, several suites and a folder that is not there, before it runs", async () => {
    const runs = seen.length;
    await assert.rejects(bench("plain", "--html", "page.html"), UsageFailure);
    await assert.rejects(bench("--html", "page.html"), UsageFailure);
    await assert.rejects(bench("paged", "--html", "/nowhere/at/all.html"), /cannot be written/);
    assert.equal(seen.length, runs);
  });
});
