import { availableParallelism } from "node:os";
import type { Suite, SuiteOptions, SuiteResult } from "../harness/suite.js";
import { privacyFigures, SUITE } from "./figures.js";
import type { Job } from "./jobs.js";
import { Measurements, RATES_HZ } from "./measurements.js";
import { privacyPage } from "./page/page.js";
import { runJobs } from "./run-jobs.js";
import { formatPrivacy } from "./tables.js";

/** How much is simulated. */
export interface Extent {
  seeds: number;
  /** Hours in which attackers learn, and as many again in which they are judged. */
  hours: number;
  alarmHours: number;
}

const ORDINARY: Extent = { seeds: 5, hours: 24, alarmHours: 24 };
const FULL: Extent = { seeds: 10, hours: 48, alarmHours: 72 };
const TRACE_HOURS = 6;
const AVERAGING_HOURS = 12;
const RECURRENCE = { nights: 600, trials: 4000 } as const;

function extentOf({ seeds, hours, full }: SuiteOptions): Extent {
  const extent = full ? FULL : ORDINARY;
  return {
    seeds: seeds ?? extent.seeds,
    hours: hours ?? extent.hours,
    alarmHours: hours ?? extent.alarmHours,
  };
}

/** All that has to be done, the longest first. */
export function privacyJobs({ seeds, hours, alarmHours }: Extent): Job[] {
  const numbers = Array.from({ length: seeds }, (_, i) => i + 1);
  return [...RATES_HZ]
    .sort((a, b) => b - a)
    .flatMap((rateHz): Job[] => [
      ...numbers.map((seed): Job => {
        const isFirst = seed === 1 && rateHz === 1;
        return { kind: "attack", seed, rateHz, hours, ...(isFirst ? { trace: { hours: TRACE_HOURS } } : {}) };
      }),
      ...numbers.map((seed): Job => ({ kind: "alarms", seed, rateHz, hours: alarmHours })),
      { kind: "averaging", seed: 1, rateHz, hours: Math.min(hours, AVERAGING_HOURS) },
      ...(rateHz === 1 ? [{ kind: "recurrence", seed: 1, ...RECURRENCE } as const] : []),
    ]);
}

/** @param processes that share the work. */
export async function measurePrivacy(
  extent: Extent,
  processes: number,
  onProgress?: SuiteOptions["onProgress"],
): Promise<SuiteResult> {
  const measured = new Measurements(await runJobs(privacyJobs(extent), processes, onProgress));
  const figures = privacyFigures(measured);
  const { seeds, hours, alarmHours } = extent;
  const notes = [
    `seeds 1..${seeds}; attackers learn for ${hours} h and are judged for ${hours} h; alarms over ${alarmHours} h a seed`,
    "rooms and attackers are seeded, the mask's noise is not: its figures differ a little from run to run",
  ];
  return {
    figures,
    notes,
    table: formatPrivacy(measured, figures),
    page: () => privacyPage(measured, figures, notes),
  };
}

/** The thermal side channel: how much of a rack's load its published temperature gives away, and what hiding costs. */
export const privacy: Suite = {
  name: SUITE,
  description: "what attackers read from masked temperatures, and what masking costs the air conditioning",
  hasPage: true,
  run: (options) => measurePrivacy(extentOf(options), availableParallelism(), options.onProgress),
};
