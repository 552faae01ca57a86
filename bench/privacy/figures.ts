import { type Figure, figureOf, type Target } from "../harness/figure.js";
import { median, pairedRatios } from "../harness/statistics.js";
import { ATTACKERS } from "./attackers/attack.js";
import type { AttackResult } from "./attackers/metrics.js";
import { WINDOWS_SEC } from "./experiments/averaging.js";
import { NIGHTS } from "./experiments/recurrence.js";
import type { Utility } from "./jobs.js";
import { type Measurements, RATES_HZ } from "./measurements.js";
import { OURS, RAW, SEED_RULE, SEED_SAMPLE } from "./simulation/contenders.js";

export const SUITE = "privacy";

const TARGETS = {
  r2: { op: "<=", bound: 0.05 },
  auc: { op: "<=", bound: 0.6 },
  seedR2: { op: ">=", bound: 0.55 },
  deviation: { op: "<=", bound: 1.1 },
  recall: { op: ">=", bound: 0.98 },
  falseAlarms: { op: "<=", bound: 0.5 },
  delaySec: { op: "<=", bound: 2 },
} as const satisfies Record<string, Target>;

const ATTACK_METRICS: readonly { metric: keyof AttackResult; name: string }[] = [
  { metric: "r2", name: "r2" },
  { metric: "auc", name: "auc" },
  { metric: "balancedAccuracy", name: "balanced-accuracy" },
  { metric: "truePositiveRate", name: "tpr-at-10-percent-fpr" },
];

const UTILITY_METRICS: readonly { metric: keyof Utility; name: string; unit: string }[] = [
  { metric: "rmseK", name: "rmse-best-filter", unit: "K" },
  { metric: "deviationK", name: "control-deviation", unit: "K" },
  { metric: "zoneDeviationK", name: "zone-deviation", unit: "K" },
  { metric: "travelKPerHour", name: "actuator-travel", unit: "K/h" },
];

interface Label {
  case: string;
  contender: string;
  metric: string;
  unit: string;
  target?: Target | undefined;
}

function figure({ target, ...names }: Label, values: readonly number[]): Figure {
  return figureOf({ suite: SUITE, ...names, ...(target ? { target } : {}) }, values);
}

export function caseOf(rateHz: number): string {
  return `${rateHz} Hz`;
}

function attackFigures(measured: Measurements, rateHz: number, contender: string): Figure[] {
  const label = { case: caseOf(rateHz), contender, unit: "" };
  const figures = ATTACKERS.flatMap((attacker) =>
    ATTACK_METRICS.map(({ metric, name }) => {
      const hasTarget = contender === OURS && (metric === "r2" || metric === "auc");
      const values = measured.attack(rateHz, contender, attacker, metric);
      return figure(
        { ...label, metric: `${name}-${attacker}`, target: hasTarget ? TARGETS[metric] : undefined },
        values,
      );
    }),
  );
  const isSeed = contender === SEED_RULE || contender === SEED_SAMPLE;
  const strongest = measured.strongest(rateHz, contender, "r2");
  figures.push(figure({ ...label, metric: "r2-strongest", target: isSeed ? TARGETS.seedR2 : undefined }, strongest));
  return figures;
}

function utilityFigures(measured: Measurements, rateHz: number, contender: string): Figure[] {
  const label = { case: caseOf(rateHz), contender };
  const figures = UTILITY_METRICS.flatMap(({ metric, name, unit }) => {
    const values = measured.utility(rateHz, contender, metric);
    return values.length > 0 ? [figure({ ...label, metric: name, unit }, values)] : [];
  });
  const deviations = measured.utility(rateHz, contender, "deviationK");
  if (contender !== RAW && deviations.length > 0) {
    const target = contender === OURS ? TARGETS.deviation : undefined;
    const ratios = pairedRatios(deviations, measured.utility(rateHz, RAW, "deviationK"));
    figures.push(figure({ ...label, metric: "deviation-over-raw", unit: "ratio", target }, ratios));
  }
  return figures;
}

function alarmFigures(measured: Measurements, rateHz: number): Figure[] {
  return measured.alarms(rateHz).flatMap(({ name, channel, score }) => {
    const isOurs = channel === "mask";
    const label = { case: `alarms ${caseOf(rateHz)}`, contender: `${name}-${channel}` };
    const figures = [figure({ ...label, metric: "overheats", unit: "" }, [score.overheats])];
    const add = (metric: string, unit: string, value: number, target?: Target) =>
      figures.push(figure({ ...label, metric, unit, target: isOurs ? target : undefined }, [value]));
    if (score.overheats > 0) add("recall", "", score.found / score.overheats, TARGETS.recall);
    add("false-alarms", "1/day", score.falseAlarms / score.days, TARGETS.falseAlarms);
    if (score.delaysSec.length > 0) {
      const delay = median(score.delaysSec);
      add("delay", "s", delay);
      add("absolute-delay", "s", Math.abs(delay), TARGETS.delaySec);
    }
    return figures;
  });
}

function averagingFigures(measured: Measurements): Figure[] {
  return measured.averaging.flatMap(({ rateHz, sigmaK, r2 }) =>
    WINDOWS_SEC.map((seconds, i) =>
      figure(
        {
          case: `averaging ${caseOf(rateHz)}`,
          contender: sigmaK === undefined ? OURS : `noise-${sigmaK}K`,
          metric: seconds === 0 ? "temperature-r2-one-value" : `temperature-r2-${seconds}-s`,
          unit: "",
        },
        [r2[i] as number],
      ),
    ),
  );
}

function recurrenceFigures(measured: Measurements): Figure[] {
  return measured.recurrence.flatMap(({ name, peakK, mu, auc, bound }) => {
    const label = { case: "recurrence", contender: name, unit: "" };
    return [
      figure({ ...label, metric: "job-peak", unit: "K" }, [peakK]),
      figure({ ...label, metric: "job-mu" }, [mu]),
      ...NIGHTS.flatMap((nights, i) => [
        figure({ ...label, metric: `auc-${nights}-nights` }, [auc[i] as number]),
        figure({ ...label, metric: `auc-bound-${nights}-nights` }, [bound[i] as number]),
      ]),
    ];
  });
}

/** Every figure of the suite, one round per seed. */
export function privacyFigures(measured: Measurements): Figure[] {
  const perRate = RATES_HZ.flatMap((rateHz) =>
    measured.attacked.flatMap((contender) => [
      ...attackFigures(measured, rateHz, contender),
      ...utilityFigures(measured, rateHz, contender),
    ]),
  );
  return [
    ...perRate,
    ...RATES_HZ.flatMap((rateHz) => alarmFigures(measured, rateHz)),
    ...averagingFigures(measured),
    ...recurrenceFigures(measured),
  ];
}
