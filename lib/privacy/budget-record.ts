import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, parseJsonObject } from "../common/json.js";

/** What was spent over some time. */
export interface Spent {
  /** New values published. */
  releases: number;
  /** Sum of their zCDP costs. */
  rho: number;
  /** How many of them were not protected at all; with one, no finite epsilon is true. */
  unprotected: number;
  /** Runs of sparse-vector alarms, whose costs are in `rho` as well; absent where there was none. */
  alarmRuns?: number;
}

export interface DaySpent {
  day: string;
  spent: Spent;
}

/** The account of one group. */
export interface BudgetRecord {
  /** Time of the first release, milliseconds since the Unix epoch. */
  since: number;
  total: Spent;
  /** UTC day that `today` counts, as YYYY-MM-DD. */
  day: string;
  today: Spent;
  /** Days that were counted before `day`, the latest first; a clock that is set back finds its day again. */
  otherDays?: DaySpent[];
  /** When the latest runs of sparse-vector alarms began, milliseconds since the Unix epoch. */
  runStarts?: number[];
}

const VERSION = 1;
/** Far above 1024 groups; a larger file is not ours. */
const MAX_BYTES = 4_194_304;
/** More than clocks and midnights can need: one correct day and some wrong ones. */
const MAX_OTHER_DAYS = 3;
/** More than an event may touch. */
const MAX_RUN_STARTS = 8;

export function nothingSpent(): Spent {
  return { releases: 0, rho: 0, unprotected: 0 };
}

export function newRecord(now: number, day: string): BudgetRecord {
  return { since: now, total: nothingSpent(), day, today: nothingSpent() };
}

/**
 * Makes `day` the one that `today` counts. The day before is kept for a while: each UTC day is filled once, however
 * often the clock comes by.
 */
export function turnToDay(record: BudgetRecord, day: string): void {
  if (record.day === day) return;
  const days = [{ day: record.day, spent: record.today }, ...(record.otherDays ?? [])];
  const known = days.find((other) => other.day === day);
  record.otherDays = days.filter((other) => other !== known).slice(0, MAX_OTHER_DAYS);
  record.day = day;
  record.today = known?.spent ?? nothingSpent();
}

export function addRunStart(record: BudgetRecord, time: number): void {
  record.runStarts = [...(record.runStarts ?? []), time].slice(-MAX_RUN_STARTS);
}

function isDay(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function readSpent(value: unknown): Spent {
  if (!isJsonObject(value)) throw new Error("a sum is missing");
  const { releases, rho, unprotected, alarmRuns } = value;
  if (!isCount(releases) || !isCount(unprotected) || unprotected > releases) throw new Error("a count is wrong");
  if (typeof rho !== "number" || !(rho >= 0 && Number.isFinite(rho))) throw new Error("a rho is wrong");
  if (alarmRuns === undefined) return { releases, rho, unprotected };
  if (!isCount(alarmRuns)) throw new Error("a count of alarm runs is wrong");
  return { releases, rho, unprotected, alarmRuns };
}

function readOtherDay(value: unknown): DaySpent {
  if (!isJsonObject(value) || !isDay(value.day)) throw new Error("a day is wrong");
  return { day: value.day, spent: readSpent(value.spent) };
}

function readRecord(value: unknown): [string, BudgetRecord] {
  if (!isJsonObject(value) || !isIdentifier(value.group)) throw new Error("a group's name is wrong");
  const { group, since, day, otherDays, runStarts } = value;
  if (!isCount(since)) throw new Error("a first release has no time");
  if (!isDay(day)) throw new Error("a day is wrong");
  const record: BudgetRecord = { since, day, total: readSpent(value.total), today: readSpent(value.today) };
  if (record.today.releases > record.total.releases) throw new Error("a day holds more than the total");
  if (otherDays !== undefined) {
    if (!Array.isArray(otherDays) || otherDays.length > MAX_OTHER_DAYS) throw new Error("the other days are wrong");
    record.otherDays = otherDays.map(readOtherDay);
  }
  if (runStarts !== undefined) {
    if (!Array.isArray(runStarts) || runStarts.length > MAX_RUN_STARTS || !runStarts.every(isCount)) {
      throw new Error("the starts of alarm runs are wrong");
    }
    record.runStarts = runStarts;
  }
  return [group, record];
}

/**
 * Reads what {@link encodeBudget} wrote.
 *
 * @throws {Error} for anything else; the message says what is wrong first.
 */
export function decodeBudget(text: string): Map<string, BudgetRecord> {
  const state = parseJsonObject(text, { maxBytes: MAX_BYTES, maxDepth: 8 });
  if (state.version !== VERSION) throw new Error(`version ${VERSION} expected`);
  if (!Array.isArray(state.groups)) throw new Error("the list of groups is missing");
  const records = state.groups.map(readRecord);
  const byGroup = new Map(records);
  if (byGroup.size < records.length) throw new Error("a group is listed twice");
  return byGroup;
}

export function encodeBudget(records: ReadonlyMap<string, BudgetRecord>): string {
  const groups = Array.from(records, ([group, record]) => ({ group, ...record }));
  return `${JSON.stringify({ version: VERSION, groups })}\n`;
}
