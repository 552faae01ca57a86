/** A CSV file as read: every cell is text, row for row as in the file without blank and `#` lines. */
export interface CsvTable {
  columns: string[];
  rows: string[][];
}

/** The cells of one line, trimmed; those in quotes without them. @throws {Error} for unbalanced quotes. */
export function splitCsvLine(line: string): string[] {
  if (!line.includes('"')) return line.split(",").map((cell) => cell.trim());
  const cells: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/gy;
  while (pattern.lastIndex < line.length) {
    const match = pattern.exec(line);
    if (!match) throw new Error(`unbalanced quotes in: ${line.slice(0, 80)}`);
    cells.push(match[1] === undefined ? (match[2] ?? "").trim() : match[1].replaceAll('""', '"'));
  }
  if (line.endsWith(",")) cells.push("");
  return cells;
}

/**
 * Reads comma-separated text with a header row; blank lines and lines that start with `#` are comments
 * (seed recordings have them), CRLF is fine.
 *
 * @throws {Error} without a header, or naming the line whose number of cells differs from the header's.
 */
export function parseCsv(text: string): CsvTable {
  const table: CsvTable = { columns: [], rows: [] };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const cells = splitCsvLine(line);
    if (table.columns.length === 0) {
      table.columns = cells;
    } else if (cells.length === table.columns.length) {
      table.rows.push(cells);
    } else {
      throw new Error(`line ${index + 1} has ${cells.length} cells, the header has ${table.columns.length}`);
    }
  }
  if (table.columns.length === 0) throw new Error("the CSV has no header row");
  return table;
}

/**
 * Numeric column of a table; an empty cell, `NaN` or `null` is NaN (missing).
 *
 * @throws {Error} for an unknown column or a cell that is not a number.
 */
export function numericColumn(table: CsvTable, column: string): Float64Array {
  const index = table.columns.indexOf(column);
  if (index < 0) throw new Error(`no column "${column}"; the file has: ${table.columns.join(", ")}`);
  return Float64Array.from(table.rows, (row, i) => {
    const cell = row[index] as string;
    if (cell === "" || /^(nan|null)$/i.test(cell)) return Number.NaN;
    const value = Number(cell);
    if (Number.isNaN(value)) throw new Error(`row ${i + 1}: "${cell}" in column "${column}" is not a number`);
    return value;
  });
}
