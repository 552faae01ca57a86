import assert from "node:assert/strict";
import { CommanderError } from "commander";
import { figureOf } from "../../bench/harness/figure.js";
import { type Suite, type SuiteOptions, Unavailable, WrongOutput } from "../../bench/harness/suite.js";
import { benchCommand } from "../../cli/commands/bench.js";
import { CommandFailure } from "../../cli/failure.js";

const NOTE = "a note for readers";

function suiteWith(name: string, ratio: number, seen: SuiteOptions[] = []): Suite {
  const label = { suite: name, case: "c", contender: "ours", metric: "ratio", unit: "ratio" };
  return {
    name,
    description: "a suite for tests",
    run: async (options) => {
      seen.push(options);
      return { figures: [figureOf({ ...label, target: { op: ">=", bound: 50 } }, [ratio])], notes: [NOTE] };
    },
  };
}

function failingWith(error: Error): Suite {
  return {
    name: "failing",
    description: "",
    run: async () => {
      throw error;
    },
  };
}

/** Runs the command and collects its standard output; throws what it throws. */
async function bench(suites: readonly Suite[], ...args: string[]): Promise<string[]> {
  const printed: string[] = [];
  const { log, error } = console;
  console.log = (text: string) => printed.push(...text.split("\n"));
  console.error = () => {};
  try {
    const command = benchCommand(suites)
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    await command.parseAsync(args, { from: "user" });
  } finally {
    console.log = log;
    console.error = error;
  }
  return printed;
}

describe("redoubt bench", () => {
  it("prints one line per figure and nothing else with --json", async () => {
    const lines = await bench([suiteWith("one", 60), suiteWith("two", 70)], "--json");
    const figures = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      figures.map(({ suite, value, target, ok }) => ({ suite, value, target, ok })),
      [
        { suite: "one", value: 60, target: ">= 50", ok: true },
        { suite: "two", value: 70, target: ">= 50", ok: true },
      ],
    );
  });

  it("prints notes and a table for people, of the named suite only", async () => {
    const listeners = process.listenerCount("SIGINT");
    const lines = await bench([suiteWith("one", 60), suiteWith("two", 70)], "two");
    assert.equal(process.listenerCount("SIGINT"), listeners);
    assert.match(lines.join("\n"), /two: a note for readers\n.*70 .*>= 50 met/s);
    assert.doesNotMatch(lines.join("\n"), /one/);
  });

  it("hands rounds and messages to the suite; five rounds unless told", async () => {
    const seen: SuiteOptions[] = [];
    await bench([suiteWith("one", 60, seen)], "--rounds", "2", "--messages", "100");
    await bench([suiteWith("one", 60, seen)]);
    assert.deepEqual(
      seen.map(({ rounds, messages }) => ({ rounds, messages })),
      [
        { rounds: 2, messages: 100 },
        { rounds: 5, messages: undefined },
      ],
    );
  });

  it("fails where a target is missed, after all suites have run", async () => {
    const seen: SuiteOptions[] = [];
    const run = bench([suiteWith("slow", 49), suiteWith("after", 60, seen)]);
    await assert.rejects(run, (error: Error) => {
      assert.ok(error instanceof CommandFailure);
      assert.match(error.message, /missed: slow ours ratio is 49, target >= 50/);
      return true;
    });
    assert.equal(seen.length, 1);
  });

  it("fails on wrong outputs and on a missing requirement with one line each", async () => {
    await assert.rejects(bench([failingWith(new WrongOutput("seed", "output 3 is off"))]), (error: Error) => {
      assert.ok(error instanceof CommandFailure);
      assert.match(error.message, /failing: wrong outputs: seed: output 3 is off/);
      return true;
    });
    await assert.rejects(bench([failingWith(new Unavailable("install x"))]), (error: Error) => {
      assert.ok(error instanceof CommandFailure);
      assert.match(error.message, /failing: install x/);
      return true;
    });
  });

  it("takes neither an unknown suite nor numbers that are none", async () => {
    const wrong = [["three"], ["--rounds", "0"], ["--rounds", "1.5"], ["--messages", "many"], ["--messages", "1e9"]];
    for (const args of wrong) await assert.rejects(bench([suiteWith("one", 60)], ...args), CommanderError);
  });
});
