import type { DevicesReport } from "./report.js";

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
}

/** The report for a terminal. */
export function devicesReportText(report: DevicesReport): string {
  const { honest, attacks, commands, refusedByGateway, framed, lockedOut, ownLosses } = report;
  const refused = Object.entries(refusedByGateway ?? {}).map(([code, count]) => `${code} ${count}`);
  const lines = [
    `${report.devices} honest devices in ${report.durationSec.toFixed(0)} s, seed ${report.seed}: ` +
      `${honest.sent} messages, ${honest.acknowledged} acknowledged by the broker, ${honest.accepted} at the server`,
    `${commands.opened} commands opened, ${commands.refused} refused` +
      (ownLosses > 0 ? `; ${ownLosses} losses of trust by a device's own readings or silence` : ""),
    ...(refused.length > 0 ? [`refused by the gateway: ${refused.join(", ")}`] : []),
    ...framed.map(
      ({ device, rule, previous, score, index }) =>
        `${device} was framed: ${rule}, ${previous ?? "unknown"} to ${score} (entry ${index})`,
    ),
    ...(lockedOut.length > 0 ? [`locked out: ${lockedOut.join(", ")}`] : []),
    "",
    ...(attacks.length > 0
      ? [
          ...table([
            ["attack", "messages", "requests", "seconds", "forged accepted", ""],
            ...attacks.map((each) => [
              each.attack,
              String(each.messages),
              String(each.requests),
              each.durationSec.toFixed(1),
              String(each.forgedAccepted),
              each.note ?? "",
            ]),
          ]),
          "",
        ]
      : []),
    ...table([
      ["target", "wanted", "measured", ""],
      ...report.targets.map(({ name, target, value, ok }) => [name, target, value, ok ? "ok" : "MISSED"]),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}
