import { ATTACKERS, type AttackerName } from "./attackers/attack.js";
import type { AttackResult } from "./attackers/metrics.js";
import type { AveragingCurve } from "./experiments/averaging.js";
import type { RecurrenceResult } from "./experiments/recurrence.js";
import type { AttackedContender, JobResult, ResultOf, Utility } from "./jobs.js";
import type { AlarmScore } from "./simulation/alarms.js";
import type { Trace } from "./simulation/trace-taker.js";

export const RATES_HZ = [1, 10] as const;

/** Everything that was measured, with the seeds of one case side by side. */
export class Measurements {
  private readonly attacks: ResultOf<"attack">[] = [];
  private readonly alarmRuns: ResultOf<"alarms">[] = [];
  readonly averaging: AveragingCurve[] = [];
  readonly recurrence: RecurrenceResult[] = [];

  constructor(results: readonly JobResult[]) {
    for (const result of results) {
      if (result.kind === "attack") this.attacks.push(result);
      else if (result.kind === "alarms") this.alarmRuns.push(result);
      else if (result.kind === "averaging") this.averaging.push(...result.curves);
      else this.recurrence.push(...result.cases);
    }
    this.averaging.sort((a, b) => a.rateHz - b.rateHz);
  }

  get traces(): Trace[] {
    return this.attacks.flatMap(({ traces }) => traces);
  }

  /** Contenders under attack, in their order. */
  get attacked(): string[] {
    return this.attacks[0]?.contenders.map(({ name }) => name) ?? [];
  }

  private of(rateHz: number, name: string): AttackedContender[] {
    return this.attacks
      .filter((attack) => attack.rateHz === rateHz)
      .flatMap(({ contenders }) => contenders.filter((contender) => contender.name === name));
  }

  /** One value per seed. */
  attack(rateHz: number, name: string, attacker: AttackerName, metric: keyof AttackResult): number[] {
    return this.of(rateHz, name).map(({ attackers }) => attackers[attacker][metric]);
  }

  /** One value per seed: what the attacker does best that does best. */
  strongest(rateHz: number, name: string, metric: keyof AttackResult): number[] {
    return this.of(rateHz, name).map(({ attackers }) =>
      Math.max(...ATTACKERS.map((attacker) => attackers[attacker][metric])),
    );
  }

  /** One value per seed; none for an attack that has no stream of its own. */
  utility(rateHz: number, name: string, metric: keyof Utility): number[] {
    return this.of(rateHz, name).flatMap(({ utility }) => (utility ? [utility[metric]] : []));
  }

  /** All seeds together: a single bad day holds too few overheats for a share. */
  alarms(rateHz: number): { name: string; channel: string; score: AlarmScore }[] {
    const pooled = new Map<string, { name: string; channel: string; score: AlarmScore }>();
    for (const run of this.alarmRuns.filter((one) => one.rateHz === rateHz)) {
      for (const { name, channel, score } of run.scores) {
        const key = `${name}/${channel}`;
        const sum = pooled.get(key)?.score ?? { overheats: 0, found: 0, falseAlarms: 0, days: 0, delaysSec: [] };
        pooled.set(key, {
          name,
          channel,
          score: {
            overheats: sum.overheats + score.overheats,
            found: sum.found + score.found,
            falseAlarms: sum.falseAlarms + score.falseAlarms,
            days: sum.days + score.days,
            delaysSec: [...sum.delaysSec, ...score.delaysSec],
          },
        });
      }
    }
    return [...pooled.values()];
  }
}
