import { Command } from "commander";
import { writeFileAtomic } from "../../lib/common/files.js";
import type { Exemption } from "../../lib/network/detect/exemptions.js";
import { checkCapture } from "../detect/capture-pass.js";
import { detect } from "../detect/detect.js";
import { exemptFlag } from "../detect/exempt.js";
import { baselineJudge } from "../detect/flow-judge.js";
import { namerOf } from "../detect/model.js";
import { LineOutput } from "../detect/output.js";
import { describe, plain } from "../detect/text.js";
import { UsageFailure } from "../failure.js";

interface DetectFlags {
  pcap: string;
  flows?: boolean;
  baseline?: string;
  model?: string;
  exempt: Exemption[];
  report?: string;
  json?: boolean;
}

const EXIT_FAILED = 1;

const EXAMPLES = `
Each line of --json is an object: first, with --flows, one per flow ("kind":"flow"), then one per sender
("kind":"source", "verdict" attack, suspicious or normal), last the sum ("kind":"summary"). Times are seconds since
the Unix epoch.

Examples:
  redoubt detect --pcap evening.pcap
  redoubt detect --pcap evening.pcapng.gz --json | jq 'select(.verdict == "attack")'
  redoubt detect --pcap evening.pcap --json --flows --baseline home.json
  redoubt detect --pcap evening.pcap --exempt 192.168.1.5=host-scan,syn-scan --exempt client:dashboard`;

async function run(flags: DetectFlags): Promise<void> {
  if (flags.flows && !flags.json) throw new UsageFailure("--flows prints a line per flow: use it with --json");
  checkCapture(flags.pcap, flags.flows === true);
  const namer = namerOf(flags.model);
  const abort = new AbortController();
  const output = new LineOutput(() => abort.abort());
  const options = {
    path: flags.pcap,
    detectors: { exemptions: flags.exempt },
    name: namer.name,
    judge: flags.baseline === undefined ? undefined : baselineJudge(flags.baseline),
    onFlow: flags.flows ? (flow: object) => output.line(JSON.stringify(flow)) : undefined,
    signal: abort.signal,
  };
  try {
    const { sources, summary } = await detect(options, namer.source);
    const text = describe(sources, summary);
    if (flags.json) for (const line of [...sources, summary]) output.line(JSON.stringify(line));
    else for (const line of text) output.line(line);
    output.flush();
    if (flags.report) writeFileAtomic(flags.report, `${text.join("\n")}\n`);
    if (summary.cutShort) console.error(`redoubt: ${plain(flags.pcap)} ends within a packet: the rest was judged`);
    if (summary.unreadable) console.error(`redoubt: ${summary.unreadable} packets could not be read`);
    if (summary.damaged) {
      console.error(`redoubt: ${plain(flags.pcap)}: ${summary.damaged}: only what comes before was judged`);
      process.exitCode = EXIT_FAILED;
    }
  } catch (error) {
    // Nobody reads any more: nothing is wrong with that.
    if (!abort.signal.aborted) throw error;
  }
}

/** `redoubt detect`: who attacked whom in a capture. */
export function detectCommand(): Command {
  return new Command("detect")
    .description("find attacks in a capture file (pcap or pcapng, also gzipped)")
    .requiredOption("--pcap <file>", "capture file")
    .option("--json", "one line of JSON per source, and a summary")
    .option("--flows", "with --json: one line per flow as well; the file is read twice")
    .option("--baseline <file>", "judge flows by what `redoubt train baseline` learnt, too")
    .option("--model <file>", "model that names flows, or `none`; default the one shipped; it never decides")
    .option(
      "--exempt <who>",
      "address, network, MAC or client:<MQTT id> that may; `=kind,kind` for some kinds only; repeatable",
      exemptFlag,
      [],
    )
    .option("--report <file>", "write the report for people to a file, too")
    .addHelpText("after", EXAMPLES)
    .action(run);
}
