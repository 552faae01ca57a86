import { SeededRandom } from "../../lib/common/seeded-random.js";
import type { AttackName } from "./scenario-names.js";

/** When a scenario runs, seconds from the start of the run. */
export interface ScheduledAttack {
  scenario: AttackName;
  startSec: number;
  durationSec: number;
}

export interface ScheduleOptions {
  scenarios: readonly AttackName[];
  durationSec: number;
  /** Share of the time after the quiet start in which one of the short scenarios runs, above 0 and at most 1. */
  attackRatio: number;
  seed: number;
}

/** Only honest messages at first: the monitor gets to know its devices. */
const QUIET_START_SHARE = 0.2;
const LONGEST_QUIET_START_SEC = 25;
/** Slow ones are there all along, beside the others. */
const SLOW: ReadonlySet<AttackName> = new Set(["slow-drift", "slow-forgery"]);

/** Time left at the end for the last verdicts of a run and for honest messages after the last attack, seconds. */
const QUIET_END_SEC = 2;
/** A scenario shorter than this says nothing. */
const SHORTEST_SEC = 1;

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

export function quietStartSec(durationSec: number): number {
  return Math.min(LONGEST_QUIET_START_SEC, durationSec * QUIET_START_SHARE);
}

/**
 * Packs every scenario into the run: the slow ones from the quiet start to the end, the others one after another in
 * an order that depends on the seed, with pauses between them.
 *
 * @throws {RangeError} where the time is too short for the scenarios.
 */
export function packedSchedule({ scenarios, durationSec, attackRatio, seed }: ScheduleOptions): ScheduledAttack[] {
  const begin = quietStartSec(durationSec);
  const end = durationSec - QUIET_END_SEC;
  const short = shuffled(
    scenarios.filter((name) => !SLOW.has(name)),
    new SeededRandom(seed),
  );
  const slot = (end - begin) / Math.max(1, short.length);
  const active = slot * attackRatio;
  if (active < SHORTEST_SEC) {
    throw new RangeError(`${durationSec} s at an attack ratio of ${attackRatio} are too short for this many scenarios`);
  }
  return [
    ...scenarios
      .filter((name) => SLOW.has(name))
      .map((scenario) => ({ scenario, startSec: begin, durationSec: end - begin })),
    ...short.map((scenario, index) => ({ scenario, startSec: begin + index * slot, durationSec: active })),
  ];
}

/** A scenario every so many seconds in a demonstration. */
export const GENTLE_PERIOD_SEC = 40;
const GENTLE_ACTIVE_SEC = 8;
const GENTLE_SLOW_SEC = 90;

/** The scenarios of a demonstration, one every 40 s in an order that depends on the seed, for ever. */
export function* gentleSchedule(scenarios: readonly AttackName[], seed: number): Generator<ScheduledAttack> {
  const random = new SeededRandom(seed);
  for (let startSec = GENTLE_PERIOD_SEC / 2; ; ) {
    for (const scenario of shuffled(scenarios, random)) {
      yield { scenario, startSec, durationSec: SLOW.has(scenario) ? GENTLE_SLOW_SEC : GENTLE_ACTIVE_SEC };
      startSec += GENTLE_PERIOD_SEC;
    }
  }
}
