import { type CsvTable, numericColumn } from "../common/csv.js";
import { Accountant, budgetInMemory } from "./accountant.js";
import type { AlarmChange } from "./group-alarms.js";
import { Mask, type Release } from "./mask.js";
import { type MaskReading, readMaskInput } from "./reading.js";
import type { PrivacyReport } from "./report.js";
import type { MaskSettings } from "./settings.js";

export interface MaskedTrace {
  /** {timestamp, [outputField]: number, group?} in order of time. */
  rows: Release["payload"][];
  alarms: AlarmChange[];
  /** One per group, after its last release. */
  reports: PrivacyReport[];
  /** What a reader of the rows should know about how they came about. */
  notes: string[];
}

/** Whether a recording says which sensor each row is from. */
export function namesDevices(table: CsvTable): boolean {
  return table.columns.includes("device_id");
}

function readings(table: CsvTable, field: string): { list: MaskReading[]; missing: number } {
  const values = numericColumn(table, field);
  const at = (name: string) => table.columns.indexOf(name);
  const [timestamp, device, group] = [at("timestamp"), at("device_id"), at("group")];
  if (timestamp < 0) throw new Error(`no column "timestamp"; the file has: ${table.columns.join(", ")}`);
  const list: MaskReading[] = [];
  for (const [index, row] of table.rows.entries()) {
    if (Number.isNaN(values[index])) continue;
    const payload = {
      timestamp: row[timestamp],
      [field]: values[index],
      device_id: row[device] || undefined,
      group: row[group] || undefined,
    };
    try {
      list.push(readMaskInput({ payload }, field));
    } catch (error) {
      throw new Error(`row ${index + 1}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { list, missing: table.rows.length - list.length };
}

/**
 * Masks a recording as the live mask would have, by the recording's own time; the budget it spends is reported and
 * kept nowhere. Columns: `timestamp`, the masked field, and where they exist `device_id` and `group`.
 *
 * @throws {Error} for a missing column or a row that cannot be read.
 * @throws {RangeError} for settings that cannot be calibrated.
 */
export function maskTrace(table: CsvTable, settings: MaskSettings): MaskedTrace {
  const mask = new Mask(settings, new Accountant(budgetInMemory()));
  const { list, missing } = readings(table, settings.field);
  const trace: MaskedTrace = { rows: [], alarms: [], reports: [], notes: [] };
  if (missing > 0) trace.notes.push(`${missing} rows without a value were left out`);
  if (list.some(({ timestamp }, i) => i > 0 && timestamp < (list[i - 1] as MaskReading).timestamp)) {
    list.sort((a, b) => a.timestamp - b.timestamp);
    trace.notes.push("the rows were not in order of time and were sorted");
  }
  const reports = new Map<string, PrivacyReport>();
  const publish = ({ payload, report }: Release) => {
    trace.rows.push(payload);
    reports.set(report.group ?? "", report);
  };
  const intervalMs = settings.interval * 1000;
  let running: number | undefined;
  let empty = 0;
  let withheld = 0;
  const close = () => {
    if (running === undefined || !mask.needsTimer) return;
    const end = mask.endInterval((running + 1) * intervalMs);
    withheld += end.withheld.length;
    end.releases.forEach(publish);
  };
  for (const reading of list) {
    const interval = Math.floor(reading.timestamp / intervalMs);
    if (interval !== running) {
      close();
      if (running !== undefined) empty += interval - running - 1;
      running = interval;
    }
    const { alarms, release } = mask.accept(reading, reading.timestamp);
    trace.alarms.push(...alarms);
    if (release) publish(release);
  }
  close();
  if (mask.needsTimer && empty > 0) trace.notes.push(`${empty} intervals without any reading were left out`);
  if (withheld > 0) {
    trace.notes.push(
      `${withheld} times fewer than ${settings.minGroup} sensors were live, so no new value was released`,
    );
  }
  trace.reports = [...reports.values()];
  return trace;
}
