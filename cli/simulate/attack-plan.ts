import { type AttackSettingsTable, withDefaults } from "../../simulator/fleet/attack-settings.js";
import { readScenarioFile, type ScenarioFile } from "../../simulator/fleet/scenario-file.js";
import { ATTACKS, type AttackName } from "../../simulator/fleet/scenario-names.js";
import { gentleSchedule, packedSchedule, type ScheduledAttack } from "../../simulator/fleet/schedule.js";
import type { AttackFlags } from "../commands/simulate-attack.js";

/** What is to happen when. */
export interface AttackPlan {
  scenarios: readonly AttackName[];
  settings: AttackSettingsTable;
  /** In the order of the starts. */
  schedule: Iterable<ScheduledAttack>;
  /** Without it the run has no end. */
  durationSec?: number;
}

const DURATION_SEC = 120;
const ATTACK_RATIO = 0.75;

/** The file's own schedule, without scenarios that were not asked for. */
function fileSchedule(schedule: readonly ScheduledAttack[], wanted: readonly AttackName[]): ScheduledAttack[] {
  return schedule.filter(({ scenario }) => wanted.includes(scenario)).sort((a, b) => a.startSec - b.startSec);
}

/**
 * Options outrank the scenario file, and that the defaults.
 *
 * @throws {Error} for a file that is wrong, or a time that is too short for the scenarios.
 */
export function planOf(flags: AttackFlags): AttackPlan {
  const file: ScenarioFile = flags.scenarioFile === undefined ? { attacks: {} } : readScenarioFile(flags.scenarioFile);
  const settings = withDefaults(file.attacks);
  const scenarios = flags.scenario ?? ATTACKS;
  if (flags.forever)
    return { scenarios, settings, schedule: scenarios.length > 0 ? gentleSchedule(scenarios, flags.seed) : [] };
  const durationSec = flags.duration ?? file.durationSec ?? DURATION_SEC;
  if (file.schedule) {
    const schedule = fileSchedule(file.schedule, scenarios);
    return { scenarios: schedule.map(({ scenario }) => scenario), settings, schedule, durationSec };
  }
  const attackRatio = flags.attackRatio ?? file.attackRatio ?? ATTACK_RATIO;
  const schedule = packedSchedule({ scenarios, durationSec, attackRatio, seed: flags.seed });
  return { scenarios, settings, schedule, durationSec };
}
