import { Argument, Command, InvalidArgumentError } from "commander";
import { type Figure, missedTargets } from "../../bench/harness/figure.js";
import { formatLines, formatTable } from "../../bench/harness/print.js";
import { type Suite, Unavailable, WrongOutput } from "../../bench/harness/suite.js";
import { suites as allSuites } from "../../bench/suites.js";
import { CommandFailure } from "../failure.js";
import { ProgressBar } from "../progress.js";

interface BenchFlags {
  rounds?: number;
  messages?: number;
  data?: string;
  json?: boolean;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const EXIT_INTERRUPTED = 130;
const MOST_ROUNDS = 100;
const USUAL_ROUNDS = 5;
/** All tokens of a run are made before it and expire after a minute. */
const MOST_MESSAGES = 200_000;

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`a whole number from ${least} to ${most}, please.`);
  };
}

async function runSuite(suite: Suite, { rounds, messages, data, json }: BenchFlags): Promise<Figure[]> {
  let bar: ProgressBar | undefined;
  try {
    const { figures, notes } = await suite.run({
      rounds: rounds ?? suite.rounds ?? USUAL_ROUNDS,
      ...(messages === undefined ? {} : { messages }),
      ...(data === undefined ? {} : { data }),
      onProgress: (done, total) => {
        bar ??= new ProgressBar(suite.name, total);
        bar.update(done);
      },
    });
    bar?.finish();
    // With --json standard output is figures and nothing else.
    for (const note of notes) (json ? console.error : console.log)(`${suite.name}: ${note}`);
    console.log(json ? formatLines(figures) : formatTable(figures));
    return figures;
  } catch (error) {
    if (error instanceof WrongOutput) throw new CommandFailure(`${suite.name}: wrong outputs: ${error.message}`);
    if (error instanceof Unavailable) throw new CommandFailure(`${suite.name}: ${error.message}`);
    throw error;
  }
}

async function run(suites: readonly Suite[], name: string | undefined, flags: BenchFlags): Promise<void> {
  const figures: Figure[] = [];
  // Exiting takes the contenders' processes and folders along, see bench/harness/leftovers.
  const interrupt = () => process.exit(EXIT_INTERRUPTED);
  for (const signal of SIGNALS) process.once(signal, interrupt);
  try {
    for (const suite of suites) {
      if (name === undefined || suite.name === name) figures.push(...(await runSuite(suite, flags)));
    }
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
    .option("--json", "one line per figure: suite, case, contender, metric, value, unit, target?, ok?")
    .addHelpText("after", `\nSuites:\n${list}`)
    .action((name: string | undefined, flags: BenchFlags) => run(suites, name, flags));
}
