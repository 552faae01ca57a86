import { Command, InvalidArgumentError, Option } from "commander";
import { ATTACKS, type AttackName, isAttackName } from "../../simulator/fleet/scenario-names.js";
import { CommandFailure, UsageFailure } from "../failure.js";
import { orFail, within } from "../simulate/arguments.js";
import { attack } from "../simulate/attack.js";
import { planOf } from "../simulate/attack-plan.js";
import { type FleetFlags, withFleetOptions } from "../simulate/fleet-options.js";

/** Options of `redoubt simulate attack` as commander leaves them. */
export interface AttackFlags extends FleetFlags {
  scenario?: AttackName[];
  scenarioFile?: string;
  duration?: number;
  attackRatio?: number;
  forever?: boolean;
  truth?: string;
  report?: string;
  html?: string;
  json?: boolean;
}

function scenarios(text: string): AttackName[] {
  const names = text.split(",").map((name) => name.trim());
  // Asked for alone it is a run without attacks: only false alarms are measured.
  const attacks = names.filter((name) => name !== "normal");
  if (!attacks.every(isAttackName)) throw new InvalidArgumentError(`some of: normal, ${ATTACKS.join(", ")}`);
  return [...new Set(attacks)];
}

function checkFlags(flags: AttackFlags): void {
  if (!flags.forever) return;
  const contradiction = (["duration", "report", "html", "json"] as const).find((name) => flags[name] !== undefined);
  if (contradiction) throw new UsageFailure(`--forever and --${contradiction} do not go together: there is no end`);
}

/** `redoubt simulate attack`: attackers against a running monitor, and what it made of them. */
export function simulateAttackCommand(): Command {
  return withFleetOptions(new Command("attack"))
    .description("attack a running system while its fleet goes on, and compare its alerts with what was sent")
    .option("--scenario <a,b>", "only these scenarios (default: all)", scenarios)
    .option("--scenario-file <file>", "JSON file with ranges, rates, attack ratio and schedule")
    .option("--duration <s>", "seconds of the run (default 120)", within(5, 86_400, true))
    .addOption(
      new Option("--attack-ratio <share>", "share of the time with attacks (default 0.75)").argParser(
        within(0.01, 1, false),
      ),
    )
    .option("--forever", "a scenario every 40 s until stopped, for demonstrations; no report")
    .option("--truth <file>", "write what each message really was as JSON lines")
    .option("--report <file>", "write the report as JSON")
    .option("--html <file>", "write the report as one HTML file with charts")
    .option("--json", "print the report as one line of JSON instead of tables")
    .action(async (flags: AttackFlags) => {
      checkFlags(flags);
      const plan = await orFail(() => planOf(flags));
      const report = await attack(flags, plan);
      if (report && !report.ok) {
        const missed = report.targets.filter(({ ok }) => !ok).map(({ name }) => name);
        throw new CommandFailure(`missed: ${missed.join(", ")}`);
      }
    });
}
