import { numericColumn, parseCsv } from "../../lib/common/csv.js";
import { parseTimestamp } from "../../lib/common/timestamp.js";

/** One line of a recording. */
export interface RecordedReading {
  /** As it stands in the file. */
  timestamp: string;
  temperatureC: number;
}

/**
 * Reads a recording with the columns `timestamp` and `temperature_C` (others are ignored), in the order of the file:
 * recordings are spliced, and a consumer has to cope with that.
 *
 * @throws {Error} that names what is missing or wrong.
 */
export function parseRecording(text: string): RecordedReading[] {
  const table = parseCsv(text);
  const temperatures = numericColumn(table, "temperature_C");
  const column = table.columns.indexOf("timestamp");
  if (column < 0) throw new Error(`no column "timestamp"; the file has: ${table.columns.join(", ")}`);
  return table.rows.map((row, i) => {
    const timestamp = row[column] as string;
    const temperatureC = temperatures[i] as number;
    try {
      parseTimestamp(timestamp);
    } catch {
      throw new Error(`row ${i + 1}: "${timestamp.slice(0, 40)}" is not a timestamp`);
    }
    if (Number.isNaN(temperatureC)) throw new Error(`row ${i + 1} has no temperature`);
    return { timestamp, temperatureC };
  });
}
