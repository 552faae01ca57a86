import { type AttackerName, attack } from "./attackers/attack.js";
import type { AttackResult } from "./attackers/metrics.js";
import { attackOnStream, attackWithOthers } from "./attackers/task.js";
import { type AveragingCurve, averagingCurves } from "./experiments/averaging.js";
import { RECURRENCE_CASES, type RecurrenceResult, recurrence } from "./experiments/recurrence.js";
import { type AlarmScore, runAlarms } from "./simulation/alarms.js";
import { contenders, OTHERS_KNOWN, QUIET_EVENTS, ZONE_RACKS } from "./simulation/contenders.js";
import { runRoom } from "./simulation/run.js";
import { seedForest } from "./simulation/seed-forest.js";
import { type Trace, TraceTaker } from "./simulation/trace-taker.js";

/** One piece of the suite; pieces need nothing of each other. */
export type Job =
  /** Attackers learn for `hours` and are judged for as many again. */
  | { kind: "attack"; seed: number; rateHz: number; hours: number; trace?: { hours: number } }
  | { kind: "alarms"; seed: number; rateHz: number; hours: number }
  | { kind: "averaging"; seed: number; rateHz: number; hours: number }
  | { kind: "recurrence"; seed: number; nights: number; trials: number };

/** What publishing costs the air conditioning, kelvin. */
export interface Utility {
  rmseK: number;
  deviationK: number;
  zoneDeviationK: number;
  travelKPerHour: number;
}

export interface AttackedContender {
  name: string;
  attackers: Record<AttackerName, AttackResult>;
  /** Not of {@link OTHERS_KNOWN}, which is another attack on the same stream. */
  utility?: Utility;
}

export type JobResult =
  | { kind: "attack"; seed: number; rateHz: number; contenders: AttackedContender[]; traces: Trace[] }
  | { kind: "alarms"; seed: number; rateHz: number; scores: { name: string; channel: string; score: AlarmScore }[] }
  | { kind: "averaging"; curves: AveragingCurve[] }
  | { kind: "recurrence"; cases: RecurrenceResult[] };

export type ResultOf<Kind extends JobResult["kind"]> = Extract<JobResult, { kind: Kind }>;

const ALARM_CONTENDERS = ["raw", "seed-rule", "noise-1K", "zone-mean", "ours"] as const;
const ROOM = { racks: ZONE_RACKS, events: QUIET_EVENTS } as const;

function runAttack({ seed, rateHz, hours, trace }: Extract<Job, { kind: "attack" }>): JobResult {
  const durationSec = 2 * hours * 3600;
  const taker = new TraceTaker({ rateHz, fromSec: durationSec / 2, hours: trace ? Math.min(trace.hours, hours) : 0 });
  const { loads, recordings } = runRoom(contenders, {
    ...{ ...ROOM, seed, rateHz, durationSec, isAnomaly: seedForest({ ...ROOM, seed }) },
    ...(trace ? { onStep: (moment) => taker.accept(moment) } : {}),
  });
  const attacked: AttackedContender[] = [];
  for (const contender of contenders) {
    const recording = recordings.get(contender.name);
    if (!recording) throw new Error(`${contender.name} left no recording`);
    const { results, smoothed } = attack(attackOnStream(contender, recording, loads, { rateHz, seed }));
    const { rmseK, deviationK, zoneDeviationK, travelKPerHour } = recording;
    const utility = { rmseK, deviationK, zoneDeviationK, travelKPerHour };
    attacked.push({ name: contender.name, attackers: results, utility });
    if (trace) taker.addEstimate(contender.name, smoothed, loads[0] as Float64Array);
    if (!contender.attackedWithOthers) continue;
    const { results: withOthers } = attack(attackWithOthers(contender, recording, loads, seed));
    attacked.push({ name: OTHERS_KNOWN, attackers: withOthers });
  }
  return { kind: "attack", seed, rateHz, contenders: attacked, traces: taker.traces };
}

function runAlarmJob({ seed, rateHz, hours }: Extract<Job, { kind: "alarms" }>): JobResult {
  const isAnomaly = seedForest({ ...ROOM, seed });
  const scores = runAlarms(ALARM_CONTENDERS, { seed, rateHz, racks: ZONE_RACKS, durationSec: hours * 3600, isAnomaly });
  return {
    ...{ kind: "alarms", seed, rateHz },
    scores: [...scores].flatMap(([name, { value, trusted }]) => [
      { name, channel: "values", score: value },
      ...(trusted ? [{ name, channel: "mask", score: trusted }] : []),
    ]),
  };
}

/** Does one job; takes seconds to a minute. */
export function runJob(job: Job): JobResult {
  switch (job.kind) {
    case "attack":
      return runAttack(job);
    case "alarms":
      return runAlarmJob(job);
    case "averaging":
      return { kind: "averaging", curves: averagingCurves({ ...job, durationSec: job.hours * 3600 }) };
    case "recurrence":
      return { kind: "recurrence", cases: RECURRENCE_CASES.map((one) => recurrence(one, job)) };
  }
}
