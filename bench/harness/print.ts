import type { Figure } from "./figure.js";

const COLUMNS = ["case", "contender", "metric", "value", "unit", "min..max", "target"] as const;
const NUMERIC: ReadonlySet<string> = new Set(["value", "min..max"]);

function cells(figure: Figure): string[] {
  const verdict = figure.target ? `${figure.target} ${figure.ok ? "met" : "MISSED"}` : "";
  const range = figure.rounds.length > 1 ? `${figure.min}..${figure.max}` : "";
  return [figure.case, figure.contender, figure.metric, String(figure.value), figure.unit, range, verdict];
}

/** The figures as a table for people. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = [[...COLUMNS] as string[], ...figures.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] as number;
          return NUMERIC.has(COLUMNS[column] as string) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** One JSON object per line. */
export function formatLines(figures: readonly Figure[]): string {
  return figures.map((figure) => JSON.stringify(figure)).join("\n");
}
