import { Command, Option } from "commander";
import { writeBaselineFile } from "../../lib/anomaly/baseline/baseline-file.js";
import { BASELINE_DEFAULTS, BaselineLearner } from "../../lib/anomaly/baseline/learner.js";
import type { Exemption } from "../../lib/network/detect/exemptions.js";
import { type Heard, learnFromFiles, learnLive } from "../baseline/learn.js";
import { describeBaseline, reportOf } from "../baseline/report.js";
import { exemptFlag } from "../detect/exempt.js";
import { plain } from "../detect/text.js";
import { CommandFailure, UsageFailure } from "../failure.js";
import { nameOf, numberFlag, orFail } from "../train-report.js";

interface BaselineFlags {
  pcap?: string[];
  interface?: string;
  duration?: number;
  out: string;
  name?: string;
  by: "address" | "mac";
  local: string[];
  rate: number;
  allowAttacks?: boolean;
  exempt: Exemption[];
  seed: number;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  redoubt train baseline --pcap monday.pcap tuesday.pcap --out home.json
  redoubt train baseline --interface eth0 --duration 86400 --out home.json
  redoubt detect --pcap evening.pcap --baseline home.json`;

async function hear(flags: BaselineFlags, learner: BaselineLearner): Promise<Heard> {
  const detectors = { exemptions: flags.exempt };
  if (flags.pcap) return learnFromFiles(learner, flags.pcap, detectors);
  return learnLive(learner, flags.interface as string, flags.duration as number, detectors);
}

async function run(flags: BaselineFlags): Promise<void> {
  if ((flags.pcap === undefined) === (flags.interface === undefined)) {
    throw new UsageFailure("name captures with --pcap, or an interface with --interface and --duration");
  }
  if (flags.interface !== undefined && !(Number(flags.duration) > 0)) {
    throw new UsageFailure("--interface: say with --duration for how many seconds to learn");
  }
  const { by, local, seed, rate } = flags;
  const learner = new BaselineLearner({ by, local, seed });
  const heard = await hear(flags, learner);
  if (heard.attacks.length > 0 && !flags.allowAttacks) {
    const what = [
      ...new Set(heard.attacks.map(({ kind, source }) => `${kind} by ${source.address || "forged addresses"}`)),
    ];
    throw new CommandFailure(
      `this is not only normal traffic: ${what.slice(0, 5).join(", ")}. Learn from other traffic, exempt who may do that with --exempt, or leave those flows out with --allow-attacks`,
    );
  }
  const baseline = learner.finish({ name: flags.name ?? nameOf(flags.out), rate, now: Date.now() });
  writeBaselineFile(flags.out, baseline);
  const report = reportOf(baseline, heard, flags.out);
  if (flags.json) console.log(JSON.stringify(report));
  else for (const line of describeBaseline(report)) console.log(plain(line));
}

/** `redoubt train baseline`: what is normal in the user's own network. */
export function trainBaselineCommand(): Command {
  return new Command("baseline")
    .description("learn what is normal in your network, from captures or live, for `detect --baseline`")
    .option("--pcap <file...>", "captures of normal traffic, pcap or pcapng, also gzipped")
    .option("--interface <name>", "learn live from an interface instead")
    .option("--duration <s>", "with --interface: seconds; Ctrl-C ends it earlier", numberFlag)
    .requiredOption("--out <file>", "baseline to write (JSON, mode 0600)")
    .option("--name <name>", "its name; default from --out")
    .addOption(new Option("--by <what>", "what devices are known by").choices(["address", "mac"]).default("address"))
    .option("--local <network...>", "your networks, beside the private ones", [])
    .option("--rate <share>", "share of ordinary flows that may be called unusual", numberFlag, BASELINE_DEFAULTS.rate)
    .option("--allow-attacks", "learn although attacks were found; their flows are left out")
    .option("--exempt <who>", "as for `redoubt detect`; repeatable", exemptFlag, [])
    .option("--seed <n>", "equal seeds give equal baselines", numberFlag, BASELINE_DEFAULTS.seed)
    .option("--json", "print the report as one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action((flags: BaselineFlags) => orFail(() => run(flags)));
}
