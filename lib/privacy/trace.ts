import { type CsvTable, numericColumn } from "../common/csv.js";
import { Accountant, budgetInMemory } from "./accountant.js";
import type { AlarmChange } from "./group-alarms.js";
import { Mask, type Release } from "./mask.js";
import { type MaskReading, readMaskInput } from "./reading.js";
import type { PrivacyReport } from "./report.js";
import type { MaskSettings } from "./settings.js";
import { TraceClock } from "./trace-clock.js";
import { UtilityMeter, type UtilityReport } from "./utility.js";

export interface MaskedTrace {
  /** {timestamp, [outputField]: number, group?} in order of time. */
  rows: Release["payload"][];
  alarms: AlarmChange[];
  /** One per group, after its last release. */
  reports: PrivacyReport[];
  /** What a reader of the rows should know about how they came about. */
  notes: string[];
  /** Only where asked for. */
  utility?: UtilityReport;
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

/** How to mask a recording besides its settings. */
export interface TraceOptions {
  /** Measure what masking costs, into {@link MaskedTrace.utility}. */
  utility?: boolean;
  /** Called now and then with rows done and in all. */
  onProgress?: (done: number, total: number) => void;
}

/** Readings between two calls of `onProgress`. */
const PROGRESS_STEP = 10_000;

/**
 * Masks a recording as the live mask would have, by the recording's own time; the budget it spends is reported and
 * kept nowhere. Columns: `timestamp`, the masked field, and where they exist `device_id` and `group`.
 *
 * @throws {Error} for a missing column or a row that cannot be read.
 * @throws {RangeError} for settings that cannot be calibrated.
 */
export function maskTrace(table: CsvTable, settings: MaskSettings, options: TraceOptions = {}): MaskedTrace {
  const mask = new Mask(settings, new Accountant(budgetInMemory()));
  const meter = options.utility ? new UtilityMeter(settings) : undefined;
  const { list, missing } = readings(table, settings.field);
  const trace: MaskedTrace = { rows: [], alarms: [], reports: [], notes: [] };
  if (missing > 0) trace.notes.push(`${missing} rows without a value were left out`);
  if (list.some(({ timestamp }, i) => i > 0 && timestamp < (list[i - 1] as MaskReading).timestamp)) {
    list.sort((a, b) => a.timestamp - b.timestamp);
    trace.notes.push("the rows were not in order of time and were sorted");
  }
  const reports = new Map<string, PrivacyReport>();
  const keep = (report: PrivacyReport) => reports.set(report.group ?? "", report);
  const publish = ({ payload, report }: Release) => {
    trace.rows.push(payload);
    keep(report);
  };
  const raise = (alarms: AlarmChange[], at: number) => {
    trace.alarms.push(...alarms);
    meter?.alarms(alarms, at);
  };
  let withheld = 0;
  let exhausted = 0;
  const clock = new TraceClock();
  for (const windowSec of mask.alarmWindows) {
    clock.every(windowSec * 1000, (end) => raise(mask.endAlarmWindow(windowSec, end).alarms, end));
  }
  const emptyIntervals = clock.every(settings.interval * 1000, (end) => {
    if (!mask.needsTimer) return;
    const ended = mask.endInterval(end);
    withheld += ended.withheld.length;
    exhausted += ended.exhausted.length;
    ended.releases.forEach(publish);
    ended.reports.forEach(keep);
    meter?.endInterval(ended.releases, end);
  });
  for (const [index, reading] of list.entries()) {
    if (index % PROGRESS_STEP === 0) options.onProgress?.(index, list.length);
    clock.advance(reading.timestamp);
    const { alarms, release, report } = mask.accept(reading, reading.timestamp);
    meter?.reading(reading, release);
    raise(alarms, reading.timestamp);
    if (release) publish(release);
    if (report) keep(report);
    if (!mask.needsTimer && (!release || release.privacy.exhausted)) exhausted++;
  }
  clock.finish();
  const empty = emptyIntervals();
  if (mask.needsTimer && empty > 0) trace.notes.push(`${empty} intervals without any reading were left out`);
  if (withheld > 0) {
    trace.notes.push(
      `${withheld} times fewer than ${settings.minGroup} sensors were live, so no new value was released`,
    );
  }
  if (exhausted > 0) trace.notes.push(`${exhausted} times the day's budget was spent, so no new value was released`);
  trace.reports = [...reports.values()];
  if (meter) trace.utility = meter.report();
  return trace;
}
