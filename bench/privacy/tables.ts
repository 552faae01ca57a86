import type { Figure } from "../harness/figure.js";
import { median } from "../harness/statistics.js";
import { ATTACKERS } from "./attackers/attack.js";
import { WINDOWS_SEC } from "./experiments/averaging.js";
import { NIGHTS } from "./experiments/recurrence.js";
import type { Utility } from "./jobs.js";
import { type Measurements, RATES_HZ } from "./measurements.js";

/** Rows of cells; the first row holds the headings. */
export interface TextTable {
  title: string;
  rows: string[][];
}

function fixed(values: readonly number[], digits: number): string {
  return values.length > 0 ? median(values).toFixed(digits) : "";
}

function attackTable(measured: Measurements, rateHz: number): TextTable {
  const headings = ["stream", ...ATTACKERS.map((name) => `R2 ${name}`), ...ATTACKERS.map((name) => `AUC ${name}`)];
  headings.push("bal. acc.", "TPR@10%", "RMSE K", "deviation K", "zone dev. K", "travel K/h");
  const rows = measured.attacked.map((name) => {
    const utility = (metric: keyof Utility, digits: number) => fixed(measured.utility(rateHz, name, metric), digits);
    return [
      name,
      ...ATTACKERS.map((attacker) => fixed(measured.attack(rateHz, name, attacker, "r2"), 3)),
      ...ATTACKERS.map((attacker) => fixed(measured.attack(rateHz, name, attacker, "auc"), 3)),
      fixed(measured.strongest(rateHz, name, "balancedAccuracy"), 3),
      fixed(measured.strongest(rateHz, name, "truePositiveRate"), 2),
      utility("rmseK", 2),
      utility("deviationK", 3),
      utility("zoneDeviationK", 3),
      utility("travelKPerHour", 1),
    ];
  });
  return { title: `The load of a rack, from its stream at ${rateHz} Hz`, rows: [headings, ...rows] };
}

function alarmTable(measured: Measurements): TextTable {
  const headings = ["stream", "alarm on", "rate", "overheats", "recall", "false/day", "delay s"];
  const rows = RATES_HZ.flatMap((rateHz) =>
    measured
      .alarms(rateHz)
      .map(({ name, channel, score }) => [
        name,
        channel === "mask" ? "raw readings, in the mask" : "published values",
        `${rateHz} Hz`,
        String(score.overheats),
        score.overheats > 0 ? `${((100 * score.found) / score.overheats).toFixed(0)} %` : "",
        (score.falseAlarms / score.days).toFixed(1),
        fixed(score.delaysSec, 1),
      ]),
  );
  return { title: "Overheat alarms on bad days", rows: [headings, ...rows] };
}

function averagingTable(measured: Measurements): TextTable {
  const headings = ["noise per value", "rate", ...WINDOWS_SEC.map((sec) => (sec === 0 ? "one value" : `${sec} s`))];
  const rows = measured.averaging.map(({ rateHz, sigmaK, r2 }) => [
    sigmaK === undefined ? "ours" : `${sigmaK} K`,
    `${rateHz} Hz`,
    ...r2.map((value) => value.toFixed(3)),
  ]);
  return { title: "The averaging attack: R2 of a moving average and the true temperature", rows: [headings, ...rows] };
}

function recurrenceTable(measured: Measurements): TextTable {
  const headings = ["stream", "peak K", "mu of one night", ...NIGHTS.map((n) => (n === 1 ? "1 night" : `${n} nights`))];
  const rows = measured.recurrence.map(({ name, peakK, mu, auc, bound }) => [
    name,
    peakK.toFixed(2),
    mu.toFixed(2),
    ...auc.map((value, i) => `${value.toFixed(3)} (bound ${(bound[i] as number).toFixed(3)})`),
  ]);
  return { title: "A ten-minute job that repeats every night: AUC of detecting it", rows: [headings, ...rows] };
}

/** What was measured, for people; medians over the seeds. */
export function privacyTables(measured: Measurements): TextTable[] {
  return [
    ...RATES_HZ.map((rateHz) => attackTable(measured, rateHz)),
    alarmTable(measured),
    averagingTable(measured),
    recurrenceTable(measured),
  ];
}

function formatTable({ title, rows }: TextTable): string {
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
      )
      .join("  "),
  );
  return [title, ...lines.map((line) => line.trimEnd())].join("\n");
}

/** The tables and, below them, each target with what was reached. */
export function formatPrivacy(measured: Measurements, figures: readonly Figure[]): string {
  const targets = figures
    .filter(({ target }) => target !== undefined)
    .map((figure) => [
      figure.case,
      figure.contender,
      figure.metric,
      String(figure.value),
      figure.rounds.length > 1 ? `${figure.min}..${figure.max}` : "",
      figure.target as string,
      figure.ok ? "met" : "MISSED",
    ]);
  const headings = ["case", "stream", "metric", "value", "min..max", "target", ""];
  return [...privacyTables(measured), { title: "Targets", rows: [headings, ...targets] }].map(formatTable).join("\n\n");
}
