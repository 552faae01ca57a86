import { writeFileSync } from "node:fs";
import { Argument, Command, InvalidArgumentError } from "commander";
import { type Figure, missedTargets } from "../../bench/harness/figure.js";
import { formatLines, formatTable } from "../../bench/harness/print.js";
import { type Suite, Unavailable, WrongOutput } from "../../bench/harness/suite.js";
import { suites as allSuites } from "../../bench/suites.js";
import { CommandFailure, UsageFailure } from "../failure.js";
import { ProgressBar } from "../progress.js";

interface BenchFlags {
  rounds?: number;
  messages?: number;
  data?: string;
  seeds?: number;
  hours?: number;
  full?: boolean;
  html?: string;
  json?: boolean;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const EXIT_INTERRUPTED = 130;
const MOST_ROUNDS = 100;
const USUAL_ROUNDS = 5;
/** All tokens of a run are made before it and expire after a minute. */
const MOST_MESSAGES = 200_000;
const MOST_SEEDS = 100;
const MOST_HOURS = 240;

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`a whole number from ${least} to ${most}, please.`);
  };
}

/** Tells before a run of minutes, not after it, that its page cannot be written. */
function writePage(path: string, page: string): void {
  try {
    writeFileSync(path, page);
  } catch (error) {
    throw new CommandFailure(`the page cannot be written: ${(error as Error).message}`);
  }
}

async function runSuite(suite: Suite, flags: BenchFlags): Promise<Figure[]> {
  const { rounds, json, html, ...given } = flags;
  let bar: ProgressBar | undefined;
  try {
    const { figures, notes, table, page } = await suite.run({
      ...given,
      rounds: rounds ?? suite.rounds ?? USUAL_ROUNDS,
      onProgress: (done, total) => {
        bar ??= new ProgressBar(suite.name, total);
        bar.update(done);
      },
    });
    bar?.finish();
    // With --json standard output is figures and nothing else.
    for (const note of notes) (json ? console.error : console.log)(`${suite.name}: ${note}`);
    console.log(json ? formatLines(figures) : (table ?? formatTable(figures)));
    if (html !== undefined && page) writePage(html, page());
    return figures;
  } catch (error) {
    if (error instanceof WrongOutput) throw new CommandFailure(`${suite.name}: wrong outputs: ${error.message}`);
    if (error instanceof Unavailable) throw new CommandFailure(`${suite.name}: ${error.message}`);
    throw error;
  }
}

async function run(suites: readonly Suite[], name: string | undefined, flags: BenchFlags): Promise<void> {
  const chosen = suites.filter((suite) => name === undefined || suite.name === name);
  if (flags.html !== undefined) {
    if (chosen.length !== 1 || !chosen[0]?.hasPage) throw new UsageFailure("--html: name one suite that has a page");
    writePage(flags.html, "");
  }
  const figures: Figure[] = [];
  // Exiting takes the contenders' processes and folders along, see bench/harness/leftovers.
  const interrupt = () => process.exit(EXIT_INTERRUPTED);
  for (const signal of SIGNALS) process.once(signal, interrupt);
  try {
    for (const suite of chosen) figures.push(...(await runSuite(suite, flags)));
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
  const missed = missedTargets(figures).map(
    ({ suite, contender, metric, value, target }) => `${suite} ${contender} ${metric} is ${value}, target ${target}`,
  );
  if (missed.length > 0) throw new CommandFailure(`missed: ${missed.join("; ")}`);
}

/**
 * `redoubt bench`: measures ours beside its peers, in turns, and fails where a target is missed.
 *
 * @param suites what there is to run.
 */
export function benchCommand(suites: readonly Suite[] = allSuites): Command {
  const list = suites.map(({ name, description }) => `  ${name.padEnd(16)} ${description}`).join("\n");
  return new Command("bench")
    .description("measure beside peers; exit 1 when outputs are wrong or a target is missed")
    .addArgument(new Argument("[suite]", "the one to run; all of them unless given").choices(suites.map((s) => s.name)))
    .option(
      "--rounds <n>",
      "turns that every contender takes (default: 5, or the suite's own)",
      wholeNumber(1, MOST_ROUNDS),
    )
    .option("--messages <n>", "messages of one run (default: the suite's own)", wholeNumber(10, MOST_MESSAGES))
    .option("--data <folder>", "data sets to use (default: the suite's own)")
    .option("--seeds <n>", "simulated rooms (default: the suite's own)", wholeNumber(1, MOST_SEEDS))
    .option("--hours <n>", "simulated hours of each room (default: the suite's own)", wholeNumber(1, MOST_HOURS))
    .option("--full", "the suite's long run, where it has one")
    .option("--html <file>", "write a page with charts, where the suite has one")
    .option("--json", "one line per figure: suite, case, contender, metric, value, unit, target?, ok?")
    .addHelpText("after", `\nSuites:\n${list}`)
    .action((name: string | undefined, flags: BenchFlags) => run(suites, name, flags));
}
