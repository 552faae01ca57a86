import assert from "node:assert/strict";
import { figureOf, meets, missedTargets, type Target } from "../../bench/harness/figure.js";
import { formatLines, formatTable } from "../../bench/harness/print.js";
import { pipelineFigures } from "../../bench/pipeline/figures.js";

const label = { suite: "s", case: "c", contender: "ours", metric: "m", unit: "ratio" };
const atLeast50: Target = { op: ">=", bound: 50 };
const atMost4: Target = { op: "<=", bound: 4 };

describe("bench figures", () => {
  it("judge a target on the median, the bound included", () => {
    assert.equal(meets(50, atLeast50), true);
    assert.equal(meets(49.999, atLeast50), false);
    assert.equal(meets(4, atMost4), true);
    assert.equal(meets(4.001, atMost4), false);
    assert.deepEqual(figureOf({ ...label, target: atLeast50 }, [10, 80, 60]), {
      ...label,
      value: 60,
      min: 10,
      max: 80,
      rounds: [10, 80, 60],
      target: ">= 50",
      ok: true,
    });
  });

  it("do not let rounding for display meet a target", () => {
    const figure = figureOf({ ...label, target: atMost4 }, [4.00001]);
    assert.equal(figure.value, 4);
    assert.equal(figure.ok, false);
    assert.deepEqual(missedTargets([figure]), [figure]);
  });

  it("have neither target nor verdict where nothing is required", () => {
    const figure = figureOf(label, [1, 2]);
    assert.equal("target" in figure, false);
    assert.equal("ok" in figure, false);
    assert.deepEqual(missedTargets([figure]), []);
  });

  it("print as one JSON object per line and as a table that says what was missed", () => {
    const figures = [figureOf({ ...label, target: atLeast50 }, [49]), figureOf(label, [1, 2, 3])];
    const lines = formatLines(figures).split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      figures,
    );
    assert.deepEqual(Object.keys(figures[0] as object).slice(0, 5), ["suite", "case", "contender", "metric", "unit"]);
    const table = formatTable(figures);
    assert.match(table, />= 50 MISSED$/m);
    assert.match(table, /1\.\.3/);
  });
});

describe("the pipeline's figures", () => {
  const measured = new Map([
    ["echo", [{ throughput: 1000, cpuMicros: 10 }]],
    ["redoubt", [{ throughput: 500, cpuMicros: 41 }]],
    ["seed-style", [{ throughput: 10, cpuMicros: 10_000 }]],
  ]);

  function verdicts(from: typeof measured | Map<string, { throughput: number }[]>): Record<string, boolean> {
    const judged = pipelineFigures(from).filter(({ ok }) => ok !== undefined);
    return Object.fromEntries(judged.map(({ metric, ok }) => [metric, ok as boolean]));
  }

  it("hold the flow to 50 times the Python processor and four times the echo's CPU", () => {
    assert.deepEqual(verdicts(measured), { "throughput-over-seed-style": true, "cpu-over-echo": false });
    const slow = new Map([...measured, ["redoubt", [{ throughput: 499, cpuMicros: 40 }]]]);
    assert.deepEqual(verdicts(slow), { "throughput-over-seed-style": false, "cpu-over-echo": true });
  });

  it("leave out what was not measured instead of judging it", () => {
    const withoutPython = new Map([...measured].filter(([name]) => name !== "seed-style"));
    assert.deepEqual(verdicts(withoutPython), { "cpu-over-echo": false });
    const withoutCpu = new Map(
      [...measured].map(([name, [round]]) => [name, [{ throughput: round?.throughput ?? 0 }]]),
    );
    assert.deepEqual(verdicts(withoutCpu), { "throughput-over-seed-style": true });
    assert.equal(
      pipelineFigures(withoutCpu).some(({ metric }) => metric.startsWith("cpu")),
      false,
    );
  });
});
