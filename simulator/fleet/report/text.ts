import type { AttackReport, Confusion } from "./report.js";
import { msText, percentText } from "./targets.js";

/** Columns padded to their widest cell: texts (the first column and the last one) to the left, figures to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return column === 0 || column === row.length - 1 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function confusionRow(name: string, { truePositive, falseNegative, falsePositive, trueNegative }: Confusion): string[] {
  return [name, ...[truePositive, falseNegative, falsePositive, trueNegative].map(String), ""];
}

function scenarioRows({ scenarios }: AttackReport): string[][] {
  return scenarios.map((each) => [
    each.scenario,
    String(each.messages),
    percentText(each.recall),
    percentText(each.baselines.rule),
    percentText(each.baselines.model),
    `${each.episodesDetected}/${each.episodes}`,
    msText(each.firstAlert.medianMs),
    String(each.refusedByBroker),
    each.calledAs
      .slice(0, 3)
      .map(({ type, count }) => `${type} ${count}`)
      .join(", "),
  ]);
}

/** The report for a terminal. */
export function reportText(report: AttackReport): string {
  const { messages, honest, delay, alerts } = report;
  const calledAs = honest.calledAs.map(({ type, count }) => `${type} ${count}`).join(", ");
  const lines = [
    `${messages.sent} messages of ${report.devices} devices and strangers in ${report.durationSec.toFixed(0)} s, seed ${report.seed}`,
    `${messages.honest} honest, ${messages.attacks} attacks, ${messages.refusedByBroker} refused by the broker, ` +
      `${messages.withoutVerdict} without a verdict`,
    "",
    ...table([
      ["scenario", "messages", "recall", "seed rule", "seed model", "episodes", "first alert", "refused", "called"],
      ...scenarioRows(report),
    ]),
    "",
    ...table([
      ["without the slow drift", "attack flagged", "attack missed", "honest flagged", "honest passed", ""],
      confusionRow("Redoubt", report.confusion),
      confusionRow("seed rule", report.baselineConfusion.rule),
      confusionRow("seed model", report.baselineConfusion.model),
    ]),
    "",
    `false positives ${honest.falsePositives} of ${honest.messages} (${percentText(honest.share, 2)}), ` +
      `${honest.perDeviceDay?.toFixed(1) ?? "-"} per device and day${calledAs ? `: ${calledAs}` : ""}`,
    `alert delay: median ${msText(delay.all.medianMs)}, p99 ${msText(delay.all.p99Ms)}; ` +
      `first alert of an attack: median ${msText(delay.first.medianMs)}, p99 ${msText(delay.first.p99Ms)}`,
    ...(alerts.withoutDigest > 0 ? [`${alerts.withoutDigest} alerts carry no digest and cannot be matched`] : []),
    "",
    ...table([
      ["target", "wanted", "measured", ""],
      ...report.targets.map(({ name, target, value, ok }) => [name, target, value, ok ? "ok" : "MISSED"]),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}
