// npm run drill -- <name...> [--reduced] [--seed N] | --all | --list
import { randomInt } from "node:crypto";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { Drill } from "./drill.js";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const MAX_SEED = 2 ** 31 - 1;

interface Flags {
  all?: boolean;
  list?: boolean;
  reduced?: boolean;
  seed?: number;
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED) return seed;
  throw new InvalidArgumentError(`a whole number of 0 to ${MAX_SEED}`);
}

/** Loaded once something is to run or to be listed: together they load most of the project. */
function allDrills(): ReadonlyMap<string, Drill> {
  return (require("./index.js") as typeof import("./index.js")).drills;
}

/** Runs one drill and prints its closing line. */
async function passes(drill: Drill, flags: Flags): Promise<boolean> {
  const seed = flags.seed ?? randomInt(MAX_SEED);
  const started = Date.now();
  const say = (line: string) => console.log(`${drill.name}: ${line}`);
  say(`${flags.reduced ? "reduced" : "full"}, seed ${seed}`);
  const closing = (verdict: string) => say(`${verdict} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
  try {
    closing(`passed: ${await drill.run({ reduced: flags.reduced ?? false, seed, progress: say })}`);
    return true;
  } catch (error) {
    // With its cause: fast-check keeps there what the decoder threw.
    console.error(error);
    closing(`FAILED: ${(error instanceof Error ? error.message : String(error)).split("\n")[0]}; seed ${seed}`);
    return false;
  }
}

function chosen(program: Command, names: string[], flags: Flags): Drill[] {
  if (flags.all) return [...allDrills().values()];
  if (names.length === 0) program.error("name a drill, or --all, or --list");
  const drills = allDrills();
  return names.map((name) => drills.get(name) ?? program.error(`no drill "${name}"; --list shows them`));
}

async function main(): Promise<number> {
  const program = new Command("npm run drill --")
    .argument("[name...]", "drills to run, in this order")
    .option("--all", "run every drill")
    .option("--list", "show the drills")
    .option("--reduced", "with the counts of CI")
    .option("--seed <n>", "seed of everything random (default: a new one, printed)", seedOf)
    .exitOverride();
  try {
    program.parse();
    const flags = program.opts<Flags>();
    if (flags.list) {
      for (const { name, summary } of allDrills().values()) console.log(`${name.padEnd(18)}${summary}`);
      return 0;
    }
    let failed = 0;
    for (const drill of chosen(program, program.args, flags)) if (!(await passes(drill, flags))) failed++;
    return failed > 0 ? EXIT_FAILED : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    throw error;
  }
}

main().then((code) => {
  process.exitCode = code;
});
